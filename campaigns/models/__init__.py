"""Everything that is stored: one import for every table."""

from campaigns.models.accounts import Account, Calendar, Workspace
from campaigns.models.alerts import Alert, AlertMessage, AlertSettings, FinishedLook, Standstill
from campaigns.models.audience import Home, Subscriber, SubscriberEvent, Subscription, Traits, TraitsTag
from campaigns.models.audit import AuditEvent, AuditHead
from campaigns.models.campaign import Campaign, Event
from campaigns.models.crashes import CheckCrash, Crash
from campaigns.models.credentials import Credential
from campaigns.models.doors import ApiKey, HookAddress, Notice
from campaigns.models.dryruns import DryRun, DryRunCause, DryRunPerson
from campaigns.models.gate import Breaker, RateLimit, Token
from campaigns.models.heartbeat import Heartbeat
from campaigns.models.imports import Import, ImportProblem
from campaigns.models.keeping import Beat, Halt, Purge
from campaigns.models.ledger import Attempt, Delivery, DoubtDecision, Entry
from campaigns.models.marks import SubscriberAction
from campaigns.models.recipients import SavedRecipient
from campaigns.models.segments import (
    PersonList,
    PersonListMatch,
    PersonListMember,
    Segment,
    SegmentVersion,
    Snapshot,
)
from campaigns.models.sends import Send, SendAction
from campaigns.models.syncs import Sync, SyncRun
from campaigns.models.told import ErasedSubscription, SubscriptionStatus, Suppression
from campaigns.models.webhooks import EventWebhook, Webhook, WebhookTag, WebhookTemplate, WebhookVersion

__all__ = [
    "Account",
    "Alert",
    "AlertMessage",
    "AlertSettings",
    "ApiKey",
    "Attempt",
    "AuditEvent",
    "AuditHead",
    "Beat",
    "Breaker",
    "Calendar",
    "Campaign",
    "CheckCrash",
    "Crash",
    "Credential",
    "Delivery",
    "DoubtDecision",
    "DryRun",
    "DryRunCause",
    "DryRunPerson",
    "Entry",
    "ErasedSubscription",
    "Event",
    "EventWebhook",
    "FinishedLook",
    "Halt",
    "Heartbeat",
    "Home",
    "HookAddress",
    "Import",
    "ImportProblem",
    "Notice",
    "PersonList",
    "PersonListMatch",
    "PersonListMember",
    "Purge",
    "RateLimit",
    "SavedRecipient",
    "Segment",
    "SegmentVersion",
    "Send",
    "SendAction",
    "Snapshot",
    "Standstill",
    "Subscriber",
    "SubscriberAction",
    "SubscriberEvent",
    "Subscription",
    "SubscriptionStatus",
    "Suppression",
    "Sync",
    "SyncRun",
    "Token",
    "Traits",
    "TraitsTag",
    "Webhook",
    "WebhookTag",
    "WebhookTemplate",
    "WebhookVersion",
    "Workspace",
]

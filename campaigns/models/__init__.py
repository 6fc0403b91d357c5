"""Everything that is stored: one import for every table."""

from campaigns.models.accounts import Account, Calendar, Workspace
from campaigns.models.audience import Home, Subscriber, SubscriberEvent, Subscription, Traits, TraitsTag
from campaigns.models.campaign import Campaign, Event
from campaigns.models.credentials import Credential
from campaigns.models.doors import ApiKey, HookAddress, Notice
from campaigns.models.dryruns import DryRun, DryRunCause, DryRunPerson
from campaigns.models.gate import Breaker, RateLimit, Token
from campaigns.models.imports import Import, ImportProblem
from campaigns.models.ledger import Attempt, Delivery, Entry
from campaigns.models.marks import SubscriberAction
from campaigns.models.recipients import SavedRecipient
from campaigns.models.segments import PersonList, PersonListMember, Segment, SegmentVersion, Snapshot
from campaigns.models.sends import Send, SendAction
from campaigns.models.syncs import Sync, SyncRun
from campaigns.models.told import SubscriptionStatus, Suppression
from campaigns.models.webhooks import EventWebhook, Webhook, WebhookTag, WebhookTemplate, WebhookVersion

__all__ = [
    "Account",
    "ApiKey",
    "Attempt",
    "Breaker",
    "Calendar",
    "Campaign",
    "Credential",
    "Delivery",
    "DryRun",
    "DryRunCause",
    "DryRunPerson",
    "Entry",
    "Event",
    "EventWebhook",
    "Home",
    "HookAddress",
    "Import",
    "ImportProblem",
    "Notice",
    "PersonList",
    "PersonListMember",
    "RateLimit",
    "SavedRecipient",
    "Segment",
    "SegmentVersion",
    "Send",
    "SendAction",
    "Snapshot",
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

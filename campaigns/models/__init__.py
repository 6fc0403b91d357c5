"""Everything that is stored: one import for every table."""

from campaigns.models.accounts import Account, Calendar, Workspace
from campaigns.models.audience import Segment, Subscriber, Subscription, SubscriptionTag
from campaigns.models.campaign import Campaign, Event
from campaigns.models.credentials import Credential
from campaigns.models.dryruns import DryRun, DryRunCause, DryRunPerson
from campaigns.models.gate import Breaker, RateLimit, Token
from campaigns.models.imports import Import, ImportProblem
from campaigns.models.ledger import Attempt, Delivery, Entry
from campaigns.models.recipients import SavedRecipient
from campaigns.models.sends import Send, SendAction
from campaigns.models.webhooks import EventWebhook, Webhook, WebhookTag, WebhookTemplate, WebhookVersion

__all__ = [
    "Account",
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
    "Import",
    "ImportProblem",
    "RateLimit",
    "SavedRecipient",
    "Segment",
    "Send",
    "SendAction",
    "Subscriber",
    "Subscription",
    "SubscriptionTag",
    "Token",
    "Webhook",
    "WebhookTag",
    "WebhookTemplate",
    "WebhookVersion",
    "Workspace",
]

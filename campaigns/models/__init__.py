"""Everything that is stored: one import for every table."""

from campaigns.models.accounts import Account, Calendar, Workspace
from campaigns.models.audience import Segment, Subscriber, Subscription, SubscriptionTag
from campaigns.models.campaign import Campaign, Event
from campaigns.models.gate import Breaker, RateLimit, Token
from campaigns.models.imports import Import, ImportProblem
from campaigns.models.ledger import Attempt, Delivery, Entry
from campaigns.models.sends import Send, SendAction

__all__ = [
    "Account",
    "Attempt",
    "Breaker",
    "Calendar",
    "Campaign",
    "Delivery",
    "Entry",
    "Event",
    "Import",
    "ImportProblem",
    "RateLimit",
    "Segment",
    "Send",
    "SendAction",
    "Subscriber",
    "Subscription",
    "SubscriptionTag",
    "Token",
    "Workspace",
]

"""Alerts: nobody watches a scheduled send, so trouble is noticed, told to people, and told again when it is over."""

from campaigns.alerts.notice import close_by_hand, look
from campaigns.alerts.route import current as current_route
from campaigns.alerts.telling import tell
from campaigns.alerts.trial import try_out
from campaigns.alerts.wording import Words, words

__all__ = ["Words", "close_by_hand", "current_route", "look", "tell", "try_out", "words"]

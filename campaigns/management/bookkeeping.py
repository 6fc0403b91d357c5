"""The books of a send as a line of text."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from campaigns.models import Delivery
from campaigns.pipeline.record.books import Balance


def line(balance: Balance) -> str:
    """Return "#7 Summer Sale: 3 people = 2 accepted + 1 failed", and what was counted where that differs."""
    text = f"{balance.send}: " + _("%(count)s people") % {"count": f"{balance.send.audience_count:,}"}
    text += " = " + (_sum(balance.kept) or "0")
    if not balance.holds:
        text += " — " + _("but the deliveries are") + " " + (_sum(balance.counted) or "0")
    return text


def _sum(counts: Mapping[Delivery.State, int]) -> str:
    return " + ".join(f"{count:,} {state.label}" for state, count in counts.items() if count)

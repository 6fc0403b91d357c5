"""What is said of an alert: what happened, since when, what to do, and where. No personal data, no secrets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Alert, Delivery

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REASONS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Words:
    """An alert in words. ``path`` is where something can be done about it, ``link`` the same with the host."""

    title: str
    text: str
    advice: str
    path: str

    @property
    def link(self) -> str:
        """The whole address, as far as SITE_URL is set."""
        return f"{settings.SITE_URL}{self.path}"


ADVICE: dict[str, "StrOrPromise"] = {
    Alert.Kind.ACCOUNT_STOPPED: gettext_lazy(
        "Put right what the reason says, try the connection on the account's page, then press “Start again”."
        " Nothing is lost; everything waits."
    ),
    Alert.Kind.BREAKER_OPEN: gettext_lazy(
        "Nothing is lost: single calls are tried at growing intervals, and it goes on by itself. If it lasts, ask"
        " Rokt; if the event is near, tell whoever waits for it."
    ),
    Alert.Kind.NO_PROGRESS: gettext_lazy(
        "Ask whoever runs Calendar Admin to look whether its workers run, and what they log. Nothing is lost; it goes"
        " on as soon as a worker is free."
    ),
    Alert.Kind.SEND_PAUSED: gettext_lazy(
        "Look at what went wrong on the send's page, then resume or cancel it. Until then everybody else waits."
    ),
    Alert.Kind.IN_DOUBT: gettext_lazy(
        "Their calls left and no clear answer came. Decide on the send's page: it arrived, or it is sent again."
    ),
    Alert.Kind.SEND_FAILED: gettext_lazy(
        "Look at the reasons on the send's page. What can be put right can be tried there again, until"
        " the event is over."
    ),
    Alert.Kind.BOOKS: gettext_lazy(
        "This is a fault of Calendar Admin. Cancel nothing and send nothing again; show this to whoever runs it."
    ),
    Alert.Kind.RECOUNT: gettext_lazy(
        "This is a fault of Calendar Admin. Do not trust the counts of this send; show this to whoever runs it, who"
        " can run “manage.py books”."
    ),
    Alert.Kind.HELD: gettext_lazy(
        "Compare what is held with Rokt's side, pause or cancel what must not go on, then release it on the"
        " page “Held sends”. Nothing is lost; everything waits."
    ),
}


def words(alert: Alert) -> Words:
    """Put an alert into words, in the language that is active."""
    what, whose = alert.get_kind_display(), _whose(alert)
    title = _("%(what)s: %(whose)s") % {"what": what, "whose": whose} if whose else what
    return Words(
        title[:1].upper() + title[1:], TEXTS[alert.kind](alert), str(ADVICE[alert.kind]), _path(alert)
    )


def moment(at: datetime) -> str:
    """Return an instant to the minute, with its zone."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _whose(alert: Alert) -> str:
    if alert.send is None:
        return _account(alert)
    campaign = alert.send.event.campaign.name
    return _("send #%(number)s of “%(campaign)s”") % {"number": alert.send.pk, "campaign": campaign}


def _account(alert: Alert) -> str:
    return alert.account.name if alert.account else ""


def _path(alert: Alert) -> str:
    if alert.account_id is None:
        return reverse("halt")
    if alert.send_id is not None:
        return reverse("send_detail", args=[alert.send_id])
    return reverse("admin:campaigns_account_change", args=[alert.account_id])


def _stopped(alert: Alert) -> str:
    text = _("The account %(account)s stopped and sends nothing: %(reason)s.")
    return text % {"account": _account(alert), "reason": str(alert.facts.get("reason", "")).rstrip(".")}


def _broken(alert: Alert) -> str:
    text = _("Rokt has not answered well for the account %(account)s; calls are kept back, and people wait.")
    return text % {"account": _account(alert)}


def _still(alert: Alert) -> str:
    text = _(
        "The account %(account)s may send and has work that is due, but nothing was closed for ten minutes."
    )
    return text % {"account": _account(alert)}


def _held(alert: Alert) -> str:
    known_until = alert.facts.get("known_until")
    if not known_until:
        return _("Somebody had all sends held; nothing is sent until an administrator releases them.")
    text = _(
        "The database was put back from a backup: it had worked until %(time)s, and does not know what was sent"
        " since. Nothing is sent until an administrator has looked and releases it."
    )
    return text % {"time": moment(datetime.fromisoformat(known_until))}


def _paused(alert: Alert) -> str:
    return str(alert.facts.get("reason") or _("The send stopped by itself."))


def _doubts(alert: Alert) -> str:
    count = alert.facts.get("count", 0)
    text = ngettext(
        "%(count)s of %(people)s people is in doubt and waits for a decision.",
        "%(count)s of %(people)s people are in doubt and wait for a decision.",
        count,
    )
    return text % _numbers(alert) + _reasons(alert)


def _failed(alert: Alert) -> str:
    count = alert.facts.get("count", 0)
    text = ngettext(
        "The send is through, and %(count)s of %(people)s people did not get it.",
        "The send is through, and %(count)s of %(people)s people did not get it.",
        count,
    )
    return text % _numbers(alert) + _reasons(alert)


def _books(alert: Alert) -> str:
    return _(
        "The audience is %(people)s people, but the counts of the states add up to %(count)s."
    ) % _numbers(alert)


def _recount(alert: Alert) -> str:
    states = [
        _("%(state)s: kept %(kept)s, found %(found)s")
        % {"state": Delivery.State(state).label, "kept": f"{kept:,}", "found": f"{found:,}"}
        for state, (kept, found) in alert.facts.get("states", {}).items()
    ]
    return _("Counting the deliveries anew gives other numbers than were kept.") + "".join(
        f"\n- {line}" for line in states
    )


TEXTS: dict[str, Callable[[Alert], str]] = {
    Alert.Kind.ACCOUNT_STOPPED: _stopped,
    Alert.Kind.BREAKER_OPEN: _broken,
    Alert.Kind.NO_PROGRESS: _still,
    Alert.Kind.SEND_PAUSED: _paused,
    Alert.Kind.IN_DOUBT: _doubts,
    Alert.Kind.SEND_FAILED: _failed,
    Alert.Kind.BOOKS: _books,
    Alert.Kind.RECOUNT: _recount,
    Alert.Kind.HELD: _held,
}


def _numbers(alert: Alert) -> dict[str, Any]:
    return {name: f"{alert.facts.get(name, 0):,}" for name in ("count", "people")}


def _reasons(alert: Alert) -> str:
    """Return a line for each of the most frequent reasons."""
    found = alert.facts.get("reasons", [])
    lines = [f"\n- {_label(reason)}: {count:,}" for reason, count in found[:REASONS_NAMED]]
    return "".join(lines) + (f"\n- {_('other reasons')}" if len(found) > REASONS_NAMED else "")


def _label(reason: str) -> str:
    known = reason in Delivery.Reason.values and Delivery.Reason(reason).label
    return str(known or _("no reason given"))

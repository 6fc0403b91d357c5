"""The history that somebody asks for: the same few questions behind the list, its links and its spreadsheet.

Every filter starts at the sends, of which there are few, so that millions of deliveries stay fast to look through.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Account, Campaign, Delivery, Event, Send, Subscriber

Rows = QuerySet[Delivery]

LARGEST_ID = 2**63 - 1
LONGEST_QUESTION = 320  # the longest e-mail address
PEOPLE_PER_EMAIL = 1_000


def history(asked: Mapping[str, str]) -> Rows:
    """Return the deliveries that fit every question, newest first; a question that makes no sense fits none."""
    rows = Delivery.objects.order_by("-pk")
    for name, value in asked_for(asked).items():
        rows = search(rows, value) if name == "q" else narrow(rows, name, value)
    return rows


def asked_for(asked: Mapping[str, str]) -> dict[str, str]:
    """Return the questions among the parameters of a page: those with a known name and a value."""
    return {name: value for name in (*FILTERS, "q") if (value := asked.get(name, "").strip())}


def in_words(asked: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is asked for as people say it: "state", "failed"."""
    return [(str(LABELS[name]), _value(name, value)) for name, value in asked_for(asked).items()]


def _value(name: str, value: str) -> str:
    if name in ("state", "reason"):
        choices = Delivery.State.choices if name == "state" else Delivery.Reason.choices
        return str(dict(choices).get(value, value))
    if name in THINGS:
        try:
            found = THINGS[name]._default_manager.filter(pk=_number(value)).first()
        except ValueError:
            found = None
        return str(found or value)
    return value


def narrow(rows: Rows, name: str, value: str) -> Rows:
    """Return the rows that fit one filter of ``FILTERS``; none for a value that makes no sense."""
    try:
        return FILTERS[name](rows, value)
    except (ValueError, OverflowError):
        return rows.none()


def search(rows: Rows, text: str) -> Rows:
    """Return the rows of one person: exactly this user id, or this e-mail address."""
    text = text.strip()
    if not text or len(text) > LONGEST_QUESTION or "\0" in text:
        return rows.none() if text else rows
    person = Q(external_id=text)
    if "@" in text:
        people = Subscriber.objects.filter(email__in={text, text.lower()}).order_by()
        person |= Q(subscriber__in=list(people.values_list("pk", flat=True)[:PEOPLE_PER_EMAIL]))
    return rows.filter(person)


def _by_send(lookup: str) -> Callable[[Rows, str], Rows]:
    def narrow(rows: Rows, value: str) -> Rows:
        return _of(rows, **{lookup: _number(value)})

    return narrow


def _of(rows: Rows, **sends: Any) -> Rows:
    """Name the sends one by one: a database that sees their ids knows how many rows it will find."""
    return rows.filter(send__in=list(Send.objects.filter(**sends).order_by().values_list("pk", flat=True)))


def _number(value: str) -> int:
    number = int(value) if value.isascii() else 0
    if not 0 < number <= LARGEST_ID:
        raise ValueError(value)
    return number


def _by_state(rows: Rows, value: str) -> Rows:
    """The sends that have such deliveries are known from their books; each has an index over its states."""
    state = Delivery.State(value)
    return _of(rows.filter(state=state), **{f"{state.value}_count__gt": 0})


def _by_reason(rows: Rows, value: str) -> Rows:
    return rows.filter(reason=Delivery.Reason(value))


def _since(rows: Rows, value: str) -> Rows:
    return rows.filter(changed_at__gte=moment(value))


def _until(rows: Rows, value: str) -> Rows:
    """Nothing of a send has changed before it started."""
    at = moment(value)
    return _of(rows.filter(changed_at__lte=at), started_at__lte=at)


def moment(value: str) -> datetime:
    """Read a day or a minute as browsers write them, in UTC; raises ``ValueError`` for anything else."""
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


THINGS: Mapping[str, type[Model]] = {"campaign": Campaign, "event": Event, "account": Account, "send": Send}
LABELS: Mapping[str, Any] = {
    "campaign": _("campaign"),
    "event": _("event"),
    "account": _("account"),
    "send": _("send"),
    "state": _("state"),
    "reason": _("reason"),
    "since": _("from (UTC)"),
    "until": _("up to (UTC)"),
    "q": _("person"),
}
FILTERS: Mapping[str, Callable[[Rows, str], Rows]] = {
    "campaign": _by_send("event__campaign"),
    "event": _by_send("event"),
    "account": _by_send("account"),
    "send": _by_send("pk"),
    "state": _by_state,
    "reason": _by_reason,
    "since": _since,
    "until": _until,
}

"""What a rendered body must be before it may leave: JSON, one whole event as Rokt spells it, the right ids."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import timezones
from campaigns.models import Send
from campaigns.models.campaign import LONGEST_REMINDER_MINUTES
from campaigns.pipeline.written import LONGEST_DESCRIPTION, LONGEST_TITLE, Person, RenderError, wire_event_id
from integrations.rokt import wire

REQUIRED: Final = ("eventId", "title", "start", "end", "timezone", "notifyBefore")
TEXTS: Final = {"title": LONGEST_TITLE, "location": LONGEST_TITLE, "description": LONGEST_DESCRIPTION}
PLAIN: Final = {*REQUIRED[:-1], *TEXTS, "timezoneIanaId", "visibleFromDateTimeUtc", "actionType"}
FIELDS: Final = frozenset({*PLAIN, "notifyBefore", "allDayEvent"})  # all that Rokt documents
IDS: Final = "subscriptionIds"
TOP: Final = {True: frozenset({"event", IDS, "actionType"}), False: frozenset({"event", "actionType"})}
SPELLINGS: Final = {name.casefold(): name for name in (*FIELDS, *TOP[True])}
KEY_ENDS: Final = re.compile(r'"\s*:')
STRINGS: Final = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?')
MINUTES: Final = re.compile(r"[0-9]{1,9}")
YEARS: Final = range(2000, 2101)
GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What every call of a send has in common; ``event_id`` is "" where it is not known yet."""

    event_id: str
    kind: str
    account_code: str
    base_url: str

    @property
    def is_create(self) -> bool:
        """Whether the call makes a new event, and so names subscriptions."""
        return self.kind == Send.Kind.CREATE


@dataclass(frozen=True, slots=True)
class Found:
    """The event in a body, when it ends, and what should be looked at."""

    event: wire.Event
    ends_at: datetime
    notes: tuple[str, ...]


def event(body: str, person: Person, expected: Expected) -> Found:
    """Return the one event in a rendered body, if Rokt would take it as it is; else ``RenderError``."""
    told = _json(body)
    fields = _fields(told, expected)
    _check_fields(fields)
    try:
        read = wire.event_from(fields)
    except ValueError as error:
        raise RenderError(_("The event in the body cannot be read."), str(error)[:200]) from error
    _check_id(read.event_id, person, expected)
    notes = _subscriptions(told, person) if expected.is_create else []
    _check_repeats(body, [*fields] if fields is told else [*told, *fields])
    ends_at, remarks = _times(read, fields)
    return Found(event=read, ends_at=ends_at, notes=(*notes, *remarks))


def _json(body: str) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RenderError(
            _(
                "The body is no valid JSON, most often because of a quotation mark or a line break in a text."
                " Write “| json_escape” behind what is put in."
            ),
            str(error)[:200],
        ) from error
    if not isinstance(told, dict):
        raise RenderError(_("The body is no JSON object."))
    return told


def _fields(told: dict[str, Any], expected: Expected) -> dict[str, Any]:
    """Return the event in a body, every name in it one that Rokt documents; an update may be the event itself."""
    if not expected.is_create and "event" not in map(str.casefold, told):
        _check_names(told, FIELDS, expected)
        return told
    _check_names(told, TOP[expected.is_create], expected)
    fields = told.get("event")
    if not isinstance(fields, dict):
        raise RenderError(_("“event” in the body is missing, or no object."))
    _check_names(fields, FIELDS, expected)
    _check_text(told, "actionType")
    return fields


def _check_names(names: Collection[str], allowed: frozenset[str], expected: Expected) -> None:
    """A person's data can bring names of its own, and another spelling may count as the same name there."""
    if strange := [name for name in names if name not in allowed]:
        raise RenderError(_strange(strange[0], allowed, expected))


def _strange(name: str, allowed: frozenset[str], expected: Expected) -> str:
    right = SPELLINGS.get(name.casefold(), name)
    if right in allowed:
        return _("Write “%(right)s” in the body, not “%(name)s”.") % {"right": right, "name": name}
    if right != IDS:
        return _("Rokt Calendar does not know “%s”; remove it.") % name[:100]
    if expected.is_create:
        return _("“subscriptionIds” belongs beside “event” in the body, not into it.")
    return _("An update goes to everybody who has the event; leave “subscriptionIds” out.")


def _check_repeats(body: str, keys: list[str]) -> None:
    """Of a name that stands twice only the last is read here, and it is unknown which one is read there."""
    if len(KEY_ENDS.findall(body)) == len(keys):  # never fewer than there are names; texts may hold more
        return
    told = Counter(orjson.loads(f'"{name}"') for name, colon in STRINGS.findall(body) if colon)
    for name in told - Counter(keys):
        raise RenderError(_("“%s” stands more than once in the body.") % name[:100])


def _check_fields(fields: dict[str, Any]) -> None:
    for name in REQUIRED:
        value = fields.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise RenderError(_("“%s” is empty or missing in the body.") % name)
    for name in fields:
        if name in PLAIN:
            _check_text(fields, name)
    if not isinstance(fields.get("allDayEvent", False), bool):
        raise RenderError(_("“allDayEvent” in the body has to be true or false, without quotation marks."))
    for name, longest in TEXTS.items():
        if len(fields.get(name, "")) > longest:
            raise RenderError(
                _("“%(name)s” is longer than %(longest)s characters.")
                % {"name": name, "longest": f"{longest:,}"},
                f"{len(fields[name]):,}",
            )
    _check_reminder(fields["notifyBefore"])


def _check_text(fields: dict[str, Any], name: str) -> None:
    text = fields.get(name, "")
    if not isinstance(text, str):
        raise RenderError(_("“%s” in the body has to be a text.") % name)
    if "\0" in text:
        raise RenderError(_("“%s” in the body holds a character that calendars cannot show.") % name)


def _check_reminder(value: object) -> None:
    is_number = type(value) is int or (isinstance(value, str) and MINUTES.fullmatch(value))
    minutes = int(value) if is_number else -1  # type: ignore[call-overload]
    if not 0 <= minutes <= LONGEST_REMINDER_MINUTES:
        raise RenderError(
            _("“notifyBefore” has to be a number of minutes from 0 to %s.") % f"{LONGEST_REMINDER_MINUTES:,}",
            str(value)[:100] if isinstance(value, str | int | float) else "",
        )


def _check_id(event_id: str, person: Person, expected: Expected) -> None:
    """An entry is found again, updated and removed by its id: it has to be the event's and the person's."""
    if not person.external_id or not event_id.endswith(f"_{person.external_id}"):
        raise RenderError(
            _(
                "The event id does not end in an underscore and the user id, so people would share one entry."
                " Write “eventId”: “{{eventId}}_{{${user_id}}}”."
            ),
            event_id[:200],
        )
    if expected.event_id and event_id != wire_event_id(expected.event_id, person.external_id):
        raise RenderError(
            _("The event id is another one than “%s” for this person.") % expected.event_id, event_id[:200]
        )


def _subscriptions(told: dict[str, Any], person: Person) -> list[str]:
    """Look at the subscription ids of a new event: whose they are, and whether any is missing."""
    ids = told.get(IDS)
    if not isinstance(ids, list) or not ids or ids == [""]:
        raise RenderError(_("“subscriptionIds” is empty: no subscription id is known for this person."))
    for each in ids:
        if not isinstance(each, str) or not GUID.fullmatch(each):
            detail = each[:100] if isinstance(each, str) else ""
            raise RenderError(_("“subscriptionIds” holds something that is no subscription id."), detail)
    known = {each.lower() for each in person.subscription_ids}
    sent = {each.lower() for each in ids}
    if strange := sent - known:
        raise RenderError(
            _(
                "“subscriptionIds” holds ids that are not of this account: they would be sent to the wrong one."
            ),
            ", ".join(sorted(strange))[:200],
        )
    if known <= sent:
        return []
    count = len(known - sent)
    message = ngettext(
        "%d subscription of this account is not in “subscriptionIds”.",
        "%d subscriptions of this account are not in “subscriptionIds”.",
        count,
    )
    return [message % count]


def _times(read: wire.Event, fields: dict[str, Any]) -> tuple[datetime, list[str]]:
    """Return the instant of the end (UTC), and what should be looked at."""
    if read.start.tzinfo or read.end.tzinfo:
        raise RenderError(
            _(
                "Start and end are times on the clock of the event's time zone: leave out the offset or Z behind"
                " them."
            )
        )
    for name, moment in (("start", read.start), ("end", read.end)):
        if fields[name] != moment.isoformat(timespec="seconds"):
            raise RenderError(
                _("“%s” in the body has to be written as in 2031-02-21T15:00:00.") % name, fields[name][:100]
            )
    if read.start.year not in YEARS or read.end.year not in YEARS:
        raise RenderError(_("Start and end have to lie between the years 2000 and 2100."))
    try:
        start, end, skips = _instants(read.start, read.end, read.timezone)
    except timezones.UnknownZoneError:
        raise RenderError(_("The time zone is none of Rokt Calendar's list."), read.timezone[:100]) from None
    if end < start:
        raise RenderError(_("The end lies before the start."))
    remarks = [_("Start and end are the same: the event has no length.")] if end == start else []
    if skips:
        remarks.append(
            _("The clock jumps over the start or the end that night: calendars may show another time.")
        )
    return end, remarks


def ends_at(body: str) -> datetime:
    """Return the instant (UTC) at which the event in a body that was found right ends."""
    read = wire.event_in(body.encode())
    return _instants(read.start, read.end, read.timezone)[1]


@lru_cache(maxsize=64)  # almost always the same for everybody
def _instants(start: datetime, end: datetime, zone: str) -> tuple[datetime, datetime, bool]:
    """Return start and end in UTC, and whether the clock of the zone skips one of them."""
    skips = any(isinstance(timezones.check(at, zone), timezones.Gap) for at in (start, end))
    begins, ends = (timezones.localize(at, zone, fold=0).astimezone(UTC) for at in (start, end))
    return begins, ends, skips

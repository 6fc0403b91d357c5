"""What a rendered webhook must be before it may leave: the right address, JSON, one whole event, the right ids."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import timezones
from campaigns.models import Send
from campaigns.models.campaign import LONGEST_REMINDER_MINUTES
from campaigns.pipeline.tokens import ROKT_URL
from campaigns.pipeline.written import LONGEST_DESCRIPTION, LONGEST_TITLE, Person, RenderError, wire_event_id
from integrations.rokt import wire

REQUIRED: Final = ("eventId", "title", "start", "end", "timezone", "notifyBefore")
TEXTS: Final = {"title": LONGEST_TITLE, "location": LONGEST_TITLE, "description": LONGEST_DESCRIPTION}
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


@lru_cache(maxsize=64)  # one or two addresses for everybody; a refusal is not kept
def path(url: str, expected: Expected) -> str:
    """Return the path of a rendered URL, if it leads where a call of this send has to go; else ``RenderError``."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RenderError(_("The URL cannot be read."), url[:200]) from None
    if f"{parts.scheme}://{parts.netloc}" not in (ROKT_URL, expected.base_url):
        raise RenderError(_("The URL does not lead to Rokt Calendar."), url[:200])
    match [unquote(segment) for segment in parts.path.split("/")]:
        case ["", "v1", "subscriptionevent", code, *rest] if rest in ([], ["update"]):
            _check_code(code, expected)
            _check_kind(rest, expected)
        case _:
            raise RenderError(_("The URL is not that of an event of Rokt Calendar."), url[:200])
    if parts.query or parts.fragment or not url.isprintable():
        raise RenderError(_("The URL goes on behind the address of the event."), url[:200])
    return parts.path


def _check_code(code: str, expected: Expected) -> None:
    if not code:
        raise RenderError(
            _("The URL has no account code: rokt:account_code is empty, or no list, for this person.")
        )
    if code != expected.account_code:
        raise RenderError(
            _(
                "The URL names another account than %(code)s: this person is subscribed to several, and the"
                " webhook takes the first."
            )
            % {"code": expected.account_code},
            code[:100],
        )


def _check_kind(rest: list[str], expected: Expected) -> None:
    if expected.is_create and rest == ["update"]:
        raise RenderError(_("This URL updates an event, and the send is for a new one."))
    if not expected.is_create and rest != ["update"]:
        raise RenderError(_("This URL makes a new event, and the send is an update: it lacks /update."))


def event(body: str, person: Person, expected: Expected) -> Found:
    """Return the one event in a rendered body, if Rokt would take it as it is; else ``RenderError``."""
    told = _json(body)
    fields = told.get("event", None if expected.is_create else told)
    if not isinstance(fields, dict):
        raise RenderError(_("“event” in the body is missing, or no object."))
    _check_fields(fields)
    try:
        read = wire.event_from(fields)
    except ValueError as error:
        raise RenderError(_("The event in the body cannot be read."), str(error)[:200]) from error
    _check_id(read.event_id, person, expected)
    notes = _subscriptions(told, person) if expected.is_create else []
    ends_at, remarks = _times(read)
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


def _check_fields(fields: dict[str, Any]) -> None:
    for name in REQUIRED:
        if fields.get(name) in (None, ""):
            raise RenderError(_("“%s” is empty or missing in the body.") % name)
    for name in (*REQUIRED[:-1], *TEXTS):
        if not isinstance(fields.get(name, ""), str):
            raise RenderError(_("“%s” in the body has to be a text.") % name)
    for name, longest in TEXTS.items():
        if len(fields.get(name, "")) > longest:
            raise RenderError(
                _("“%(name)s” is longer than %(longest)s characters.")
                % {"name": name, "longest": f"{longest:,}"},
                f"{len(fields[name]):,}",
            )
    _check_reminder(fields["notifyBefore"])


def _check_reminder(value: object) -> None:
    try:
        minutes = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else -1
    except ValueError:
        minutes = -1
    if not 0 <= minutes <= LONGEST_REMINDER_MINUTES:
        raise RenderError(
            _("“notifyBefore” has to be a number of minutes from 0 to %s.") % f"{LONGEST_REMINDER_MINUTES:,}",
            str(value)[:100],
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
    ids = told.get("subscriptionIds")
    if not isinstance(ids, list) or not ids or ids == [""]:
        raise RenderError(_("“subscriptionIds” is empty: no subscription id is known for this person."))
    for each in ids:
        if not isinstance(each, str) or not GUID.fullmatch(each):
            raise RenderError(
                _("“subscriptionIds” holds something that is no subscription id."), str(each)[:100]
            )
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


def _times(read: wire.Event) -> tuple[datetime, list[str]]:
    """Return the instant of the end (UTC), and what should be looked at."""
    if read.start.tzinfo or read.end.tzinfo:
        raise RenderError(
            _(
                "Start and end are times on the clock of the event's time zone: leave out the offset or Z behind"
                " them."
            )
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


@lru_cache(maxsize=64)  # almost always the same for everybody
def _instants(start: datetime, end: datetime, zone: str) -> tuple[datetime, datetime, bool]:
    """Return start and end in UTC, and whether the clock of the zone skips one of them."""
    skips = any(isinstance(timezones.check(at, zone), timezones.Gap) for at in (start, end))
    begins, ends = (timezones.localize(at, zone, fold=0).astimezone(UTC) for at in (start, end))
    return begins, ends, skips

"""One webhook of Rokt Calendar: a body in, a notice out, or one of four reasons why it is none.

Rokt publishes the names of the common keys, of the basic subscription, and of an event's id. What is
marked *inferred* below is under the names that Rokt uses elsewhere; where none is there, the value is
empty, never an error. The whole body is kept in ``raw``.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from integrations.web.document import DocumentError, loads
from integrations.web.instants import instant

BYTE_LIMIT = 256 * 1024
TEXT_LIMIT = 255
JSON_TYPES = {"", "application/json", "text/json"}  # Rokt does not say which header it sends, so none is fine
CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)")
Block = dict[str, Any]


class EventType(StrEnum):
    """What happened. The values are Rokt's own names."""

    SUBSCRIBE = "Subscribe"
    UNSUBSCRIBE = "Unsubscribe"
    DETAILS_UPDATED = "SubscriptionDetailsUpdated"
    EVENT_ADDED = "SubscriptionEventAdded"
    EVENT_REMOVED = "SubscriptionEventRemoved"
    EVENT_UPDATED = "SubscriptionEventUpdated"
    EVENT_DELETED = "SubscriptionEventDeleted"
    TEST = "Test"
    UNKNOWN = ""


TYPES = {kind.casefold(): kind for kind in EventType} | {
    "subscriptiondetailsupdate": EventType.DETAILS_UPDATED,  # so Rokt's own example spells it
}


class NoticeError(ValueError):
    """A request that is no notice; ``status`` is the answer it deserves."""

    status: ClassVar[int] = 400


class NotAnObjectError(NoticeError):
    """The body is not one plain JSON object."""


class TooLargeError(NoticeError):
    """The body is larger than any notice."""

    status = 413


class ContentTypeError(NoticeError):
    """The body says that it is something else than JSON in UTF-8."""

    status = 415


class NoEventIdError(NoticeError):
    """Without an id of its own a notice cannot be told from its repetition."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a webhook says; an empty text where it says nothing. Texts are exactly as Rokt wrote them, but
    ``subscription_id`` is in small letters: a GUID is the same in either.

    ``stated_type`` is Rokt's word for ``event_type``. ``happened_at`` is given for Unsubscribe only.
    *Inferred*: ``subscriber_id`` (subscriberId, externalSubscriberId, userName, username) and ``email``
    (emailAddress, subscriberEmail, email), each in the subscription or beside it; ``id`` for ``tagId``.
    """

    event_id: str
    event_type: EventType
    stated_type: str
    action: str = ""
    account_code: str = ""
    account_id: str = ""
    subscription_id: str = ""
    calendar_code: str = ""
    calendar_title: str = ""
    calendar_id: str = ""
    method: str = ""
    tags: tuple[str, ...] = ()
    happened_at: datetime | None = None
    subscriber_id: str = ""
    email: str = ""
    entry_event_id: str = ""
    raw: Block = field(default_factory=dict, compare=False, repr=False)


def read(body: bytes, content_type: str, *, limit_bytes: int = BYTE_LIMIT) -> Notice:
    """Return the notice in this request; whatever it is fed, it raises NoticeError or nothing."""
    if len(body) > limit_bytes:
        raise TooLargeError(f"The body is larger than {limit_bytes} bytes.")
    if not is_json(content_type):
        raise ContentTypeError("The body must be application/json in UTF-8.")
    try:
        document = loads(body)
    except DocumentError as fault:
        raise NotAnObjectError(f"{fault}.") from None
    event_id = text(document, "eventId")
    if not event_id.strip():
        raise NoEventIdError(f"eventId is missing, or no text of at most {TEXT_LIMIT} characters.")
    return notice(event_id, document)


def is_json(content_type: str) -> bool:
    """Return whether this header allows JSON in UTF-8."""
    kind = content_type.partition(";")[0].strip().lower()
    charset = CHARSET.search(content_type.lower())
    known = kind in JSON_TYPES or (kind.startswith("application/") and kind.endswith("+json"))
    return known and (charset is None or charset[1] in {"utf-8", "utf8", "us-ascii"})


def notice(event_id: str, document: Block) -> Notice:
    """Return the notice in an envelope."""
    details = block(document, "eventDetails")
    subscription, entry = block(details, "subscription"), block(details, "subscriptionEvent")
    places = (subscription, details)
    subscription_id = text(details, "calendarSubscriptionId") or text(subscription, "calendarSubscriptionId")
    stated = text(document, "eventType")
    return Notice(
        event_id=event_id,
        event_type=type_of(stated, is_of_one=bool(subscription_id)),
        stated_type=stated,
        action=text(details, "actionType"),
        account_code=text(details, "accountCode"),
        account_id=text(details, "accountId"),
        subscription_id=subscription_id.lower(),
        calendar_code=text(subscription, "calendarCode"),
        calendar_title=text(subscription, "calendarTitle"),
        calendar_id=text(subscription, "calendarId"),
        method=text(subscription, "subscriptionMethod"),
        tags=tags_in(subscription),
        happened_at=first_instant(places, "removedDateTimeUtc"),
        subscriber_id=first(places, "subscriberId", "externalSubscriberId", "userName", "username"),
        email=first(places, "emailAddress", "subscriberEmail", "email"),
        entry_event_id=text(entry, "eventId"),
        raw=document,
    )


def type_of(stated: str, *, is_of_one: bool) -> EventType:
    """Return what happened.

    Rokt's example of a deleted event is labelled as a removed one. It can be told: a removal is from one
    subscription and names it, a deletion is from all and names none.
    """
    kind = TYPES.get(stated.strip().casefold(), EventType.UNKNOWN)
    if kind is EventType.EVENT_REMOVED and not is_of_one:
        return EventType.EVENT_DELETED
    return kind


def block(document: Block, name: str) -> Block:
    """Return the object under this name, or an empty one."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def text(document: Block, name: str) -> str:
    """Return the text under this name, a whole number as text, and else nothing."""
    value = document.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and len(value) <= TEXT_LIMIT else ""


def first(places: tuple[Block, ...], *names: str) -> str:
    """Return the first of these names that any place gives, the better name before the better place."""
    return next((value for name in names for place in places if (value := text(place, name))), "")


def first_instant(places: tuple[Block, ...], name: str) -> datetime | None:
    """Return the first instant of this name; Rokt writes a space for the T, and no Z."""
    return next((at for place in places if (at := instant(place.get(name)))), None)


def tags_in(subscription: Block) -> tuple[str, ...]:
    """Return the ids of the chosen tags, each once."""
    listed = subscription.get("calendarTags")
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(name for item in found if (name := first((item,), "tagId", "id"))))

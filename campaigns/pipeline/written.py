"""What writing an event for a person takes and gives: the person, the call, or the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from campaigns import liquid
from campaigns.models import Account, Subscriber
from integrations.rokt import wire

LONGEST_TITLE = 1_000
LONGEST_DESCRIPTION = 10_000


class RenderError(Exception):
    """The event cannot be written for this person.

    ``cause`` is the same for everybody it happens to; ``detail`` is what is particular to this person.
    """

    def __init__(self, cause: str, detail: str = "") -> None:
        cause, detail = (text.replace("\0", "␀") for text in (cause, detail))  # to be stored
        super().__init__(f"{cause} ({detail})" if detail else cause)
        self.cause = cause
        self.detail = detail


class LeftOutError(RenderError):
    """The text itself says that this person gets nothing."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a call asks of somebody who is stored; lighter than the row itself."""

    pk: int
    external_id: str
    first_name: str
    last_name: str
    email: str
    profile: dict[str, Any]
    attributes: dict[str, Any]
    is_active: bool
    is_suppressed: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an event is written for; ``subscription_ids`` are those the delivery is for, in Braze's order."""

    external_id: str
    data: liquid.Data
    subscription_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Written:
    """One person's call, and the event it carries (None for a removal).

    ``fallbacks`` took their default, ``notes`` should be looked at, ``ends_at`` is given where the end is
    this person's own.
    """

    call: wire.Call
    event: wire.Event | None
    fallbacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ends_at: datetime | None = None


class Writer(Protocol):
    """Writes one content for many people; it is read once."""

    @property
    def calls_out(self) -> bool:
        """Whether writing asks other addresses than Rokt's, and so must not happen while rows are locked."""

    def write(self, person: Person, *, fetch: liquid.Fetch | None = None) -> Written:
        """Return the call for a person; raises ``RenderError``."""

    def ends_at(self, body: str) -> datetime | None:
        """Return when the event in a body that was written ends, where the end is that person's own."""


def data_of(subscriber: Subscriber | Recipient) -> liquid.Data:
    """Return what Liquid may know of a subscriber: the profile and the custom attributes, as Braze names them."""
    user = {
        **subscriber.profile,
        "user_id": subscriber.external_id,
        "first_name": subscriber.first_name or None,
        "last_name": subscriber.last_name or None,
        "email_address": subscriber.email or None,
    }
    return liquid.Data(user=user, custom_attributes=subscriber.attributes)


def wire_event_id(event_id: str, external_id: str) -> str:
    """Return the id of one person's entry: the event's id and the person's, as in Braze's template."""
    return f"{event_id}_{external_id}"


def target(account: Account) -> wire.Target:
    """Return where an account's calls go."""
    flat = account.update_body == Account.UpdateBody.FLAT
    return wire.Target(base_url=account.base_url, account_code=account.code, flat_update=flat)


def content_of(body: str) -> str:
    """Return the event inside a body, encoded as it is kept with an entry; "" for a call without body."""
    if not body:
        return ""
    data = orjson.loads(body)
    return orjson.dumps(data.get("event", data)).decode()

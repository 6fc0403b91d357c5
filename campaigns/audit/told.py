"""What the chain is told: one function for each kind of thing that is acted on."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model

from campaigns.audit.chain import append
from campaigns.audit.seal import canonical
from campaigns.models import Halt, Send, SendAction, SubscriberAction


def on_send(action: SendAction, *, delivery_count: int | None = None) -> None:
    """Chain what was done to a send; ``delivery_count`` where it is done in steps, for each of them."""
    count = action.delivery_count if delivery_count is None else delivery_count
    said = {"action": action.pk, "why": action.note, "verdict": str(action.verdict), "deliveries": count}
    data = {name: value for name, value in said.items() if value not in ("", None)}
    if action.verb == SendAction.Verb.QUEUED:
        data |= _what_and_to_whom(action.send)
    append(f"send.{action.verb}", by=action.by, about=("send", action.send_id), data=data)


def _what_and_to_whom(send: Send) -> dict[str, Any]:
    return {
        "event": send.event_id,
        "kind": str(send.kind),
        "account": send.account_id,
        "segment": send.segment_id,
        "segment_version": send.segment_version,
        "test": send.is_test,
        "digest": digest(send),
    }


def digest(send: Send) -> str:
    """Return the SHA-256 of what a send says, and to whom: the copies that nothing changes any more."""
    return hashlib.sha256(canonical([send.content, send.rule]).encode()).hexdigest()


def on_person(action: SubscriberAction) -> None:
    """Chain what was done to a person, by their row's number, or by their made-up name once they are erased.

    The reason that was typed may name them, so it is not told.
    """
    who = action.pseudonym or action.subscriber_id
    append(f"person.{action.verb}", by=action.by, about=("person", who), data={"action": action.pk})


def on_setup(verb: str, thing: Model, *, by: User | AnonymousUser | None, data: Mapping[str, Any]) -> None:
    """Chain that an account, credential, member of staff … was added, changed or deleted; never a value."""
    append(f"setup.{verb}", by=by, about=(str(thing._meta.model_name), thing.pk), data=data)


def halted(halt: Halt) -> None:
    """Chain that all sends were held, or let go."""
    if halt.released_at is None:
        data: dict[str, Any] = {"why": halt.note, "put_back": halt.known_until is not None}
        append("halt.made", by=halt.made_by, about=("halt", halt.pk), data=data)
    else:
        data = {"why": halt.release_note, "sends": halt.send_count, "people": halt.people_count}
        append("halt.released", by=halt.released_by, about=("halt", halt.pk), data=data)

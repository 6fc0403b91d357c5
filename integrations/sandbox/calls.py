"""The documented calls: each takes the state and one call, and answers as Rokt says it would."""

from integrations.sandbox.events import (
    read_event,
    read_guid,
    read_object,
    read_subscription_ids,
    wrapped_event,
)
from integrations.sandbox.fields import Fields
from integrations.sandbox.readback import subscription_details
from integrations.sandbox.replies import RefusedError, Reply, said
from integrations.sandbox.state import Call, State

ACCEPTED = Reply(202)


def issue_token(state: State, call: Call) -> Reply:
    """`POST /oauth2/token`."""
    return state.tokens.answer(
        authorization=call.authorization, content_type=call.content_type, body=call.body
    )


def create(state: State, call: Call) -> Reply:
    """Create an event and attach it. A known id gains the new subscriptions and keeps its details."""
    state.tokens.check(call.authorization)
    root = read_object(call.body, call.content_type)
    event_id, details = read_event(wrapped_event(root))
    subscription_ids = read_subscription_ids(root)
    is_new = state.store.create((call.params["accountCode"], event_id), details, subscription_ids)
    return ACCEPTED if is_new else ACCEPTED._replace(note="repeat")


def update(state: State, call: Call) -> Reply:
    """Replace an event's details everywhere; wrapped in `event` (Braze) or flat (Rokt's own page)."""
    state.tokens.check(call.authorization)
    root = read_object(call.body, call.content_type)
    is_wrapped = "event" in root
    event_id, details = read_event(wrapped_event(root) if is_wrapped else Fields(root, ""))
    is_known = state.store.update((call.params["accountCode"], event_id), details)
    return _accepted("wrapped" if is_wrapped else "flat", is_known=is_known)


def delete(state: State, call: Call) -> Reply:
    """Take an event from every subscription."""
    state.tokens.check(call.authorization)
    return _accepted(is_known=state.store.delete(_key(call)))


def remove(state: State, call: Call) -> Reply:
    """Take an event from one subscription."""
    state.tokens.check(call.authorization)
    return _accepted(is_known=state.store.remove(_key(call), _subscription_id(call)))


def read_subscription(state: State, call: Call) -> Reply:
    """One subscription with `eventsVisibleToSubscription`; a well-formed id always exists."""
    state.tokens.check(call.authorization)
    subscription_id = _subscription_id(call)
    return said(200, subscription_details(subscription_id, state.store.adopt(subscription_id)))


def read_feed(state: State, call: Call) -> Reply:
    """The iCalendar feed that a calendar program polls; nobody logs in to it."""
    from integrations.sandbox.feed import feed  # here: icalendar takes as long to load as all the rest

    subscription_id = call.params["subscriptionId"].removesuffix(".ics").lower()
    subscription = state.store.find(subscription_id)
    if subscription is None:
        raise RefusedError("there is no such subscription", status=404, code="NotFound")
    return Reply(200, feed(subscription_id, subscription), "text/calendar")


def unknown(_state: State, call: Call) -> Reply:
    """Whatever Rokt does not document."""
    raise RefusedError(f"there is no call {call.method} {call.path[:200]}", status=404, code="NotFound")


def _key(call: Call) -> tuple[str, str]:
    return call.params["accountCode"], call.params["eventId"]


def _subscription_id(call: Call) -> str:
    return read_guid("subscriptionId", call.params["subscriptionId"])


def _accepted(*notes: str, is_known: bool) -> Reply:
    return ACCEPTED._replace(note=", ".join(notes if is_known else (*notes, "unknown event")))

"""The calendars, in memory: events per account, subscriptions, and who holds what."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from integrations.sandbox.events import Details

Key = tuple[str, str]  # account code and event id: two accounts may use the same event id


@dataclass(slots=True)
class Event:
    """One event, the same for everybody who holds it."""

    account: str
    event_id: str
    details: Details
    updated_at: datetime
    sequence: int = 0
    holders: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Subscription:
    """One subscription; its events in the order they arrived."""

    created_at: datetime
    events: dict[Key, Event] = field(default_factory=dict)

    def visible(self) -> list[Event]:
        """The events that are not hidden until later."""
        now = datetime.now(UTC)
        shown_from = [(event, event.details.visible_from_at) for event in self.events.values()]
        return [event for event, since in shown_from if since is None or since <= now]


class Store:
    """Accepts a change at once and applies it after the delay, in the order of acceptance."""

    def __init__(self, *, apply_after_seconds: float) -> None:
        self._delay_seconds = apply_after_seconds
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self._accepted: set[Key] = set()
        self._events: dict[Key, Event] = {}
        self._subscriptions: dict[str, Subscription] = {}

    def create(self, key: Key, details: Details, subscription_ids: Iterable[str]) -> bool:
        """Attach an event; False if its id was known: then its details stay, a documented assumption."""
        is_new = key not in self._accepted
        self._accepted.add(key)
        for subscription_id in subscription_ids:
            self.adopt(subscription_id)
        self._later(partial(self._attach, key, details, subscription_ids))
        return is_new

    def update(self, key: Key, details: Details) -> bool:
        """Replace the details for every holder; False if the event is unknown."""
        self._later(partial(self._replace, key, details))
        return key in self._accepted

    def delete(self, key: Key) -> bool:
        """Take the event from every holder; False if it is unknown."""
        was_known = key in self._accepted
        self._accepted.discard(key)
        self._later(partial(self._drop, key))
        return was_known

    def remove(self, key: Key, subscription_id: str) -> bool:
        """Take the event from one holder; False if the event is unknown."""
        self._later(partial(self._detach, key, subscription_id))
        return key in self._accepted

    def adopt(self, subscription_id: str) -> Subscription:
        """The subscription; a well-formed id that was never seen exists from now on."""
        self._settle()
        subscription = self._subscriptions.get(subscription_id)
        if subscription is None:
            subscription = self._subscriptions[subscription_id] = Subscription(datetime.now(UTC))
        return subscription

    def find(self, subscription_id: str) -> Subscription | None:
        """The subscription, if it was ever used."""
        self._settle()
        return self._subscriptions.get(subscription_id)

    def subscriptions(self) -> Iterator[tuple[str, Subscription]]:
        """Every (id, subscription)."""
        self._settle()
        yield from self._subscriptions.items()

    def _later(self, change: Callable[[], None]) -> None:
        if self._delay_seconds:
            self._waiting.append((time.monotonic() + self._delay_seconds, change))
        else:
            change()

    def _settle(self) -> None:
        """Apply what is due. Nobody can tell a change made on time from one made before the next look."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            self._waiting.popleft()[1]()

    def _attach(self, key: Key, details: Details, subscription_ids: Iterable[str]) -> None:
        event = self._events.get(key)
        if event is None:
            event = self._events[key] = Event(*key, details, datetime.now(UTC))
        for subscription_id in subscription_ids:
            event.holders.add(subscription_id)
            self._subscriptions[subscription_id].events[key] = event

    def _replace(self, key: Key, details: Details) -> None:
        if event := self._events.get(key):
            event.details = details
            event.updated_at = datetime.now(UTC)
            event.sequence += 1

    def _drop(self, key: Key) -> None:
        if event := self._events.pop(key, None):
            for subscription_id in event.holders:
                del self._subscriptions[subscription_id].events[key]

    def _detach(self, key: Key, subscription_id: str) -> None:
        if (event := self._events.get(key)) and subscription_id in event.holders:
            event.holders.remove(subscription_id)
            del self._subscriptions[subscription_id].events[key]

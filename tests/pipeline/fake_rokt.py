"""A Rokt in memory, for tests that run thousands of calls: every call meets the fate that the test drew for it."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

import orjson

from integrations.rokt import wire
from integrations.rokt.reply import not_sent, reply_to, unknown
from integrations.web.exchange import Received


class Fate(Enum):
    """What befalls one call: whether Rokt acts, and what it answers."""

    ACCEPTED = "202"
    REFUSED = "400"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    SLOW_DOWN = "429"
    TROUBLE = "503"
    TROUBLE_AFTER_ACTING = "500"
    NOT_SENT = "not sent"
    LOST = "lost on the way"
    LOST_AFTER_ACTING = "the answer is lost"
    DEATH = "the worker dies before it sends"
    DEATH_AFTER_ACTING = "the worker dies before it hears the answer"


ACTING = {Fate.ACCEPTED, Fate.TROUBLE_AFTER_ACTING, Fate.LOST_AFTER_ACTING, Fate.DEATH_AFTER_ACTING}
RETRY_AFTER_SECONDS = 30


class Death(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


@dataclass
class FakeRokt:
    """The calendars by subscription id and event id, and every call that changed or could have changed one."""

    calendars: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    arrived: list[tuple[str, str]] = field(default_factory=list)  # (method and path's last word, event id)
    acted: set[tuple[str, str]] = field(default_factory=set)
    fates: deque[Fate] = field(default_factory=deque)

    def send(self, calls: Sequence[wire.Call]) -> list[wire.Reply]:
        """Stand in for the sender: one reply for each call, or death."""
        return [self._meet(call, self.fates.popleft() if self.fates else Fate.ACCEPTED) for call in calls]

    def plan(self, fates: Iterable[Fate]) -> None:
        """Say what befalls the next calls; all others are accepted."""
        self.fates = deque(fates)

    def _meet(self, call: wire.Call, fate: Fate) -> wire.Reply:
        if fate is Fate.DEATH:
            raise Death
        if fate is Fate.NOT_SENT:
            return not_sent("no connection")
        if call.method == "GET":
            body = self._read(call)
        else:
            body = self._change(call, acts=fate in ACTING, arrives=fate is not Fate.LOST)
        if fate is Fate.DEATH_AFTER_ACTING:
            raise Death
        if fate in (Fate.LOST, Fate.LOST_AFTER_ACTING):
            return unknown("connection closed without an answer")
        status = 200 if fate is Fate.ACCEPTED and call.method == "GET" else int(fate.value)
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if fate is Fate.SLOW_DOWN else {}
        return reply_to(call, Received(status, headers, body, True), elapsed_ms=1, secrets=[])

    def _read(self, call: wire.Call) -> bytes:
        subscription = call.url.rpartition("/")[2]
        shown = [
            {"subscriptionEventId": event["eventId"], "title": event["title"]}
            for event in self.calendars.get(subscription, {}).values()
        ]
        return orjson.dumps({"subscriptionId": subscription, "eventsVisibleToSubscription": shown})

    def _change(self, call: wire.Call, *, acts: bool, arrives: bool) -> bytes:
        told = orjson.loads(call.body) if call.body else {}
        event = told.get("event", {"eventId": call.url.rpartition("/")[2]})
        kind = _kind(call)
        if arrives:
            self.arrived.append((kind, event["eventId"]))
        if acts:
            self.acted.add((kind, event["eventId"]))
            self._write(kind, event, told.get("subscriptionIds", []))
        return b""

    def _write(self, kind: str, event: dict[str, str], subscriptions: Sequence[str]) -> None:
        for subscription in subscriptions:
            self.calendars.setdefault(subscription, {})[event["eventId"]] = event
        for calendar in self.calendars.values():
            if kind == "delete":
                calendar.pop(event["eventId"], None)
            elif event["eventId"] in calendar:
                calendar[event["eventId"]] = event


def _kind(call: wire.Call) -> str:
    if call.method == "DELETE":
        return "delete"
    return "update" if call.url.endswith("/update") else "create"


def line_to(send: Callable[[Sequence[wire.Call]], Sequence[wire.Reply]]) -> type:
    """A stand-in for the engine's line without thread and sockets, which is much faster; calls go to ``send``."""

    class Line:
        is_slow = False

        def __init__(self, _sender: object) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send(self, calls: Sequence[wire.Call], **_options: object) -> Future[Sequence[wire.Reply]]:
            replies: Future[Sequence[wire.Reply]] = Future()
            replies.set_result(send(calls))
            return replies

    return Line

"""Doing what the schedule says to real processes, servers and people's buttons."""

import heapq
import itertools
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Timer
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from kombu import Connection, Producer

from campaigns import tasks
from campaigns.management import quarantine
from campaigns.models import Delivery, Send
from campaigns.pipeline import clockwork, compose
from tests.chaos.door import Door
from tests.chaos.mischief import Act
from tests.chaos.stack import Broker, Database
from tests.sandbox_process import Sandbox
from tests.workers import Running, Workers

Result = TypeVar("Result")
REFUSED_SECONDS = 1.0
PAUSED_SECONDS = 1.5
AT_WORK_SECONDS = 2.0
HELD_SECONDS = 2.5
TAKING_SECONDS = 1.5
SECOND_CLOCK_SECONDS = 3.0


def patiently(do: Callable[[], Result], *, seconds: float = 30) -> Result:
    """Do something with the database, which may be away for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return do()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Night:
    """Does acts, remembers what is to be undone later, and starts again whoever died."""

    def __init__(
        self,
        *,
        send: Send,
        staff: User,
        database: Database,
        broker: Broker,
        rokt: Sandbox,
        door: Door,
        workers: Workers,
    ) -> None:
        self.send, self.staff = send, staff
        self.database, self.broker = database, broker
        self.rokt, self.door, self.workers = rokt, door, workers
        self.done: Counter[str] = Counter()
        self.names = (f"clock-{number}" for number in itertools.count())
        self.undoing: list[tuple[float, int, Callable[[], object]]] = []

    def do(self, act: Act) -> None:
        """Do one act."""
        getattr(self, f"_{act.verb}")(act)
        self.done[act.verb] += 1

    def look_after(self) -> None:
        """Undo what has lasted long enough, and start workers that ended."""
        while self.undoing and self.undoing[0][0] <= time.monotonic():
            heapq.heappop(self.undoing)[2]()
        for process in [each for each in self.workers.processes if each.poll() is not None]:
            self.workers.processes.remove(process)
            if settings.IS_EMBEDDED_BROKER:
                quarantine.clear(settings.QUEUE_DIR)  # as the supervisor does before each start
            self.workers.start()
            self.done["started again"] += 1

    def end(self) -> None:
        """Undo everything that is still to be undone."""
        for _at, _number, undo in sorted(self.undoing):
            undo()
        self.undoing.clear()

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        heapq.heappush(self.undoing, (time.monotonic() + seconds, id(do), do))

    def _worker(self, act: Act) -> Running:
        """Pick a worker, once calls are on the wire: one that is idle has nothing to lose."""
        tasks.wake(self.send.account_id)
        deadline = time.monotonic() + AT_WORK_SECONDS
        while time.monotonic() < deadline and not patiently(self._is_sending):
            time.sleep(0.02)
        return self.workers.processes[act.place % len(self.workers.processes)]

    def _is_sending(self) -> bool:
        return Delivery.objects.filter(state=Delivery.State.SENDING).exists()

    def _kill(self, act: Act) -> None:
        _signal_group(self._worker(act).pid, signal.SIGKILL)

    def _kill_child(self, act: Act) -> None:
        found = subprocess.run(["pgrep", "-P", str(self._worker(act).pid)], capture_output=True, text=True)
        for pid in found.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    def _freeze(self, act: Act) -> None:
        pid = self._worker(act).pid
        _signal_group(pid, signal.SIGSTOP)
        lease = float(self.workers.environment["LEASE_SECONDS"])
        # Not `_later`: on SQLite it may hold the lock that this process waits for meanwhile.
        thaw = Timer(lease + 1.5, _signal_group, (pid, signal.SIGCONT))
        thaw.daemon = True
        thaw.start()

    def _terminate(self, act: Act) -> None:
        self._worker(act).terminate()

    def _clocks(self, _act: Act) -> None:
        beat = self.workers.start_beat(next(self.names))
        self._later(SECOND_CLOCK_SECONDS, beat.kill)
        with ThreadPoolExecutor(3) as clocks:
            list(clocks.map(_tick, range(6)))

    def _wipe_broker(self, _act: Act) -> None:
        self.broker.wipe()

    def _restart_broker(self, _act: Act) -> None:
        self.broker.restart()

    def _restart_database(self, _act: Act) -> None:
        self.database.restart()

    def _repeat_messages(self, _act: Act) -> None:
        for _ in range(6):
            tasks.wake(self.send.account_id)
            tasks.look_now()

    def _hold_messages(self, _act: Act) -> None:
        held = self._with_queue(_take)
        if held:
            self._later(HELD_SECONDS, partial(self._with_queue, partial(_bring_twice, held)))
            self.done["messages held"] += len(held)

    def _with_queue(self, do: Callable[[Any, str], Any]) -> Any:
        options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        with (
            Connection(self.broker.url, transport_options=options) as broker,
            # It may be away, without the queue, or hold a message that cannot be read.
            suppress(*broker.connection_errors, *broker.channel_errors, OSError, ValueError),
        ):
            return do(broker.default_channel, settings.CELERY_TASK_DEFAULT_QUEUE)

    def _pause(self, _act: Act) -> None:
        self._press(compose.pause)
        self._later(PAUSED_SECONDS, partial(self._press, compose.resume))

    def _press(self, button: Callable[..., None]) -> None:
        with suppress(compose.NotPossibleError):
            patiently(lambda: button(Send.objects.get(pk=self.send.pk), by=self.staff))

    def _refuse(self, _act: Act) -> None:
        self.rokt.clear_faults()  # one that hurts the breaker's probe would cost another minute
        self.door.close()
        self._later(REFUSED_SECONDS, self.door.open)

    def _fault(self, act: Act) -> None:
        self.rokt.fault(**act.fault)
        self.done[f"fault {act.fault['fault']}"] += 1


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _tick(_number: int) -> None:
    try:
        patiently(clockwork.start_due)
        patiently(clockwork.tidy)
    finally:
        connection.close()


def _take(channel: Any, queue: str) -> list[Any]:
    """Take what comes into the queue for a moment, ahead of the workers where that succeeds."""
    held: list[Any] = []
    deadline = time.monotonic() + TAKING_SECONDS
    while time.monotonic() < deadline:
        message = channel.basic_get(queue, no_ack=True)
        if message is None:
            time.sleep(0.01)
        else:
            held.append(message)
    return held


def _bring_twice(held: list[Any], channel: Any, queue: str) -> None:
    producer = Producer(channel)
    for message in [*held, *reversed(held)]:
        producer.publish(
            message.body,
            exchange="",
            routing_key=queue,
            headers=message.headers,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            **{name: message.properties.get(name) for name in ("correlation_id", "reply_to")},
        )

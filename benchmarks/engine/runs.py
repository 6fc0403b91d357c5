"""The measurements: each beside its baseline in the same run, in calls that the sink saw."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from benchmarks.database import worker_database
from benchmarks.engine import peers, stage
from benchmarks.engine.sink import Sink

if TYPE_CHECKING:
    from campaigns.models import Send
    from tests.workers import Workers

BODY = (
    b'{"event":{"eventId":"Event_0001_user-1","title":"Summer"},"subscriptionIds":["06423672"]}' + b" " * 500
)


@contextmanager
def workers(count: int, sink: Sink, **environment: str) -> Iterator["Workers"]:
    """Run Celery workers that are ready for work."""
    from tests.workers import Workers, wait_until

    class Bench(Workers):
        app = "benchmarks.engine.app"

    place = urlsplit(sink.url).netloc
    with Bench(count, ROKT_HOSTS=place, TICK_SECONDS="10", **environment) as running:
        from campaigns.models import Heartbeat

        wait_until(Heartbeat.objects.exists, seconds=60, what="the first tick")
        time.sleep(3)  # all of them are up by now
        yield running


def begin(send: "Send", running: "Workers") -> "Send":
    """Freeze the audience of a send and wake every worker; the clock looks every ten seconds, as in production."""
    from campaigns import tasks

    stage.start(send)
    for _worker in running.processes:
        tasks.send_for_account.apply_async((send.account_id,), queue=running.environment["QUEUE_NAME"])
    return send


def speed(sink: Sink, *, first: int, count: int) -> float:
    """Calls a second between the twentieth part of them and the last but a twentieth."""
    times = sink.arrivals(after=first)[:count]
    low, high = len(times) // 20, len(times) - len(times) // 20 - 1
    return (high - low) / (times[high] - times[low])


def wait_for(sink: Sink, count: int, *, seconds: float = 900) -> None:
    """Wait until so many calls have arrived."""
    deadline = time.monotonic() + seconds
    while sink.count() < count:
        assert time.monotonic() < deadline, f"{sink.count()} of {count} calls in {seconds} s"
        time.sleep(0.1)


def finished(send: "Send", *, seconds: float = 900) -> "Send":
    """Wait until a send is finished, and see that everybody got it and the books balance."""
    from campaigns.models import Send
    from campaigns.pipeline.record import books

    deadline = time.monotonic() + seconds
    while send.state != Send.State.FINISHED:
        assert time.monotonic() < deadline, f"{send.books} after {seconds} s"
        time.sleep(0.1)
        send.refresh_from_db()
    assert send.accepted_count == send.audience_count, send.books
    assert books.check(send).holds
    return send


def two_workers(*, people: int, few: int, rounds: int) -> Iterator[tuple[float, float]]:
    """Per round: deliveries a second of the engine, and of a task for each person, with two workers each."""
    with worker_database(), Sink() as sink:
        from campaigns.models import Delivery

        account = stage.make_account(sink.url)
        stage.make_people(people)
        with workers(2, sink) as running:
            queue = running.environment["QUEUE_NAME"]
            for number in range(rounds):
                first = sink.count()
                send = begin(stage.schedule(account, 2 * number + 1), running)
                wait_for(sink, first + people)
                engine = speed(sink, first=first, count=people)
                finished(send)
                plain = stage.schedule(account, 2 * number + 2)
                account.stopped_at = plain.scheduled_at  # the engine keeps away
                account.save()
                stage.start(plain)
                first = sink.count()
                for pk in (
                    Delivery.objects.filter(send=plain).order_by("pk").values_list("pk", flat=True)[:few]
                ):
                    peers.deliver_one.apply_async((pk,), queue=queue)
                wait_for(sink, first + few)
                yield engine, speed(sink, first=first, count=few)
                plain.state, account.stopped_at = plain.State.CANCELLED, None
                plain.save()
                account.save()


def one_worker(*, people: int, rounds: int) -> Iterator[tuple[float]]:
    """Per round: deliveries a second of one Celery worker."""
    for _ in range(rounds):
        with worker_database(), Sink() as sink:
            account = stage.make_account(sink.url)
            stage.make_people(people)
            with workers(1, sink) as running:
                send = begin(stage.schedule(account), running)
                finished(send)
                yield (speed(sink, first=0, count=people),)


def drained(sink: Sink, *, people: int, at_once: int) -> float:
    """Deliveries a second of one process."""
    from campaigns.pipeline import deliver

    account = stage.make_account(sink.url, at_once=at_once)
    stage.make_people(people)
    send = stage.start(stage.schedule(account))
    first = sink.count()
    deliver.drain(account, seconds=900)
    finished(send)
    return speed(sink, first=first, count=people)


def one_process(*, people: int, rounds: int) -> Iterator[tuple[float, float, float]]:
    """Per round: deliveries a second of one process, of a bare aiohttp loop, and of one on uvloop."""
    import uvloop

    for _ in range(rounds):
        with Sink() as sink, worker_database():
            url = f"{sink.url}/v1/subscriptionevent/shop"
            bare: Callable[..., float] = peers.bare_loop
            yield (
                drained(sink, people=people, at_once=1_000),
                bare(url, BODY, count=people, at_once=64),
                bare(url, BODY, count=people, at_once=64, run=uvloop.run),
            )


def slow_answers(*, people: int, rounds: int) -> Iterator[tuple[float, float]]:
    """Per round, where each answer takes 50 ms: one process with 256 calls open, and sessions in 64 threads."""
    for _ in range(rounds):
        with Sink(50) as sink, worker_database():
            engine = drained(sink, people=people, at_once=256)
            yield engine, peers.threads(f"{sink.url}/v1/subscriptionevent/shop", BODY, count=people // 4)


def freeze(*, people: int) -> float:
    """Seconds to freeze an audience."""
    with worker_database():
        account = stage.make_account("http://127.0.0.1:9")
        stage.make_people(people)
        send = stage.schedule(account)
        started = time.perf_counter()
        stage.start(send)
        assert send.audience_count == people
        return time.perf_counter() - started


class Long(NamedTuple):
    """A large send with two workers: seconds from queued to finished, for each 100,000, and memory in MB."""

    people: int
    seconds: float
    per_100k: list[float]
    peak_mb: float


def long_send(*, people: int) -> Long:
    """Send to everybody with two workers."""
    with worker_database(), Sink() as sink:
        account = stage.make_account(sink.url)
        stage.make_people(people)
        with workers(2, sink) as running:
            started = time.monotonic()
            send = begin(stage.schedule(account), running)
            finished(send, seconds=1_800)
            seconds = time.monotonic() - started
            times = sink.arrivals()
            marks = range(0, len(times), max(len(times) // 10, 1))
            step = max(len(times) // 10, 1)
            each = [(times[min(at + step, len(times)) - 1] - times[at]) * 100_000 / step for at in marks]
            return Long(people, seconds, each, _peak_mb(running))


def _peak_mb(running: "Workers") -> float:
    """The largest resident size of any process of the workers."""
    groups = {process.pid for process in running.processes}
    mine = [
        folder for folder in Path("/proc").iterdir() if folder.name.isdigit() and _group(folder) in groups
    ]
    return max(_high_water_mb(folder) for folder in mine)


def _group(folder: Path) -> int:
    try:
        return os.getpgid(int(folder.name))
    except ProcessLookupError:
        return 0


def _high_water_mb(folder: Path) -> float:
    lines = (folder / "status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


class Paced(NamedTuple):
    """On a limit: calls in all as a share of what the limit allows, and the most in any one second."""

    share: float
    most_in_a_second: int


def on_a_limit(*, rate: int, burst: int, seconds: int) -> Paced:
    """Stay on a limit with four workers."""
    with worker_database(), Sink() as sink:
        account = stage.make_account(sink.url, at_once=64, rate=rate, burst=burst)
        stage.make_people(rate * (seconds + 20))
        with workers(4, sink, WORKERS_PER_ACCOUNT="4") as running:
            begin(stage.schedule(account), running)
            wait_for(sink, rate * 5)
            times = sink.arrivals()
            since = times[-1]
            time.sleep(seconds)
            times = [at for at in sink.arrivals() if since < at <= since + seconds]
    most, behind = 0, 0
    for place, at in enumerate(times):
        while times[behind] <= at - 1:
            behind += 1
        most = max(most, place - behind + 1)
    return Paced(len(times) / (rate * seconds), most)

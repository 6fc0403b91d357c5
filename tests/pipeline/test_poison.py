"""Black boxes: whom a process was writing when it died is counted once, and the living are left alone."""

import os
import resource
import shutil
import struct
import subprocess
import sys
import threading
from functools import partial
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from campaigns.models import Account, Crash, Delivery, DryRun, Send, Subscriber
from campaigns.pipeline import blackbox, clockwork, compose, deliver, dryrun, fetch, record
from tests.builders import make_subscriber
from tests.pipeline.running import queue, run, states, subscription
from tests.pipeline.test_asking import Weather, people, with_weather

pytestmark = pytest.mark.django_db

OWNER = """
import sys
from campaigns.pipeline import blackbox
box = blackbox.mine()
box[0] = int(sys.argv[1])
print(len(box), flush=True)
sys.stdin.read()
"""


class Process:
    """Another process that is writing the call of a delivery."""

    def __init__(self, pk, **options):
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(pk)],
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "calendar_admin.settings", "DATA_DIR": str(folder())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"18\n"

    def die(self):
        self.process.kill()
        return self.process.communicate()[1].decode()


def folder():
    return blackbox.folder().parent


@pytest.fixture(autouse=True)
def data(settings, tmp_path):
    shutil.rmtree(blackbox.folder(), ignore_errors=True)  # a box that is gone is made anew, in the new place
    settings.DATA_DIR = tmp_path
    blackbox.warn.cache_clear()
    yield
    shutil.rmtree(blackbox.folder(), ignore_errors=True)


@pytest.fixture
def send(event, staff) -> Send:
    for number in range(3):
        subscription(make_subscriber(f"u{number}"), rokt_id=f"06423672-b6ba-4536-aa36-{number:012}")
    queued = queue(event, staff)
    shutil.rmtree(blackbox.folder())  # the box of this process, which has checked everybody
    return queued


def crashes() -> dict[str, int]:
    return dict(Crash.objects.values_list("delivery__external_id", "count"))


def a_dead_one(*ids: int, name: str = "1-a", dry_run: int = 0) -> None:
    blackbox.folder().mkdir(exist_ok=True)
    (blackbox.folder() / name).write_bytes(struct.pack("18q", *ids, *[0] * (17 - len(ids)), dry_run))


def files() -> list[str]:
    return sorted(path.name for path in blackbox.folder().iterdir())


def test_the_living_are_left_alone_and_the_dead_are_counted_once(send):
    somebody = send.deliveries.get(external_id="u1")
    process = Process(somebody.pk)
    try:
        record.count_crashes()
        assert crashes() == {}
        assert len(files()) == 1
    finally:
        process.die()

    record.count_crashes()
    record.count_crashes()
    assert crashes() == {"u1": 1}
    assert files() == []


@pytest.mark.parametrize("look", [clockwork.tidy, lambda: deliver.drain(Account.objects.get(), seconds=0)])
def test_the_clock_and_every_turn_look(look, send):
    a_dead_one(send.deliveries.get(external_id="u0").pk)

    look()

    assert crashes() == {"u0": 1}


def test_after_three_times_a_row_fails_alone_and_the_books_balance(send):
    poison = send.deliveries.get(external_id="u2")
    for number in range(3):
        a_dead_one(poison.pk, name=f"1-{number}")

    run(send)

    assert states(send) == {"u0": "accepted", "u1": "accepted", "u2": "failed"}
    poison.refresh_from_db()
    assert poison.reason == Delivery.Reason.KILLED_WORKERS
    assert (send.state, send.failed_count, send.accepted_count) == (Send.State.FINISHED, 1, 2)
    assert record.books.check(send).holds


def test_two_times_are_not_enough(send):
    for number in range(2):
        a_dead_one(send.deliveries.get(external_id="u2").pk, name=f"1-{number}")

    run(send)

    assert set(states(send).values()) == {"accepted"}


def test_a_retry_forgets_what_was_counted(send, staff):
    for number in range(3):
        a_dead_one(send.deliveries.get(external_id="u2").pk, name=f"1-{number}")
    run(send)

    assert compose.retry_failed(send, by=staff) == 1
    run(send)

    assert crashes() == {}
    assert set(states(send).values()) == {"accepted"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 5,
        b"\xff" * 144,
        b"\x7f" * 144,
        b"x" * 5_000_000,
        struct.pack("18q", 987_654_321, *[0] * 17),
    ],
    ids=["empty", "short", "negative", "nobody", "long", "unknown"],
)
def test_damaged_files_count_nobody_and_go(content, send):
    blackbox.folder().mkdir()
    (blackbox.folder() / "1-a").write_bytes(content)
    (blackbox.folder() / "a folder").mkdir()

    run(send)

    assert crashes() == {}
    assert "1-a" not in files()
    assert set(states(send).values()) == {"accepted"}


def test_who_is_not_waiting_any_more_is_not_counted(send):
    run(send)
    a_dead_one(*send.deliveries.values_list("pk", flat=True))

    record.count_crashes()

    assert crashes() == {}
    assert files() != ["1-a"]


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_the_same_moment_count_it_once(send):
    a_dead_one(send.deliveries.get(external_id="u0").pk)
    start = threading.Barrier(8)

    def look() -> None:
        start.wait()
        record.count_crashes()
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert crashes() == {"u0": 1}


def test_without_a_place_for_boxes_everybody_is_sent_to_and_it_is_said_once(send, caplog):
    blackbox.folder().write_text("a file where the folder should be")

    run(send)
    deliver.drain(Account.objects.get(), seconds=1)

    assert set(states(send).values()) == {"accepted"}
    assert caplog.text.count("black boxes cannot be kept") == 1


def test_on_a_full_disk_a_process_goes_on_without(send):
    full = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (0, 0))
    process = Process(send.deliveries.get(external_id="u0").pk, preexec_fn=full)

    assert "black boxes cannot be kept" in process.die()
    record.count_crashes()
    assert crashes() == {}


def test_nobody_is_named_once_a_batch_is_written(send):
    run(send)

    boxes = [path.read_bytes() for path in blackbox.folder().iterdir()]
    assert boxes == [bytes(144)]


class Onlooker(Weather):
    """Answers like the weather, and remembers whom the boxes name meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, set[int]] = {}

    def __call__(self, call, headers, *, attempt, allowed_hosts):
        named = (
            number
            for path in blackbox.folder().glob("*")
            for number in struct.unpack("18q", path.read_bytes())[:17]
        )
        self.seen[call.url.rpartition("-")[2]] = {number for number in named if number}
        return super().__call__(call, headers, attempt=attempt, allowed_hosts=allowed_hosts)


def test_texts_that_ask_name_everybody_at_once_and_a_suspect_alone(event, staff, monkeypatch):
    cache.clear()
    internet = Onlooker()
    monkeypatch.setattr("campaigns.pipeline.calls.Fetcher", partial(fetch.Fetcher, call=internet))
    people(4)
    with_weather(event)
    send = queue(event, staff)
    ids = dict(send.deliveries.values_list("external_id", "pk"))
    a_dead_one(ids["u1"], ids["u3"])
    internet.seen.clear()
    cache.clear()

    run(send)

    assert crashes() == {"u1": 1, "u3": 1}
    assert internet.seen["1"] == {ids["u1"]}
    assert internet.seen["3"] == {ids["u3"]}
    assert ids["u0"] in internet.seen["0"]
    assert ids["u2"] in internet.seen["2"]
    assert set(states(send).values()) == {"accepted"}


def test_a_dry_run_finds_who_stops_workers_and_the_send_leaves_them_out(event, staff):
    people(3)
    poison = Subscriber.objects.get(external_id="u1")
    draft = compose.draft(event, Send.Kind.CREATE)
    job = dryrun.ask(draft, by=staff)
    DryRun.objects.filter(pk=job.pk).update(  # as its dead worker has left it
        state=DryRun.State.RUNNING, moved_at=timezone.now() - dryrun.DEAD_AFTER * 2
    )
    for number in range(3):
        a_dead_one(poison.pk, name=f"1-{number}", dry_run=job.pk)
    clockwork.tidy()

    job = dryrun.run(job.pk)

    assert (job.state, job.ready_count, job.failing_count) == (DryRun.State.FINISHED, 2, 1)
    assert "stopped the worker three times" in job.causes.get(level="error").text
    assert crashes() == {}

    send = compose.queue(
        draft,
        by=staff,
        scheduled_at=timezone.now(),
        submit_token=uuid4(),
        leave_out=compose.LeaveOut("known to us"),
    )
    clockwork.start_due()
    for number in range(3):
        a_dead_one(send.deliveries.get(external_id="u1").pk, name=f"1-{number}")
    run(send)

    assert states(send) == {"u0": "accepted", "u1": "skipped", "u2": "accepted"}

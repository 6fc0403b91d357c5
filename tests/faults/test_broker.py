"""A broker that is down, wiped, doubled or late: it carries wake-ups only, so nothing may depend on it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from kombu import Connection

from calendar_admin.celery import app
from campaigns import tasks
from campaigns.models import Account, Send
from campaigns.pipeline import clockwork, compose
from tests.builders import checked, make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled
from tests.pipeline.running import CREATE, queue, run
from tests.sandbox_process import Sandbox
from tests.workers import ROOT, Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def finished(send: Send) -> bool:
    send.refresh_from_db()
    return send.state == Send.State.FINISHED


def arrived(rokt: Sandbox, count: int) -> bool:
    return bool(rokt.summary()["events"] >= count)


def test_a_send_whose_wake_up_was_never_published_goes_out_with_the_next_tick(event, rokt, settings):
    make_crowd(50)
    send = compose.queue(
        checked(compose.draft(event, CREATE)),
        by=make_user(),
        scheduled_at=timezone.now(),
        submit_token=uuid4(),
    )

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0]):
        wait_until(lambda: finished(send), seconds=30, what="the end of the send")

    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    assert rokt.summary()["posted_twice"] == {}


def test_a_broker_that_is_down_costs_nothing_but_time(event, rokt, monkeypatch, caplog):
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "amqp", app.amqp.__class__(app))
    monkeypatch.setattr(app, "_pool", None)
    make_crowd(5)

    send = queue(event, make_user())
    with transaction.atomic():
        tasks.look_now()

    assert "no broker for campaigns.tasks.tick" in caplog.text
    assert run(send).state == Send.State.FINISHED


def test_a_queue_folder_that_is_gone_costs_nothing_but_time(event, rokt, caplog, monkeypatch):
    def no_folder(*_args: object, **_options: object) -> None:
        raise FileNotFoundError("the queue folder is gone")

    monkeypatch.setattr(tasks.tick, "apply_async", no_folder)

    with transaction.atomic():
        tasks.look_now()

    assert "the queue folder is gone" in caplog.text


def test_a_wiped_broker_loses_nothing(event, rokt, settings):
    Account.objects.update(rate_per_second=100, burst_count=20)
    make_crowd(1_000)
    send = queue(event, make_user())

    with Workers(2, ROKT_HOSTS=settings.ROKT_HOSTS[0]) as workers:
        for enough in (100, 400, 700):
            wait_until(partial(arrived, rokt, enough), seconds=60, what=f"{enough} people")
            workers.wipe_the_queue()
            assert not finished(send)
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    assert rokt.summary()["posted_twice"] == {}


def test_every_message_twice_and_many_clocks_at_once_send_once(event, rokt, settings):
    make_crowd(300)
    send = compose.queue(
        checked(compose.draft(event, CREATE)),
        by=make_user(),
        scheduled_at=timezone.now(),
        submit_token=uuid4(),
    )

    def clock(_number: int) -> None:
        try:
            clockwork.start_due()
            clockwork.tidy()
        finally:
            connection.close()

    with Workers(2, ROKT_HOSTS=settings.ROKT_HOSTS[0]) as workers:
        second_beat = workers.start_beat("second")
        ticks = [
            subprocess.Popen([sys.executable, "manage.py", "tick"], cwd=ROOT, env=workers.environment)
            for _ in range(2)
        ]
        with ThreadPoolExecutor(4) as clocks:
            list(clocks.map(clock, range(8)))
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")
        assert [tick.wait() for tick in ticks] == [0, 0]
        assert second_beat.poll() is None

    assert send.audience_count == 300
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    assert rokt.summary()["posted_twice"] == {}


def test_no_worker_sees_a_message_file_before_it_is_whole(tmp_path):
    messages = tmp_path / "messages"
    messages.mkdir()
    folders = {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": tmp_path / "control",
    }
    seen_while_writing: list[str] = []

    class Slow:
        def __json__(self) -> str:
            seen_while_writing.extend(path.name for path in messages.glob("*.msg"))
            return "said"

    with Connection("filesystem://", transport_options=folders) as connection_to_files:
        channel: Any = connection_to_files.channel()
        channel._put("calls", {"body": Slow()})

        assert seen_while_writing == []
        assert channel._get("calls") == {"body": "said"}
        assert list(messages.iterdir()) == []

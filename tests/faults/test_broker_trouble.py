"""A broker that never answers, cannot write, or goes away for a while (docs/reliability.md, F13, F17, F18)."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as configured
from kombu import Connection

from campaigns.management import quarantine
from campaigns.models import Account, Send
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import PATIENT, finished, has_sent
from tests.pipeline.running import queue
from tests.proxy import Proxy
from tests.workers import ROOT, Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

on_redis = pytest.mark.skipif(not configured.CELERY_BROKER_URL.startswith("redis"), reason="needs Redis")
on_a_server = pytest.mark.skipif(configured.IS_EMBEDDED_BROKER, reason="needs Redis or RabbitMQ")


@contextmanager
def proxied() -> Iterator[tuple[Proxy, str]]:
    """Stand between the workers and the broker; the address is that of the broker through the proxy."""
    place = urlsplit(configured.CELERY_BROKER_URL)
    usual = 6379 if place.scheme.startswith("redis") else 5672
    with Proxy(place.hostname or "127.0.0.1", place.port or usual) as proxy:
        login = place.netloc.rpartition("@")[0] + "@" if place.username else ""
        yield proxy, urlunsplit(place._replace(netloc=f"{login}127.0.0.1:{proxy.port}"))


def has_ticked(clock: Workers) -> bool:
    """Whether a tick waits in the queue, to which nobody else listens."""
    with Connection(configured.CELERY_BROKER_URL) as broker, suppress(*broker.channel_errors):
        channel: Any = broker.default_channel
        queue = channel.queue_declare(clock.environment["QUEUE_NAME"], passive=True)
        return bool(queue.message_count)
    return False  # not even declared


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:{}/0", "amqp://127.0.0.1:{}//"])
def test_f13_a_broker_that_never_answers_keeps_nobody_waiting(broker, event, rokt, settings):
    make_crowd(3)
    make_user("admin")
    workers = Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT)

    with socket.create_server(("127.0.0.1", 0)) as mute:
        queued = subprocess.run(
            [sys.executable, "manage.py", "send", "Event_0001"],
            cwd=ROOT,
            env={**workers.environment, "BROKER_URL": broker.format(mute.getsockname()[1])},
            capture_output=True,
            timeout=240,  # it would wait for ever
        )

    assert queued.returncode == 0, queued.stderr
    assert b"no broker" in queued.stderr
    send = Send.objects.get()
    with workers:
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")
    assert set(posted(rokt).values()) == {1}


def test_f17_a_queue_folder_without_room_keeps_nobody_from_queueing(event, rokt, settings):
    make_crowd(3)
    make_user("admin")
    workers = Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT)

    queued = subprocess.run(
        [sys.executable, "-m", "tests.failpoints", "send", "Event_0001"],
        cwd=ROOT,
        env={
            **workers.environment,
            "FAILPOINT": "K1:full disk",
            "BROKER_URL": "filesystem://localhost",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
    )

    assert queued.returncode == 0, queued.stderr
    assert b"no broker" in queued.stderr
    quarantine.clear(
        Path(workers.folder.name) / "queue"
    )  # as the supervisor does before each start of a worker
    send = Send.objects.get()
    with workers:
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")
    assert set(posted(rokt).values()) == {1}


@on_a_server
def test_f18_a_clock_whose_broker_dropped_it_ticks_again():
    with proxied() as (proxy, broker), Workers(0, BROKER_URL=broker) as clock:
        for _time in range(2):
            wait_until(partial(has_ticked, clock), seconds=60, what="a tick")
            proxy.refused.clear()
            proxy.cut()
            wait_until(proxy.refused.is_set, seconds=60, what="the clock to look for the broker")
            proxy.mend()
            clock.wipe_the_queue()
        wait_until(partial(has_ticked, clock), seconds=60, what="a tick after the broker came back")


@on_redis
def test_f18_a_broker_that_goes_away_for_a_while_is_found_again(event, rokt, settings):
    Account.objects.update(rate_per_second=100, burst_count=20)
    make_crowd(700)
    send = queue(event, make_user())
    with (
        proxied() as (proxy, broker),
        Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT, BROKER_URL=broker),
    ):
        for enough in (50, 300):
            wait_until(partial(has_sent, send, enough), seconds=60, what=f"{enough} people")
            proxy.refused.clear()
            proxy.cut()
            wait_until(proxy.refused.is_set, seconds=60, what="somebody who looks for the broker")
            proxy.mend()
        wait_until(lambda: finished(send), seconds=90, what="the end of the send")

    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)

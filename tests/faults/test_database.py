"""A database that is cut off, locked, full, slow or at odds with the clock (docs/reliability.md, F10, F21 to F28)."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose
from tests.builders import checked, make_user
from tests.failpoints import FailingWorkers
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import PATIENT, QUICK, count, finished, has_sent, outcomes, sent_count
from tests.pipeline.running import CREATE, queue
from tests.proxy import Proxy
from tests.workers import ROOT, Workers, database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is no server")
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a disk of its own")
ACCEPTED = Attempt.Outcome.ACCEPTED


@pytest.fixture
def resend(account) -> None:
    """No doubt is looked into: whatever is not known to have arrived is sent again, and shows."""
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Stands between the workers and PostgreSQL."""
    place = urlsplit(database_url())
    with Proxy(place.hostname or "127.0.0.1", place.port or 5432) as proxy:
        yield proxy


def through(proxy: Proxy) -> str:
    """The address of the database behind the proxy, in the open: the proxy reads along."""
    place = urlsplit(database_url())
    host = place.netloc.rpartition("@")[0] + f"@127.0.0.1:{proxy.port}"
    return urlunsplit(place._replace(netloc=host, query="sslmode=disable"))


def arrived(rokt, count: int) -> bool:
    return sum(posted(rokt).values()) >= count


def assert_sent_once(send: Send, rokt) -> None:
    """Everybody got it with the first call, and nobody had to ask."""
    assert outcomes(send) == [ACCEPTED] * send.audience_count
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


def test_f10_leaving_before_the_commit_is_a_doubt_and_no_second_call(event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K9:leave", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")
        assert workers.failed == 1

    assert sent_count(send) == 3
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


@on_postgresql
def test_f21_connections_that_the_server_ends_cost_time_and_no_row(event, rokt, settings):
    Account.objects.update(rate_per_second=100, burst_count=20)
    make_crowd(300)
    send = queue(event, make_user())

    with Workers(2, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK):
        for enough in (40, 120, 200):
            wait_until(partial(has_sent, send, enough), seconds=60, what=f"{enough} people")
            end_all_other_connections()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert sent_count(send) == 300
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


def end_all_other_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@on_postgresql
def test_f22_answers_are_recorded_once_the_database_is_back(resend, event, rokt, settings, proxy):
    rokt.fault("latency", seconds=0.7)
    make_crowd(3)
    send = queue(event, make_user())

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT, DATABASE_URL=through(proxy)):
        wait_until(partial(arrived, rokt, 3), seconds=60, what="three calls at Rokt")
        proxy.cut()
        wait_until(proxy.refused.is_set, seconds=60, what="a worker that looks for its database")
        proxy.mend()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


@on_postgresql
def test_f22_a_database_that_is_gone_for_longer_than_the_lease_means_a_doubt(event, rokt, settings, proxy):
    rokt.fault("latency", seconds=0.7)
    make_crowd(3)
    send = queue(event, make_user())

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK, DATABASE_URL=through(proxy)):
        wait_until(partial(arrived, rokt, 3), seconds=60, what="three calls at Rokt")
        proxy.cut()
        leased = send.deliveries.filter(state=Delivery.State.SENDING)
        wait_until(
            lambda: not leased.filter(lease_until__gt=now()).exists(), seconds=60, what="the leases' end"
        )
        assert leased.count() == 3
        proxy.mend()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert sent_count(send) == 3
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


@on_postgresql
def test_f23_a_commit_whose_answer_is_lost_is_looked_up(resend, event, rokt, settings, proxy):
    proxy.lose_the_answer_to_commit_after(b'UPDATE "campaigns_attempt"')
    make_crowd(3)
    send = queue(event, make_user())

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT, DATABASE_URL=through(proxy)):
        wait_until(proxy.lost.is_set, seconds=60, what="the lost answer")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert not Attempt.objects.filter(is_late=True).exists()
    assert_sent_once(send, rokt)


@on_sqlite
def test_f24_another_writer_holds_answers_up_and_loses_none(resend, event, rokt, settings, admin):
    rokt.fault("latency", seconds=0.7)
    make_crowd(3)
    send = queue(event, make_user())

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT):
        wait_until(partial(arrived, rokt, 3), seconds=60, what="three calls at Rokt")
        other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert admin.get(f"/sends/{send.pk}/").status_code == 200, "whoever only reads does not wait"
        wait_until(lambda: all(call["status"] for call in rokt.log()), seconds=60, what="the answers")
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


def test_f24_answers_that_could_not_be_recorded_are_recorded_later(resend, event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K9:raise*2", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed == 2, seconds=60, what="two errors")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


@on_sqlite
def test_f25_on_a_full_disk_nothing_is_sent(resend, event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K5:full disk", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="a full disk")
        workers.processes[0].terminate()  # what it has in hand comes to its end first
        workers.processes[0].wait(timeout=60)
        assert posted(rokt) == {}, "no call without its intent"
        assert count(send, Delivery.State.QUEUED) == 3
        workers.start()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


def test_f26_a_claim_that_the_database_refuses_is_made_again(resend, event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K5:raise*2", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")
        assert workers.failed == 2

    assert_sent_once(send, rokt)


@on_postgresql
def test_f27_a_row_that_somebody_holds_keeps_nobody_else(resend, event, rokt, settings):
    make_crowd(5)
    send = queue(event, make_user())
    held = send.deliveries.order_by("pk").first()
    assert held is not None

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT):
        with transaction.atomic():
            Delivery.objects.select_for_update().get(pk=held.pk)
            wait_until(partial(arrived, rokt, 4), seconds=60, what="everybody else")
            wait_until(lambda: sent_count(send) == 4, seconds=60, what="everybody else's answers")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


@on_postgresql  # SQLite has no clock of its own
@pytest.mark.parametrize("skew_seconds", [7_200, -7_200])
def test_f28_a_host_whose_clock_is_wrong_neither_sweeps_nor_starts_early(
    skew_seconds, resend, event, rokt, settings
):
    rokt.fault("latency", seconds=3)
    make_crowd(3)
    send = queue(event, make_user())
    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(partial(arrived, rokt, 3), seconds=60, what="three calls at Rokt")
        tick = subprocess.run(
            [sys.executable, "-m", "tests.failpoints", "tick"],
            cwd=ROOT,
            env={**workers.environment, "FAILPOINT": f"clock:{skew_seconds}"},
            capture_output=True,
            text=True,
        )
        assert tick.returncode == 0, tick.stderr
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert_sent_once(send, rokt)


@on_postgresql
def test_f28_a_send_does_not_start_early_by_a_fast_clock(event, settings):
    make_crowd(1)
    send = compose.queue(
        checked(compose.draft(event, CREATE)),
        by=make_user(),
        scheduled_at=timezone.now() + timedelta(hours=1),
        submit_token=uuid4(),
    )
    workers = Workers(0, ROKT_HOSTS=settings.ROKT_HOSTS[0])

    tick = subprocess.run(
        [sys.executable, "-m", "tests.failpoints", "tick"],
        cwd=ROOT,
        env={**workers.environment, "FAILPOINT": "clock:7200"},
        capture_output=True,
        text=True,
    )

    assert tick.returncode == 0, tick.stderr
    send.refresh_from_db()
    assert send.state == Send.State.SCHEDULED
    workers.folder.cleanup()

"""Workers and commands that die, freeze or break at the crash points K1 to K12 (docs/reliability.md)."""

import os
import signal
import subprocess
import sys
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns.models import Account, Attempt, Delivery, Send
from campaigns.pipeline import compose
from tests.builders import checked, make_user
from tests.failpoints import FailingWorkers
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import PATIENT, QUICK, count, finished, outcomes
from tests.pipeline.running import CREATE, queue
from tests.workers import ROOT, Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WhenInDoubt = Account.WhenInDoubt
UNKNOWN, ACCEPTED = Attempt.Outcome.UNKNOWN, Attempt.Outcome.ACCEPTED


def queue_by_command(workers: Workers, failpoint: str) -> int:
    """Queue a send as staff do on a command line, in a process that fails; return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "tests.failpoints", "send", "Event_0001"],
        cwd=ROOT,
        env={**workers.environment, "FAILPOINT": failpoint},
        capture_output=True,
        start_new_session=True,
    ).returncode


def waiting_messages(workers: Workers) -> int:
    """How many wake-ups wait in the queue."""
    with workers.connection() as broker:
        try:
            return int(broker.SimpleQueue(workers.environment["QUEUE_NAME"]).qsize())
        except broker.channel_errors:  # nobody has ever put one there
            return 0


def test_k1_whoever_queues_dies_before_anybody_is_told(event, rokt, settings):
    make_crowd(3)
    make_user("admin")
    workers = Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT)

    assert queue_by_command(workers, "K1:kill") == -signal.SIGKILL
    send = Send.objects.get()
    assert send.state == Send.State.SCHEDULED
    with workers:
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


WAKE = """
from django.db import transaction
from campaigns import tasks
with transaction.atomic():
    tasks.wake(1)
    {end}
"""


@pytest.mark.parametrize(("end", "count"), [("pass", 2), ("raise SystemExit", 0)])
def test_k2_a_transaction_that_is_rolled_back_wakes_nobody(end, count, transactional_db):
    workers = Workers(0)
    script = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WAKE.format(end=end)]

    subprocess.run(script, cwd=ROOT, env=workers.environment, check=True)

    assert waiting_messages(workers) == count
    workers.folder.cleanup()


def test_k2_a_send_that_could_not_be_queued_is_not_there(event, rokt, settings):
    make_crowd(3)
    make_user("admin")
    workers = Workers(0, ROKT_HOSTS=settings.ROKT_HOSTS[0])

    assert queue_by_command(workers, "K2:raise") == 1

    assert not Send.objects.exists()
    assert waiting_messages(workers) == 0
    workers.folder.cleanup()


def test_k3_a_clock_that_dies_while_it_makes_the_deliveries_has_made_none(event, rokt, settings):
    make_crowd(3)
    send = compose.queue(
        checked(compose.draft(event, CREATE)),
        by=make_user(),
        scheduled_at=timezone.now(),
        submit_token=uuid4(),
    )

    with FailingWorkers("K3:kill", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the death of the worker")
        send.refresh_from_db()
        assert send.state == Send.State.SCHEDULED
        assert not send.deliveries.exists()
        workers.start()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert send.audience_count == 3
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


@pytest.mark.parametrize("who", ["kill", "kill child"])
def test_k5_dead_before_the_intent_is_known_means_nothing_was_sent(who, event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers(f"K5:{who}", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the death of the worker")
        if who == "kill":
            assert posted(rokt) == {}
            assert count(send, Delivery.State.QUEUED) == 3
            workers.start()  # Celery itself replaces a child that died
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert outcomes(send) == [ACCEPTED] * 3
    assert set(posted(rokt).values()) == {1}


@pytest.mark.parametrize("policy", [WhenInDoubt.VERIFY, WhenInDoubt.RESEND])
def test_k7_dead_before_the_bytes_left_means_one_post_after_a_doubt(policy, event, rokt, settings):
    Account.objects.update(when_in_doubt=policy)
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K7:kill", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the death of the worker")
        assert posted(rokt) == {}
        assert outcomes(send) == [Attempt.Outcome.OPEN] * 3
        workers.start()
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert outcomes(send) == [UNKNOWN] * 3 + [ACCEPTED] * 3
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


@pytest.mark.parametrize(
    ("policy", "posts"), [(WhenInDoubt.VERIFY, 1), (WhenInDoubt.RESEND, 2), (WhenInDoubt.HOLD, 1)]
)
def test_k9_dead_before_the_answers_are_recorded(policy, posts, event, rokt, settings):
    Account.objects.update(when_in_doubt=policy)
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K9:kill", ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the death of the worker")
        assert set(posted(rokt).values()) == {1}
        workers.start()
        if policy == WhenInDoubt.HOLD:
            wait_until(lambda: count(send, Delivery.State.IN_DOUBT) == 3, seconds=60, what="the doubts")
        else:
            wait_until(lambda: finished(send), seconds=60, what="the end of the send")
            assert_nothing_lost_and_nothing_silently_doubled(send, rokt)

    assert outcomes(send)[:3] == [UNKNOWN] * 3
    assert set(posted(rokt).values()) == {posts}
    bodies = set(Attempt.objects.exclude(operation=Attempt.Operation.VERIFY).values_list("body", flat=True))
    assert len(bodies) == 3, "a repeat carries the same bytes"


@pytest.mark.parametrize("death", ["kill", "leave"])
def test_k10_dead_after_the_answers_are_recorded_is_no_doubt(death, event, rokt, settings):
    Account.objects.update(when_in_doubt=WhenInDoubt.RESEND)
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers(f"K10:{death}", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the death of the worker")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert outcomes(send) == [ACCEPTED] * 3
    assert set(posted(rokt).values()) == {1}


def test_k10_a_commit_whose_answer_is_lost_is_looked_up(event, rokt, settings):
    Account.objects.update(when_in_doubt=WhenInDoubt.RESEND)
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K10:raise", ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the lost answer")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert not Attempt.objects.filter(is_late=True).exists()
    assert outcomes(send) == [ACCEPTED] * 3
    assert set(posted(rokt).values()) == {1}
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


def test_k11_a_worker_that_froze_before_its_calls_sends_none_of_them(event, rokt, settings):
    Account.objects.update(when_in_doubt=WhenInDoubt.RESEND)
    make_crowd(3)
    send = queue(event, make_user())

    with FailingWorkers("K7:freeze", 2, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: workers.failed, seconds=60, what="the frozen worker")
        wait_until(lambda: finished(send), seconds=60, what="the end of the send by the other worker")
        os.kill(workers.victim, signal.SIGCONT)
        stop_warmly(workers)

    assert set(posted(rokt).values()) == {1}, "the other worker has sent what the frozen one held"
    assert count(send, Delivery.State.ACCEPTED) == 3
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


def test_k11_an_answer_that_comes_after_the_lease_is_late_evidence(event, rokt, settings):
    Account.objects.update(when_in_doubt=WhenInDoubt.HOLD)
    make_crowd(3)
    rokt.fault("latency", seconds=0.7)
    send = queue(event, make_user())
    patient = {**QUICK, "ANSWER_SECONDS": "20"}

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **patient) as workers:
        wait_until(lambda: sum(posted(rokt).values()) == 3, seconds=60, what="three calls at Rokt")
        os.killpg(workers.processes[0].pid, signal.SIGSTOP)
        workers.start()
        wait_until(lambda: count(send, Delivery.State.IN_DOUBT) == 3, seconds=60, what="the sweep")
        os.killpg(workers.processes[0].pid, signal.SIGCONT)
        stop_warmly(workers)

    assert Attempt.objects.filter(is_late=True, outcome=ACCEPTED).count() == 3
    assert count(send, Delivery.State.ACCEPTED) == 3, "it settles the doubt"
    assert set(posted(rokt).values()) == {1}


def test_k12_dead_between_two_rows_of_a_batch_leaves_the_rest_in_the_queue(event, rokt, settings):
    Account.objects.update(when_in_doubt=WhenInDoubt.HOLD, at_once_count=4)
    make_crowd(12)
    rokt.fault("hang", share=0.5)
    send = queue(event, make_user())
    slow = {**QUICK, "ANSWER_SECONDS": "20"}

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **slow) as workers:
        wait_until(lambda: rokt.summary()["events"] == 4, seconds=60, what="a batch at Rokt")
        workers.kill(workers.processes[0])
        rokt.clear_faults()
        left = Delivery.State.QUEUED, Delivery.State.SENDING
        wait_until(lambda: not count(send, *left), seconds=60, what="the end of all that is certain")

    assert count(send, Delivery.State.ACCEPTED) + count(send, Delivery.State.IN_DOUBT) == 12
    assert set(posted(rokt).values()) == {1}, "all arrived, none twice"
    assert send.deliveries.filter(attempt_count=1).count() == 12


def stop_warmly(workers: Workers) -> None:
    """Ask every worker to stop; each finishes what it has in hand."""
    for process in workers.processes:
        process.terminate()
    for process in workers.processes:
        assert process.wait(timeout=30) == 0

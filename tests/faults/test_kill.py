"""Workers killed with SIGKILL in the middle of a send."""

from functools import partial

import pytest

from campaigns.models import Account, Attempt
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import finished, has_sent, sent_count
from tests.pipeline.running import queue
from tests.workers import Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# An answer may take longer beside other tests, and one that is not waited for is a doubt that no kill has made.
QUICK = {"ANSWER_SECONDS": "4", "LEASE_SECONDS": "8", "SETTLE_SECONDS": "0.5"}
KILLS = 5


@pytest.mark.parametrize("policy", [Account.WhenInDoubt.VERIFY, Account.WhenInDoubt.RESEND])
def test_five_kills_lose_nothing_and_every_double_was_in_doubt(policy, event, rokt, settings):
    people = 3_000
    Account.objects.update(when_in_doubt=policy)
    make_crowd(people)
    send = queue(event, make_user())

    with Workers(2, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        for kill in range(1, KILLS + 1):
            enough = people * kill // (KILLS + 2)
            wait_until(partial(has_sent, send, enough), seconds=60, what=f"progress before kill {kill}")
            workers.kill(workers.processes[0])
        wait_until(lambda: finished(send), seconds=120, what="the end of the send")

    assert send.audience_count == people
    assert sent_count(send) == people
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    doubted = Attempt.objects.filter(outcome=Attempt.Outcome.UNKNOWN).values("delivery").distinct().count()
    doubled = sum(count > 1 for count in posted(rokt).values())
    assert doubled <= doubted <= KILLS * 2 * 64, "at most two batches a worker"

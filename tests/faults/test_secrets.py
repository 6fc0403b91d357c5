"""Tokens that run out and keys that change in the middle of a send (docs/reliability.md, F41, F48, F49)."""

from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as configured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from campaigns.models import Account, Delivery, Event
from tests.builders import make_account, make_campaign, make_event, make_segment, make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import PATIENT, QUICK, count, finished, sent_count
from tests.pipeline.running import queue
from tests.sandbox_process import Sandbox
from tests.workers import Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_f41_tokens_that_run_out_all_the_time_cost_no_delivery(transactional_db, settings):
    with Sandbox("--token-seconds", "1") as rokt:
        settings.ROKT_HOSTS = [urlsplit(rokt.url).netloc]
        account = make_account(
            "acme", base_url=rokt.url, rate_per_second=40, burst_count=10, at_once_count=10
        )
        event: Event = make_event(
            make_campaign(account=account, segment=make_segment()), event_id="Event_0001"
        )
        make_crowd(120)
        send = queue(event, make_user())

        with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK):
            wait_until(lambda: finished(send), seconds=90, what="the end of the send")

        assert sent_count(send) == 120
        assert rokt.summary()["tokens_issued"] > 1
        assert {body["status"] for body in rokt.log()} <= {200, 202, 401}
        account.refresh_from_db()
        assert account.stopped_at is None


def test_f48_a_send_goes_on_under_a_new_key_while_the_old_one_is_still_listed(event, rokt, settings):
    Account.objects.update(rate_per_second=20, burst_count=10)
    make_crowd(140)
    send = queue(event, make_user())
    both = ",".join([Fernet.generate_key().decode(), *configured.FIELD_KEYS])

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **QUICK) as workers:
        wait_until(lambda: sent_count(send) >= 10, seconds=60, what="the first ten")
        workers.environment["FIELD_KEYS"] = both
        workers.kill(workers.processes[0])
        assert not finished(send)
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert sent_count(send) == 140
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)


def test_f49_under_a_wrong_key_nothing_is_sent_and_nothing_asked(event, rokt, settings):
    make_crowd(3)
    send = queue(event, make_user())
    wrong = Fernet.generate_key().decode()

    with Workers(1, ROKT_HOSTS=settings.ROKT_HOSTS[0], **PATIENT, FIELD_KEYS=wrong) as workers:
        wait_until(lambda: "InvalidToken" in workers.log.read_text(), seconds=60, what="a loud error")
        assert rokt.log() == []
        assert count(send, Delivery.State.QUEUED) == 3
        workers.environment["FIELD_KEYS"] = ",".join(configured.FIELD_KEYS)
        workers.kill(workers.processes[0])
        wait_until(lambda: finished(send), seconds=60, what="the end of the send")

    assert set(posted(rokt).values()) == {1}


def test_f49_a_wrong_key_is_told_before_anything_runs(account, settings):
    call_command("check", databases=["default"])
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(SystemCheckError, match="FIELD_KEYS cannot read the secrets"):
        call_command("check", databases=["default"])

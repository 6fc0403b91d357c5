"""One thing that goes wrong must not keep its neighbours: sends, accounts, the clock itself."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns import tasks
from campaigns.models import RateLimit, Send
from campaigns.pipeline import clockwork, compose
from tests.builders import checked, make_event, make_subscriber
from tests.pipeline.running import CREATE, queue, run, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_sends(event, staff, account) -> tuple[Send, Send]:
    for number in range(3):
        subscription(make_subscriber(external_id=f"u{number}"))
    other = make_event(event.campaign, event_id="Event_0002")
    first, second = (
        compose.queue(
            checked(compose.draft(each, CREATE)), by=staff, scheduled_at=timezone.now(), submit_token=uuid4()
        )
        for each in (event, other)
    )
    return first, second


def test_a_send_that_cannot_start_does_not_stop_the_clock(two_sends, caplog):
    bad, good = two_sends
    Send.objects.filter(pk=bad.pk).update(rule={"not": "a rule"})

    with caplog.at_level(logging.ERROR):
        assert clockwork.start_due() == [good.pk]

    assert f"send {bad.pk} could not be started" in caplog.text
    bad.refresh_from_db()
    assert bad.state == Send.State.SCHEDULED


def test_a_send_that_can_mean_nobody_any_more_is_over(two_sends):
    """The event that it asks for is gone: nobody needs to be looked for, and no later tick has to try again."""
    asked = {"field": "received_event", "op": "has_received", "values": ["Event_gone"]}
    bad, good = two_sends
    Send.objects.filter(pk=bad.pk).update(rule={"match": "all", "rules": [asked]})

    assert sorted(clockwork.start_due()) == [bad.pk, good.pk]

    bad.refresh_from_db()
    assert (bad.state, bad.audience_count) == (Send.State.FINISHED, 0)


def test_a_send_that_breaks_a_batch_does_not_starve_the_others(two_sends, caplog, rokt):
    bad, good = two_sends
    clockwork.start_due()
    Send.objects.filter(pk=bad.pk).update(content={"title": "not an event"})

    with caplog.at_level(logging.ERROR):
        run(good)

    good.refresh_from_db()
    assert good.state == Send.State.FINISHED
    assert f"send {bad.pk}: a batch went wrong" in caplog.text
    assert rokt.summary()["events"] == 3


def test_an_account_with_a_worker_at_it_is_not_woken_again(event, staff, account):
    subscription(make_subscriber())
    queue(event, staff)
    assert clockwork.accounts_with_work() == [account.pk]

    limit = RateLimit.objects.create(account=account, asked_at=timezone.now())
    assert clockwork.accounts_with_work() == []
    limit.asked_at = timezone.now() - timedelta(seconds=10)
    limit.save()

    assert clockwork.accounts_with_work() == [account.pk]


def test_a_turn_with_work_left_goes_on_in_one_new_task(event, staff, account, monkeypatch, settings):
    published = []
    monkeypatch.setattr(tasks, "_publish", lambda task, *args: published.append((task.name, args)))
    monkeypatch.setattr("campaigns.pipeline.deliver.drain", lambda account, *, seconds: True)

    tasks.send_for_account(account.pk)
    assert published == [("campaigns.tasks.send_for_account", (account.pk,))]
    tasks.send_for_account(account.pk + 1)
    assert len(published) == 1

    tasks.wake(account.pk)
    assert len(published) == 1 + settings.WORKERS_PER_ACCOUNT


def test_the_clock_finds_forgotten_imports(monkeypatch):
    started = []
    monkeypatch.setattr("campaigns.importing.forgotten", lambda: [7])
    monkeypatch.setattr(tasks, "_publish", lambda task, *args: started.append((task.name, args)))

    tasks.tick()

    assert ("campaigns.tasks.run_import", (7,)) in started

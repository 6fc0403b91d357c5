"""What keeps accounts from sending, the clock, webhooks and imports, as numbers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Breaker, Delivery, Halt, Import, Notice, RateLimit, Send, Token
from campaigns.pipeline import record
from campaigns.watch import heartbeat
from campaigns.watch.metrics import page
from tests import builders

pytestmark = pytest.mark.django_db
IN_A_MINUTE = timedelta(minutes=1)


def value(name: str, labels: str = "") -> float | None:
    """One number of the page; None where it does not stand there."""
    prefix = f"calendar_admin_{name}{labels} "
    found = [line.removeprefix(prefix) for line in page().splitlines() if line.startswith(prefix)]
    return float(found[0]) if found else None


def shop(name: str) -> float | None:
    return value(name, '{account="shop"}')


def test_a_stopped_account_is_told(account):
    assert shop("account_stopped") == 0

    account.stopped_at = timezone.now()
    account.save()

    assert shop("account_stopped") == 1


def test_a_breaker_is_closed_open_or_half_open(account):
    assert shop("breaker_state") == 0

    breaker = Breaker.objects.create(account=account, open_until=timezone.now() + IN_A_MINUTE)
    assert shop("breaker_state") == 2

    breaker.open_until = timezone.now() - IN_A_MINUTE
    breaker.save()
    assert shop("breaker_state") == 1


def test_what_rokt_asked_for_is_told_as_long_as_it_lasts(account):
    row = RateLimit.objects.create(account=account, held_until=timezone.now() + IN_A_MINUTE)
    assert 0 < (shop("held_seconds") or 0) <= 60

    row.held_until = timezone.now() - IN_A_MINUTE
    row.save()
    assert shop("held_seconds") == 0


def test_a_token_has_an_age_and_an_end_unless_it_was_dropped(account):
    at = timezone.now()
    row = Token.objects.create(
        account=account, access_token="opaque", obtained_at=at - IN_A_MINUTE, expires_at=at + IN_A_MINUTE
    )
    assert 60 <= (shop("token_age_seconds") or 0) < 90
    assert 30 < (shop("token_expires_in_seconds") or 0) <= 60
    assert "opaque" not in page()

    row.access_token = ""
    row.save()
    assert shop("token_age_seconds") is None


def test_the_tick_has_an_age_from_its_first_beat_on():
    assert value("tick_age_seconds") is None

    heartbeat.beat(heartbeat.TICK)

    assert 0 <= (value("tick_age_seconds") or 0) < 30


def test_a_halt_of_all_sends_is_told():
    assert value("halted") == 0

    Halt.objects.create(made_at=timezone.now())

    assert value("halted") == 1


def test_progress_has_an_age_from_the_first_settled_row_on(event):
    send = builders.make_send(event, state=Send.State.SENDING)
    builders.make_delivery(send, Delivery.State.FAILED)
    assert shop("progress_age_seconds") is None

    record.requeue_failed(send)

    assert 0 <= (shop("progress_age_seconds") or 0) < 30


def test_what_was_accepted_never_falls_while_it_is_confirmed(event):
    send = builders.make_send(event, state=Send.State.SENDING)
    builders.make_delivery(send, Delivery.State.ACCEPTED)
    before = shop("accepted_total")

    record.books.move(send.pk, {Delivery.State.ACCEPTED: -1, Delivery.State.CONFIRMED: 1})

    assert shop("accepted_total") == before == 1


def test_rows_behind_the_first_people_of_a_careful_start_are_not_due(event):
    send = builders.make_send(event, state=Send.State.SENDING)
    row = builders.make_delivery(send, Delivery.State.QUEUED, due_at=timezone.now() - IN_A_MINUTE)
    Send.objects.filter(pk=send.pk).update(held_after_id=row.pk - 1)
    assert shop("oldest_due_seconds") == 0

    Send.objects.filter(pk=send.pk).update(held_after_id=row.pk)
    assert (shop("oldest_due_seconds") or 0) >= 60


def test_webhooks_that_wait_and_imports_that_run_are_told(account):
    at = timezone.now()
    for number, due_at in enumerate((at, at, None)):
        Notice.objects.create(
            account=account,
            event_id=f"n{number}",
            event_type="Subscribe",
            body="{}",
            received_at=at,
            due_at=due_at,
        )
    builders.make_import(state=Import.State.RUNNING)
    builders.make_import(state=Import.State.FINISHED)

    assert value("notices_waiting") == 2
    assert value("imports", '{state="running"}') == 1
    assert value("imports", '{state="waiting"}') == 0


def test_the_page_takes_few_questions_however_many_accounts_there_are(django_assert_max_num_queries):
    for _ in range(30):
        builders.make_send(state=Send.State.SENDING)

    with django_assert_max_num_queries(14):
        page()

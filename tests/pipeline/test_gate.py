"""What all workers of an account share: the token, the rate, the breaker."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.models import Account, Breaker, RateLimit, Token
from campaigns.pipeline import gate
from campaigns.pipeline.deliver import Turn
from tests.builders import make_account


@pytest.mark.django_db(transaction=True)
def test_twelve_workers_with_a_token_that_has_run_out_ask_for_one(rokt):
    make_account("acme", base_url=rokt.url)
    bearers: list[str] = []
    start = threading.Barrier(12)

    def work() -> None:
        try:
            account = Account.objects.get()
            start.wait()
            with Turn(account) as turn:
                bearers.append(turn._bearer())
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert rokt.summary()["tokens_issued"] == 1
    assert Counter(bearers).most_common(1)[0][1] == 12
    assert bearers[0]


@pytest.mark.django_db
def test_a_token_is_stored_encrypted(account):
    Token.objects.create(account=account, access_token="s3cret-token")

    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM campaigns_token")
        [stored] = cursor.fetchone()

    assert "s3cret" not in stored
    assert Token.objects.get().access_token == "s3cret-token"


@pytest.mark.django_db
def test_a_refused_token_is_dropped_only_while_it_is_the_one_stored(account):
    Token.objects.create(account=account, access_token="new", obtained_at=timezone.now())
    shelf = gate.TokenShelf(account.pk)

    shelf.forget("old")
    assert Token.objects.get().access_token == "new"
    shelf.forget("new")

    assert Token.objects.get().access_token == ""
    assert shelf.read() is None


@pytest.mark.django_db
def test_the_rate_grants_a_burst_and_then_the_steady_rate():
    account = make_account(rate_per_second=100, burst_count=10)
    started = timezone.now()

    may_leave = []
    for passed in range(0, 500, 7):  # milliseconds
        grant = gate.reserve(account, wanted=50, at=started + timedelta(milliseconds=passed))
        may_leave += [passed / 1_000 + grant.first + n * grant.interval for n in range(grant.count)]

    assert sum(turn < 0.001 for turn in may_leave) == 10, "a burst at once"
    assert max(may_leave) <= 0.5 + gate.AHEAD_SECONDS, "and little ahead of its time"
    for begin in (0, 0.1, 0.2):
        assert sum(begin < turn <= begin + 0.2 for turn in may_leave) <= 20 + 10


@pytest.mark.django_db
def test_an_empty_bucket_says_how_long_to_wait():
    account = make_account(rate_per_second=1, burst_count=1)
    assert gate.reserve(account, wanted=5).count == 1

    refusal = gate.reserve(account, wanted=5)

    assert refusal.count == 0
    assert 0.9 < refusal.wait_seconds <= 1


@pytest.mark.django_db
def test_a_longer_hold_is_not_shortened_by_a_shorter_one():
    account = make_account()
    gate.hold(account, seconds=60)
    gate.hold(account, seconds=1)

    assert gate.reserve(account, wanted=1).wait_seconds > 55
    RateLimit.objects.update(held_until=timezone.now())
    assert gate.reserve(account, wanted=1).count == 1


@pytest.mark.django_db
def test_the_breaker_opens_when_seven_of_ten_calls_fail_and_rests_longer_each_time():
    account = make_account()
    gate.tell_breaker(account, good_count=4, bad_count=6)
    assert gate.may_call(account) > 1
    gate.tell_breaker(account, good_count=0, bad_count=4)
    assert gate.may_call(account) == 0

    rests = []
    for _ in range(7):
        Breaker.objects.update(open_until=timezone.now())
        assert gate.may_call(account) == 1
        assert gate.may_call(account) == 0, "one probe at a time"
        gate.tell_breaker(account, good_count=0, bad_count=1)
        until = Breaker.objects.get().open_until
        assert until is not None
        rests.append(round((until - timezone.now()).total_seconds()))

    assert rests == [60, 120, 240, 480, 600, 600, 600]


@pytest.mark.django_db
def test_a_quiet_minute_forgets_old_failures():
    account = make_account()
    gate.tell_breaker(account, good_count=1, bad_count=8)
    Breaker.objects.update(window_started_at=timezone.now() - timedelta(minutes=2))

    gate.tell_breaker(account, good_count=1, bad_count=1)

    assert gate.may_call(account) > 1


@pytest.mark.django_db
def test_a_stopped_account_keeps_its_first_reason():
    account = make_account()
    gate.stop(account, "first")
    gate.stop(account, "second")

    account.refresh_from_db()
    assert account.stopped_reason == "first"


@pytest.mark.django_db
def test_a_probe_that_the_rate_keeps_back_is_nobodys():
    account = make_account()
    gate.tell_breaker(account, good_count=0, bad_count=10)
    Breaker.objects.update(open_until=timezone.now())
    gate.hold(account, seconds=60)
    assert gate.admit(account, wanted=5).count == 0

    RateLimit.objects.update(held_until=None)

    assert gate.admit(account, wanted=5).count == 1


@pytest.mark.django_db
def test_calls_beyond_a_grant_are_taken_out_of_what_may_leave_later():
    account = make_account(rate_per_second=1, burst_count=1)
    grant = gate.admit(account, wanted=5)

    gate.owe(account, count=9)

    assert grant.count == 1
    assert 8.5 < gate.admit(account, wanted=5).wait_seconds <= 10

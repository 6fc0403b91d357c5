"""Ten at once, and one that is killed: texts go exactly once, and nothing else does."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from campaigns import keeping
from campaigns.models import Attempt, Beat, Delivery, Halt, Purge, Send
from campaigns.pipeline.record import books, purge
from tests.builders import make_attempt, make_subscriber, make_workspace
from tests.keeping.conftest import ago, live, old_send, turn_back

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 60


@pytest.fixture
def send() -> Send:
    make_workspace()
    send = old_send(100)
    rows = [
        Delivery(
            send=send,
            subscriber=(person := make_subscriber()),
            external_id=person.external_id,
            state=Delivery.State.ACCEPTED,
            attempt_count=1,
            changed_at=ago(100),
        )
        for _ in range(PEOPLE)
    ]
    for row in Delivery.objects.bulk_create(rows):
        make_attempt(row, opened_at=ago(100))
    Send.objects.update(audience_count=PEOPLE, accepted_count=PEOPLE)
    return send


def purge_some(_number: int) -> int:
    try:
        return sum(iter(partial(purge.step, Purge.What.TEXTS, days=90), None))
    finally:
        connection.close()


def test_ten_at_once_remove_each_text_once(send, monkeypatch):
    monkeypatch.setattr(purge, "STEP_COUNT", 3)

    with ThreadPoolExecutor(10) as pool:
        gone = sum(pool.map(purge_some, range(10)))

    assert gone == PEOPLE
    assert set(Attempt.objects.values_list("body", "answer")) == {("", "")}
    assert Purge.objects.get().done_at is not None
    assert books.check(Send.objects.get(pk=send.pk)).holds


def notice(barrier: Barrier) -> bool:
    try:
        barrier.wait()
        return keeping.may_send()
    finally:
        connection.close()


def test_ten_that_notice_a_database_that_was_put_back_hold_it_once():
    for _round in range(5):
        Halt.objects.all().delete()
        Beat.objects.all().delete()
        turn_back(live(3)[-2])

        with ThreadPoolExecutor(10) as pool:
            assert not any(pool.map(notice, [Barrier(10)] * 10))

        assert Halt.objects.count() == 1


class KilledError(BaseException):
    """As sudden as SIGKILL: nothing catches it."""


def test_one_that_is_killed_leaves_a_whole_step_undone_and_the_next_does_it(send, monkeypatch):
    def die(*_args: object, **_options: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Purge, "save", die)
        with pytest.raises(KilledError):
            purge.step(Purge.What.TEXTS, days=90)
    assert not Attempt.objects.filter(body="").exists()

    assert purge.step(Purge.What.TEXTS, days=90) == PEOPLE

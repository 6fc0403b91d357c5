"""One token for all workers: who fetches, who waits, and what happens when the one who fetches fails."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from integrations.rokt.errors import AnswerUnreadableError, NoAnswerError
from integrations.rokt.token import Held, Token, obtain

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class MemoryShelf:
    """A shelf as the database keeps it, in memory."""

    def __init__(self, held: Held | None = None, *, taken: bool = False) -> None:
        self.held = held
        self.taken = taken
        self.lock = threading.Lock()

    def read(self) -> Held | None:
        return self.held

    def claim(self) -> bool:
        with self.lock:
            self.taken, before = True, self.taken
        return not before

    def store(self, token: Token) -> None:
        self.held = Held(token.access_token, NOON + timedelta(seconds=token.expires_in), NOON)
        self.taken = False

    def release(self) -> None:
        self.taken = False

    def forget(self, access_token: str) -> None:
        if self.held is not None and self.held.access_token == access_token:
            self.held = None


def held(seconds_left: float, life: float = 300) -> Held:
    expires_at = NOON + timedelta(seconds=seconds_left)
    return Held("old", expires_at, expires_at - timedelta(seconds=life))


def never() -> Token:
    raise AssertionError("nobody should fetch")


def obtained(shelf: MemoryShelf, fetch: Callable[[], Token] = lambda: Token("new", 300)) -> str:
    return obtain(shelf, fetch, now=lambda: NOON, wait=lambda seconds: None)


@pytest.mark.parametrize(("seconds_left", "life"), [(300, 300), (31, 300), (31, 3600), (6.1, 60), (0.6, 5)])
def test_a_fresh_token_is_used_without_asking(seconds_left: float, life: float):
    assert obtained(MemoryShelf(held(seconds_left, life)), never) == "old"


@pytest.mark.parametrize(("seconds_left", "life"), [(30, 300), (30, 3600), (6, 60), (0.5, 5), (-1, 300)])
def test_a_token_near_its_end_is_replaced(seconds_left: float, life: float):
    shelf = MemoryShelf(held(seconds_left, life))
    assert obtained(shelf) == "new"
    assert shelf.read() == Held("new", NOON + timedelta(seconds=300), NOON)
    assert not shelf.taken


def test_an_empty_shelf_is_filled():
    assert obtained(MemoryShelf()) == "new"


def test_a_token_near_its_end_is_still_used_while_another_worker_fetches():
    assert obtained(MemoryShelf(held(5), taken=True), never) == "old"


def test_without_a_living_token_one_waits_for_the_other_worker():
    shelf = MemoryShelf(held(-1), taken=True)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 7:
            shelf.store(Token("theirs", 300))

    assert obtain(shelf, never, now=lambda: NOON, wait=wait) == "theirs"
    assert waits == [0.1] * 7


def test_waiting_ends_after_twenty_seconds():
    shelf = MemoryShelf(taken=True)
    waits: list[float] = []
    with pytest.raises(NoAnswerError, match="20 seconds"):
        obtain(shelf, never, now=lambda: NOON, wait=waits.append)
    assert sum(waits) == pytest.approx(20)
    assert shelf.taken


def test_a_worker_that_dies_while_fetching_is_succeeded_when_its_right_runs_out():
    shelf = MemoryShelf(taken=True)

    def wait(seconds: float) -> None:
        shelf.taken = False

    assert obtain(shelf, lambda: Token("new", 300), now=lambda: NOON, wait=wait) == "new"


@pytest.mark.parametrize("error", [AnswerUnreadableError("no"), KeyboardInterrupt()])
def test_a_failed_fetch_gives_the_right_back_and_is_told(error: BaseException):
    shelf = MemoryShelf(held(5))

    def fetch() -> Token:
        raise error

    with pytest.raises(type(error)):
        obtained(shelf, fetch)
    assert not shelf.taken
    assert obtained(shelf) == "new"


def test_a_token_stored_just_before_the_claim_is_not_fetched_again():
    class LateShelf(MemoryShelf):
        def claim(self) -> bool:
            self.store(Token("theirs", 300))
            return super().claim()

    shelf = LateShelf()
    assert obtained(shelf, never) == "theirs"
    assert not shelf.taken


def test_twelve_workers_on_an_empty_shelf_fetch_once():
    shelf = MemoryShelf()
    fetches: list[str] = []
    begin = threading.Barrier(12)

    def fetch() -> Token:
        fetches.append("fetched")
        return Token("new", 300)

    def wait(seconds: float) -> None:
        threading.Event().wait(seconds)

    def work() -> None:
        begin.wait()
        got.append(obtain(shelf, fetch, now=lambda: NOON, wait=wait))

    got: list[str] = []
    workers = [threading.Thread(target=work) for _ in range(12)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == ["new"] * 12
    assert fetches == ["fetched"]

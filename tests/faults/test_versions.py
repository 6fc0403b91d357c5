"""An upgrade in the middle of a send: workers from before the newest migration beside those of today (F55)."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from campaigns.models import Account, Attempt
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.faults.waiting import QUICK, finished, has_sent, sent_count
from tests.pipeline.running import queue
from tests.workers import ROOT, Running, Workers, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 1_200


class WorkersOf(Workers):
    """Workers and a clock that run the code in another folder."""

    def __init__(self, code: Path, count: int, **environment: str) -> None:
        super().__init__(count, **environment)
        self.code = code

    def _celery(self, *arguments: str) -> Running:
        return self._started_alone(*arguments, code=self.code)


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """The code as it was when nobody knew of the newest migration."""
    try:
        added = git("log", "-1", "--diff-filter=A", "--format=%H", "--", "campaigns/migrations/0*.py")
        git("rev-parse", "--verify", f"{added}~1")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the history of the code")
    folder = tmp_path / "before"
    git("worktree", "add", "--detach", str(folder), f"{added}~1")
    try:
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def test_f55_old_and_new_code_send_side_by_side(before, event, rokt, settings):
    Account.objects.update(rate_per_second=150, burst_count=20, at_once_count=8)
    make_crowd(PEOPLE)
    send = queue(event, make_user())
    here = {"ROKT_HOSTS": settings.ROKT_HOSTS[0], **QUICK}

    with WorkersOf(before, 1, **here) as old:
        wait_until(partial(has_sent, send, PEOPLE // 6), seconds=60, what="the old code sending")
        shared = {name: old.environment[name] for name in ("QUEUE_NAME", "DATA_DIR")}
        with Workers(1, **here, **shared) as new:
            wait_until(partial(has_sent, send, PEOPLE // 3), seconds=60, what="both of them sending")
            old.kill(old.processes[0])
            wait_until(partial(has_sent, send, PEOPLE // 2), seconds=60, what="more after a death")
            new.kill(new.processes[0])
            wait_until(lambda: finished(send), seconds=90, what="the end of the send")

    assert sent_count(send) == PEOPLE
    assert_nothing_lost_and_nothing_silently_doubled(send, rokt)
    doubted = Attempt.objects.filter(outcome=Attempt.Outcome.UNKNOWN).values("delivery").distinct().count()
    assert sum(count > 1 for count in posted(rokt).values()) <= doubted

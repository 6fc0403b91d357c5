"""A backup put back in the middle of a send (F56): nothing leaves by itself, and whoever gets it twice is explained."""

import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns import keeping
from campaigns.keeping.remembered import recall
from campaigns.models import Account, Beat, Delivery, Halt, Send
from campaigns.pipeline.record import books
from tests.builders import make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import posted
from tests.pipeline.running import queue
from tests.workers import Workers, database_url, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

QUICK = {"ANSWER_SECONDS": "1", "LEASE_SECONDS": "3", "SETTLE_SECONDS": "0.5", "TICK_SECONDS": "0.3"}
PEOPLE = 1_600
FINAL = set(Delivery.FINAL_STATES)


def back_up(to: Path) -> None:
    """Make a backup while workers write, as the documentation says."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as live:
            live.execute("VACUUM INTO ?", [str(to)])
        return
    subprocess.run(["pg_dump", "--format=custom", f"--file={to}", database_url()], check=True)


def put_back(backup: Path) -> None:
    """Put a backup back; nothing runs meanwhile."""
    connection.close()
    if connection.vendor == "sqlite":
        place = Path(connection.settings_dict["NAME"])
        for name in (place, Path(f"{place}-wal"), Path(f"{place}-shm")):
            name.unlink(missing_ok=True)
        shutil.copy(backup, place)
        return
    options = ["--clean", "--if-exists", "--single-transaction", f"--dbname={database_url()}"]
    subprocess.run(["pg_restore", *options, str(backup)], check=True)


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("external_id", "state"))


def has_settled(send: Send, count: int) -> Callable[[], bool]:
    def true() -> bool:
        send.refresh_from_db()
        return send.accepted_count + send.confirmed_count >= count

    return true


def knows_more_than(beat: Beat) -> bool:
    """Whether this machine remembers a later beat."""
    mark = recall(beat.family)
    return mark is not None and mark.number > beat.pk


def is_finished(send: Send) -> bool:
    send.refresh_from_db()
    return send.state == Send.State.FINISHED


@pytest.mark.skipif(
    connection.vendor == "postgresql" and not shutil.which("pg_dump"), reason="needs the tools of PostgreSQL"
)
def test_a_backup_put_back_in_the_middle_of_a_send(event, rokt, settings):
    make_crowd(PEOPLE)
    Account.objects.update(rate_per_second=300, burst_count=50)  # slow enough to be caught in the middle
    send = queue(event, make_user())
    with tempfile.TemporaryDirectory() as folder:
        data, backup = Path(folder) / "data", Path(folder) / "backup"
        settings.DATA_DIR = data
        environment = {"ROKT_HOSTS": settings.ROKT_HOSTS[0], "DATA_DIR": str(data), **QUICK}
        with Workers(2, **environment):
            wait_until(has_settled(send, PEOPLE // 4), seconds=120, what="a quarter of the send")
            back_up(backup)
            kept = Beat.objects.latest("pk")
            wait_until(has_settled(send, PEOPLE // 2), seconds=120, what="half of the send")
            wait_until(lambda: knows_more_than(kept), seconds=120, what="one more tick")
        before = posted(rokt)
        put_back(backup)
        known = states()

        with Workers(2, **environment):
            wait_until(keeping.open_halt, seconds=120, what="the guard to notice")
            beat = Beat.objects.latest("pk").pk
            wait_until(lambda: Beat.objects.latest("pk").pk > beat + 10, seconds=120, what="ten ticks")
            assert posted(rokt) == before
            _release()
            wait_until(lambda: is_finished(send), seconds=120, what="the end of the send")

    _everybody_has_it_and_doubles_are_explained(send, known, before, posted(rokt))


def _release() -> None:
    out = StringIO()
    call_command("release", because="looked at Rokt", stdout=out)
    assert "Put back from a backup of" in out.getvalue()
    assert Halt.objects.get().send_count == 1


def _everybody_has_it_and_doubles_are_explained(
    send: Send, known: dict[str, str], before: Counter[str], after: Counter[str]
) -> None:
    """Twice only who was called since the backup: their rows were not final in it."""
    assert books.check(send).holds
    assert set(states().values()) <= {Delivery.State.ACCEPTED, Delivery.State.CONFIRMED}
    users = {f"{send.content['event_id']}_{user}": user for user in known}
    assert set(after) == set(users)
    doubles = {users[name] for name, count in after.items() if count > 1}
    lost = {users[name] for name in before if known[users[name]] not in FINAL}
    assert doubles, "the test has to show what the guard is for"
    assert doubles <= lost
    in_flight = {user for user, state in known.items() if state == Delivery.State.SENDING}
    assert not doubles & in_flight, "calls that were on the wire are looked into first"

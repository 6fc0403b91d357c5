"""The audit chain: whatever is done to it in the database shows (docs/reliability.md, F54)."""

import logging
import threading
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from campaigns import audit
from campaigns.models import AuditEvent, AuditHead
from tests.audit.conftest import HEAD, TABLE, empty, run, tamper

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue().strip()


def test_an_untouched_chain_is_whole(chain):
    chain(5)

    assert command() == f"5 events, all as they were written. Seal: {command('--head')}"
    first, second = AuditEvent.objects.order_by("seq")[:2]
    assert second.prev_hash == first.hash


def test_an_empty_chain_is_whole(chain):
    assert audit.check().is_whole
    with pytest.raises(CommandError, match="Nothing has been chained"):
        command("--head")


@pytest.mark.parametrize(
    ("statement", "seq", "why"),
    [
        (f"UPDATE {TABLE} SET data = '{{}}' WHERE seq = 3", 3, "altered"),
        (f"UPDATE {TABLE} SET kind = 'send.resumed' WHERE seq = 3", 3, "altered"),
        (f"UPDATE {TABLE} SET \"by\" = '7 mary' WHERE seq = 3", 3, "altered"),
        (f"UPDATE {TABLE} SET subject = '77' WHERE seq = 3", 3, "altered"),
        (f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00+00:00' WHERE seq = 1", 1, "altered"),
        (f"UPDATE {TABLE} SET hash = 'x' WHERE seq = 5", 5, "altered|not the event"),
        (f"UPDATE {TABLE} SET prev_hash = 'x' WHERE seq = 3", 3, "out of order"),
        (f"UPDATE {TABLE} SET \"key\" = 'other' WHERE seq = 3", 3, "FIELD_KEYS"),
        (f"DELETE FROM {TABLE} WHERE seq = 1", 1, "deleted"),
        (f"DELETE FROM {TABLE} WHERE seq = 3", 3, "deleted"),
        (f"DELETE FROM {TABLE} WHERE seq >= 4", 4, "deleted"),
        (f"DELETE FROM {TABLE}", 1, "deleted"),
        (f"DELETE FROM {HEAD}", 5, "end of the chain is gone"),
    ],
)
def test_the_first_bad_event_is_named(chain, statement, seq, why):
    chain(5)
    tamper(statement)

    found = audit.check()

    assert found.bad_seq == seq
    with pytest.raises(CommandError, match=why) as error:
        command()
    assert error.value.returncode == 1
    assert f"Event {seq}:" in str(error.value)


def test_events_that_changed_places_are_named(chain):
    chain(5)
    tamper(*(f"UPDATE {TABLE} SET seq = {new} WHERE seq = {old}" for old, new in ((3, 99), (4, 3), (99, 4))))

    with pytest.raises(CommandError, match="Event 3: out of order"):
        command()


def test_a_gap_that_is_closed_again_is_named(chain):
    chain(5)
    tamper(
        f"DELETE FROM {TABLE} WHERE seq = 3",
        f"UPDATE {TABLE} SET seq = 3 WHERE seq = 4",
        f"UPDATE {TABLE} SET seq = 4 WHERE seq = 5",
        f"UPDATE {HEAD} SET seq = 4",
    )

    with pytest.raises(CommandError, match="Event 3: out of order"):
        command()


def test_an_end_that_was_cut_off_shows_by_the_seal_that_was_noted(chain):
    chain(5)
    noted, before = command("--head"), AuditEvent.objects.get(seq=3).hash
    chain(1)
    assert command("--since", noted)

    tamper(f"DELETE FROM {TABLE} WHERE seq > 3", f"UPDATE {HEAD} SET seq = 3, hash = '{before}'")

    assert command()  # nothing in the database tells of it
    assert command("--since", before)
    with pytest.raises(CommandError, match="the seal that was noted is not in the chain"):
        command("--since", noted)


@pytest.mark.parametrize(
    "statement",
    [f"UPDATE {TABLE} SET data = data", f"DELETE FROM {TABLE} WHERE seq = 1", f"DELETE FROM {TABLE}"],
)
def test_the_database_refuses_to_change_or_delete(chain, statement):
    chain(2)

    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        run(statement)

    assert audit.check().count == 2


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL has TRUNCATE")
def test_the_database_refuses_to_empty_the_table(chain):
    chain(2)

    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        run(f"TRUNCATE {TABLE}")


def test_a_clock_that_was_put_back_is_told_and_proves_nothing(chain, monkeypatch):
    chain(1)
    monkeypatch.setattr("campaigns.audit.chain.now", lambda: timezone.now() - timedelta(hours=1))
    chain(1)

    output = command()

    assert "From event 2 on the clock was behind" in output
    assert "2 events, all as they were written" in output


def test_keys_rotate_while_old_seals_still_hold(chain, settings):
    chain(2)
    old = list(settings.FIELD_KEYS)
    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *old]
    chain(2)
    assert audit.check().is_whole
    assert len(set(AuditEvent.objects.values_list("key", flat=True))) == 2

    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]

    with pytest.raises(CommandError, match=r"Event 1: sealed with key .* add the old key again"):
        command()


def test_who_knows_the_table_but_not_the_key_cannot_add(chain, settings):
    chain(2)
    right = settings.FIELD_KEYS
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    chain(1)
    name = AuditEvent.objects.get(seq=1).key
    settings.FIELD_KEYS = right
    tamper(f"UPDATE {TABLE} SET \"key\" = '{name}' WHERE seq = 3")

    with pytest.raises(CommandError, match="Event 3: altered"):
        command()


def test_what_is_rolled_back_leaves_no_event(chain):
    chain(1)

    with transaction.atomic():
        chain(1)
        transaction.set_rollback(True)

    assert AuditEvent.objects.count() == 1
    chain(1)
    assert audit.check().count == 2


def test_a_chain_is_read_in_steps(chain, monkeypatch):
    monkeypatch.setattr("campaigns.audit.checking.STEP", 2)
    chain(5)

    assert audit.check().count == 5


def test_the_seal_goes_to_the_log_once_a_day(chain, caplog):
    chain(2)
    with caplog.at_level(logging.INFO, logger="campaigns.audit.daily"):
        audit.catch_up()
        audit.catch_up()
        assert [command("--head") in record.getMessage() for record in caplog.records] == [True]

        AuditHead.objects.update(noted_on="2020-01-01")
        audit.catch_up()

    assert len(caplog.records) == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_write_at_once_make_one_chain():
    empty()
    start = threading.Barrier(2)

    def write() -> None:
        start.wait()
        try:
            for number in range(15):
                audit.append("send.paused", by=None, about=("send", number), data={})
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert audit.check().is_whole
    assert AuditEvent.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_emptying_all_tables_leaves_the_chain():
    empty()
    audit.append("send.paused", by=None, about=("send", 1), data={})

    call_command("flush", verbosity=0, interactive=False)

    assert audit.check().count == 1

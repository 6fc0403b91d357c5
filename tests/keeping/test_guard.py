"""A database that was turned back sends nothing until somebody has looked."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import keeping, tasks
from campaigns.keeping import guard, halts
from campaigns.keeping.remembered import recall
from campaigns.models import Beat, Halt, Send
from tests.builders import make_send, make_user
from tests.keeping.conftest import live, turn_back

pytestmark = pytest.mark.django_db


def host(settings, tmp_path, name: str) -> None:
    settings.DATA_DIR = tmp_path / name


def test_a_database_that_goes_on_sends():
    live(5)

    assert keeping.may_send()
    assert not Halt.objects.exists()


def test_a_database_that_was_put_back_is_held_and_says_since_when():
    beats = live(5)
    turn_back(beats[1])

    assert not keeping.may_send()

    halt = keeping.open_halt()
    assert halt is not None
    assert (halt.back_to, halt.known_until) == (beats[1].at, beats[4].at)


def test_it_stays_held_on_every_host_also_on_new_ones(settings, tmp_path):
    beats = live(5)
    turn_back(beats[1])
    assert not keeping.may_send()

    host(settings, tmp_path, "another")

    assert not keeping.may_send()
    assert Halt.objects.count() == 1


def test_it_is_noticed_by_a_host_that_comes_later_when_the_clock_has_gone_on(settings, tmp_path):
    """The numbers have caught up with what the host remembers; the times have not."""
    beats = live(5)
    host(settings, tmp_path, "unaware")
    turn_back(beats[1])
    for second in range(20):
        Beat.objects.create(family=beats[0].family, at=timezone.now() + timedelta(seconds=second))
        assert keeping.may_send()

    settings.DATA_DIR = tmp_path

    assert not keeping.may_send()
    assert Halt.objects.get().back_to == beats[1].at


def test_a_release_lets_every_host_go_on_and_the_next_restore_is_noticed_again(settings, tmp_path):
    beats = live(5)
    turn_back(beats[1])
    assert not keeping.may_send()

    assert halts.release(by=make_user("admin"), note="Rokt shows none") == 1

    assert keeping.may_send()
    Beat.objects.create(family=beats[0].family, at=timezone.now() + timedelta(seconds=1))
    assert keeping.may_send()
    turn_back(beats[1])
    assert not keeping.may_send()


def test_a_host_remembers_the_beat_that_it_wrote_itself():
    """What goes out between two ticks is lost as well, if the backup was made before the first of them."""
    beats = live(1)
    keeping.beat()
    turn_back(beats[0])

    assert not keeping.may_send()


def test_a_clock_that_goes_on_does_not_hide_what_was_lost():
    beats = live(5)
    turn_back(beats[1])

    keeping.beat()

    assert not keeping.may_send()


def test_a_slow_worker_does_not_make_its_host_forget_a_newer_beat(monkeypatch, tmp_path):
    beats = live(1)

    def recall_slowly(family):
        mark = recall(family)
        monkeypatch.setattr("campaigns.keeping.guard.recall", recall)
        Beat.objects.create(family=family, at=timezone.now() + timedelta(seconds=2))
        assert keeping.may_send()  # another worker, meanwhile
        return mark

    Beat.objects.create(family=beats[0].family, at=timezone.now() + timedelta(seconds=1))
    monkeypatch.setattr("campaigns.keeping.guard.recall", recall_slowly)
    assert keeping.may_send()

    kept = json.loads((tmp_path / "beats" / f"{beats[0].family}.json").read_text())
    assert kept["number"] == Beat.objects.latest("pk").pk


def test_a_host_without_a_file_is_trusted(tmp_path):
    beats = live(5)
    for path in (tmp_path / "beats").iterdir():
        path.unlink()
    turn_back(beats[1])

    assert keeping.may_send()


def test_another_database_in_the_same_folder_is_trusted():
    live(5)
    Beat.objects.all().delete()

    assert keeping.may_send()
    keeping.beat()
    assert keeping.may_send()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"number": "x"}', '{"number": 1}'])
def test_a_damaged_file_is_written_anew(text, tmp_path):
    beats = live(2)
    path = tmp_path / "beats" / f"{beats[0].family}.json"
    path.write_text(text)

    assert keeping.may_send()
    assert json.loads(path.read_text())["number"] == beats[-1].pk


def test_a_folder_that_cannot_be_written_stops_nothing(settings, tmp_path, caplog):
    (tmp_path / "full").write_text("")
    settings.DATA_DIR = tmp_path / "full"
    live(1)

    assert keeping.may_send()
    assert "cannot" in caplog.text


def test_a_host_that_was_away_for_longer_than_beats_are_kept_is_trusted():
    beats = live(3)
    Beat.objects.create(family=beats[0].family, at=timezone.now())
    Beat.objects.filter(pk__lte=beats[2].pk).delete()

    assert keeping.may_send()


def test_the_clock_beats_once_a_tick_however_many_tick():
    for _ in range(10):
        keeping.beat()

    assert Beat.objects.count() == 1


def test_old_beats_go_and_the_newest_stays():
    for days in (30, 20):
        Beat.objects.create(at=timezone.now() - timedelta(days=days))

    assert guard.forget_beats() == 1
    assert guard.forget_beats() is None


def test_a_tick_starts_nothing_and_wakes_nobody_while_all_is_held(
    monkeypatch, django_capture_on_commit_callbacks
):
    published = []
    monkeypatch.setattr(tasks, "_try", lambda task, args: published.append(task.name))
    monkeypatch.setattr("campaigns.pipeline.clockwork.accounts_with_work", lambda: [1])
    send = make_send()
    halts.halt(by=None, note="a restore")

    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()

    send.refresh_from_db()
    assert send.state == Send.State.SCHEDULED
    assert "campaigns.tasks.send_for_account" not in published

    halts.release(by=None, note="done")
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()

    assert "campaigns.tasks.send_for_account" in published


def test_a_turn_that_was_asked_for_before_does_nothing_while_all_is_held(monkeypatch, account):
    turns = []
    monkeypatch.setattr("campaigns.pipeline.deliver.drain", lambda account, **_: turns.append(account))
    halts.halt(by=None, note="a restore")

    tasks.send_for_account(account.pk)

    assert not turns


def test_asking_costs_two_questions(django_assert_num_queries):
    live(3)

    with django_assert_num_queries(2):
        assert keeping.may_send()

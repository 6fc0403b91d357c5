"""Whom a list of user ids means: the same people before they are remembered, half-way, afterwards, and all at once."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns import tasks
from campaigns.importing import suppressed
from campaigns.models import PersonList, PersonListMatch, PersonListMember, Subscriber, Workspace
from campaigns.models.turns import turn
from campaigns.pipeline.record import erase
from campaigns.segments import compile as segments
from campaigns.segments import lists
from campaigns.segments.rules import Group, parse
from tests.builders import make_list, make_subscriber, make_subscription, make_user, make_workspace
from tests.workers import wait_until

pytestmark = pytest.mark.django_db


def on(*people: PersonList, op: str = "is_on_list") -> Group:
    values = [str(each.pk) for each in people]
    return parse({"match": "all", "rules": [{"field": "list", "op": op, "values": values}]})


def subscribed(external_id: str, **columns: Any) -> Subscriber:
    person = make_subscriber(external_id, **columns)
    make_subscription(person)
    return person


def named(rule: Group) -> list[str]:
    """Who it is, in every way in which a rule is asked."""
    found = sorted(segments.people(rule).values_list("external_id", flat=True))
    assert segments.count(rule).people == len(found)
    assert sorted(person.external_id for person in segments.picture(rule, size=100).sample) == found
    return found


def match() -> None:
    lists.match(seconds=60)


@pytest.fixture
def known() -> PersonList:
    for external_id in ("ada", "bob", "eve"):
        subscribed(external_id)
    return make_list("Known", "ada", "bob", "zoe", "ADA", "'")


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "STEP_COUNT", 2)


def test_a_list_means_the_same_people_before_and_after_they_are_remembered(known) -> None:
    not_on = on(known, op="is_not_on_list")
    assert (named(on(known)), named(not_on)) == (["ada", "bob"], ["eve"])

    match()

    assert PersonListMatch.objects.count() == 2
    assert (named(on(known)), named(not_on)) == (["ada", "bob"], ["eve"])


def test_whoever_comes_later_is_on_the_list_at_once(known) -> None:
    match()
    subscribed("zoe")
    subscribed("ann")

    assert named(on(known)) == ["ada", "bob", "zoe"]
    assert named(on(known, op="is_not_on_list")) == ["ann", "eve"]
    assert list(lists.behind()) == [known]

    match()

    assert named(on(known)) == ["ada", "bob", "zoe"]
    assert not lists.behind().exists()


def test_a_user_id_means_the_people_of_every_workspace(known) -> None:
    subscribed("ada", workspace=make_workspace())

    match()

    assert named(on(known)) == ["ada", "ada", "bob"]


def test_several_lists_are_remembered_to_different_people(known) -> None:
    match()
    subscribed("zoe")
    newer = make_list("Newer", "eve", "zoe")

    assert named(on(newer)) == ["eve", "zoe"]
    assert named(on(known, newer)) == ["ada", "bob", "eve", "zoe"]

    match()

    assert named(on(known, newer)) == ["ada", "bob", "eve", "zoe"]


def test_a_list_that_is_not_there_means_nobody(known) -> None:
    match()

    assert (
        named(parse({"match": "all", "rules": [{"field": "list", "op": "is_on_list", "values": ["999"]}]}))
        == []
    )


def test_what_is_remembered_is_asked_for_by_key_alone(known) -> None:
    """Comparing a million user ids took longer than everything else about a rule."""
    match()

    with CaptureQueriesContext(
        connection,
    ) as asked:
        segments.picture(on(known), size=0)

    assert not [query for query in asked if PersonListMember._meta.db_table + '"' in query["sql"]]


def test_people_are_looked_for_in_steps_and_a_step_that_fails_is_repeated(
    known, small_steps, monkeypatch
) -> None:
    subscribed("zoe")
    remember, calls = lists._remember, []

    def fail_at_the_second(*args: Any) -> None:
        remember(*args)
        calls.append(args)
        if len(calls) == 2:
            raise ConnectionError

    monkeypatch.setattr(lists, "_remember", fail_at_the_second)
    with pytest.raises(ConnectionError):
        match()
    assert named(on(known)) == ["ada", "bob", "zoe"]
    assert list(lists.behind()) == [known]

    match()

    assert PersonListMatch.objects.count() == 3
    assert len(calls) == 3


def test_whoever_gets_the_key_of_somebody_erased_is_looked_for(known) -> None:
    """SQLite may give out the newest key again when a table was made anew."""
    newest = subscribed("zoe")
    match()
    key, by = newest.pk, make_user("admin")
    erase.erase(newest, erase.Marks(by, "", suppressed.keys(newest.workspace_id, "zoe")))

    subscribed("ADA", id=key)

    assert named(on(known)) == ["ADA", "ada", "bob"]
    match()
    assert named(on(known)) == ["ADA", "ada", "bob"]


def test_the_clock_has_people_looked_for(known, django_capture_on_commit_callbacks, monkeypatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(tasks, "_try", lambda task, _args: started.append(task.name))

    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()
    assert tasks.match_lists.name in started
    tasks.match_lists()
    started.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()

    assert tasks.match_lists.name not in started
    assert known.matches.count() == 2


@pytest.fixture
def two_writers() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")


@pytest.fixture
def in_thread() -> Iterator[Callable[[Callable[[], None]], threading.Thread]]:
    threads = []

    def start(act: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                act()
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        threads.append(thread)
        thread.start()
        return thread

    yield start
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.fixture
def writing(two_writers, in_thread) -> Callable[..., threading.Event]:
    """Somebody who writes people of a workspace until the event that is returned."""

    def start(workspace: Workspace, what: Callable[[], object] = lambda: None) -> threading.Event:
        began, end = threading.Event(), threading.Event()

        def write() -> None:
            with transaction.atomic():
                turn(workspace.pk)
                what()
                began.set()
                assert end.wait(timeout=30)

        in_thread(write)
        assert began.wait(timeout=30)
        return end

    return start


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def while_it_waits(
    in_thread: Callable[..., threading.Thread], act: Callable[[], object], end: threading.Event
) -> None:
    """Match, and do something while that waits for whoever writes people; then let both end."""
    matching = in_thread(match)
    wait_until(waits_for_a_lock, seconds=30, what="the matching waits")
    act()
    end.set()
    matching.join(timeout=30)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PATIENCE_SECONDS", 60)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_missed_whose_import_began_first_and_ends_last(patient, writing, in_thread) -> None:
    """Their key is smaller than one that can be seen already."""
    slow, fast, known = make_workspace(), make_workspace(), make_list("Known", "early", "late")
    subscribed("somebody")  # with the traits that both will have
    end = writing(slow, lambda: subscribed("early", workspace=slow))
    subscribed("late", workspace=fast)

    while_it_waits(in_thread, lambda: None, end)

    assert named(on(known)) == ["early", "late"]
    assert PersonListMatch.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_writes_people_for_long_is_not_waited_for(writing, monkeypatch) -> None:
    workspace, known = make_workspace(), make_list("Known", "ada")
    subscribed("ada", workspace=workspace)
    monkeypatch.setattr(lists, "PATIENCE_SECONDS", 0.05)
    end = writing(workspace)

    match()

    assert list(lists.behind()) == [known]
    assert named(on(known)) == ["ada"]
    end.set()


@pytest.mark.django_db(transaction=True)
def test_a_workspace_that_is_made_meanwhile_is_left_to_the_next_time(patient, writing, in_thread) -> None:
    workspace, known = make_workspace(), make_list("Known", "ada")
    subscribed("ada", workspace=workspace)
    end = writing(workspace)

    while_it_waits(in_thread, lambda: Workspace.objects.create(name="This moment"), end)

    assert list(lists.behind()) == [known]
    match()
    assert named(on(known)) == ["ada"]
    assert not lists.behind().exists()

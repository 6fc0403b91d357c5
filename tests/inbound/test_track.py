"""What becomes of people who are pushed to us as to Braze: stored once, in step, and found by segments."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.importing import suppressed
from campaigns.importing.people import take
from campaigns.importing.person import person
from campaigns.importing.shared import Finder
from campaigns.models import Subscriber, SubscriberEvent, Subscription, Suppression, Workspace
from campaigns.segments import compile as segments
from campaigns.segments.rules import parse
from tests import builders
from tests.inbound.pushing import FIRST, SECOND, happened, make_key, push, subscribing

pytestmark = pytest.mark.django_db
Models = (Subscriber, Subscription, SubscriberEvent)


@pytest.fixture
def workspace() -> Workspace:
    """A workspace without people."""
    return builders.make_workspace()


@pytest.fixture
def key(workspace: Workspace) -> str:
    """A key that may push to it."""
    return make_key(workspace)


def everything() -> dict[str, list[Any]]:
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in Models}


def matching(field: str, value: str, op: str = "is_any_of") -> list[str]:
    rule = parse({"match": "all", "rules": [{"field": field, "op": op, "values": [value]}]})
    return sorted(segments.people(rule).values_list("external_id", flat=True))


def test_a_subscription_pushed_by_rokt_is_there_with_all_sixteen_attributes(key) -> None:
    asked = subscribing("mia", email="mia@example.com", country="AU", home_city="Sydney")
    answer = push(key, {"attributes": [asked], "events": [happened("mia", "2026-01-31T08:00:00Z")]})

    assert (answer.status_code, answer.json()) == (
        201,
        {"message": "success", "attributes_processed": 1, "events_processed": 1},
    )
    mia = Subscriber.objects.get()
    assert (mia.external_id, mia.email, mia.profile) == (
        "mia",
        "mia@example.com",
        {"country": "AU", "city": "Sydney"},
    )
    assert len(mia.attributes) == 16
    assert mia.attributes["rokt:subscription_id"] == [FIRST]
    (got,) = mia.subscriptions.all()
    traits = got.traits
    assert (got.rokt_id, got.suffix, got.email, got.is_live) == (
        FIRST,
        "f5733866ade2",
        "test@email.com",
        True,
    )
    assert (traits.account_code, traits.calendar_code, traits.calendar_title) == (
        "brazetest",
        "test-calendar-1",
        "Test Calendar 1",
    )
    assert (traits.opt_in_1, traits.opt_in_2, traits.device_name) == (True, False, "Desktop")
    assert (traits.source, traits.method) == ("brazetest.Rokt Calendarapp.com", "WebCal")
    assert sorted(tag.name for tag in traits.tags.all()) == ["All Teams", "TeamI/"]
    assert (got.home.country, got.home.city) == ("AU", "Sydney")
    assert mia.subscribed_at == got.subscribed_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert matching("calendar_code", "test-calendar-1") == ["mia"]
    assert matching("tags", "TeamI/", "has_any_of") == ["mia"]


def test_a_second_subscription_joins_the_first_and_a_removed_one_goes(key) -> None:
    push(key, {"attributes": [subscribing("mia")]})
    push(key, {"attributes": [subscribing("mia", SECOND, calendar="winter")]})
    assert matching("calendar_code", "test-calendar-1") == matching("calendar_code", "winter") == ["mia"]

    first = subscribing("mia")
    gone = {name: {"remove": value["add"]} for name, value in first.items() if isinstance(value, dict)}
    push(key, {"attributes": [{"external_id": "mia", **gone}]})
    assert [row.rokt_id for row in Subscription.objects.all()] == [SECOND]
    assert matching("calendar_code", "test-calendar-1") == []


def test_the_same_request_twice_changes_nothing(key) -> None:
    body = {
        "attributes": [subscribing("mia", first_name="Mia"), subscribing("bo", SECOND)],
        "events": [
            happened("mia", "2026-01-31T08:00:00Z", properties={"n": 1}),
            happened("cy", "2026-01-31"),
        ],
    }
    answers = [push(key, body).json()]
    before = everything()
    answers.append(push(key, body).json())
    assert everything() == before
    assert answers[0] == answers[1]
    assert {name: len(rows) for name, rows in before.items()} == {
        "Subscriber": 3,
        "Subscription": 2,
        "SubscriberEvent": 2,
    }


def test_inc_counts_every_time_as_with_braze(key) -> None:
    for _time in range(2):
        push(key, {"attributes": [{"external_id": "mia", "visits": {"inc": 2}}]})
    assert Subscriber.objects.get().attributes == {"visits": 4}


def test_what_is_not_mentioned_stays_and_null_removes(workspace, key) -> None:
    asked = {"first_name": "Mia", "last_name": "Lee", "home_city": "Sydney", "language": "en"}
    push(key, {"attributes": [subscribing("mia", **asked, dob="1990-02-03", points=7)]})
    push(key, {"attributes": [{"external_id": "mia", "last_name": None, "home_city": None, "points": None}]})
    mia = Subscriber.objects.get()
    assert (mia.first_name, mia.last_name) == ("Mia", "")
    assert mia.profile == {"language": "en", "date_of_birth": "1990-02-03"}
    assert "points" not in mia.attributes
    (got,) = mia.subscriptions.select_related("home")
    assert (got.rokt_id, got.home.city, got.home.language) == (FIRST, "", "en")


def test_objects_for_one_person_are_done_in_the_order_given(key) -> None:
    objects = [{"external_id": "mia", "a": value} for value in (["x"], {"add": ["y"]}, {"remove": ["x"]})]
    assert push(key, {"attributes": objects}).json()["attributes_processed"] == 3
    assert Subscriber.objects.get().attributes == {"a": ["y"]}


def test_an_attribute_that_cannot_change_so_is_named_and_the_rest_is_done(key) -> None:
    push(key, {"attributes": [{"external_id": "mia", "size": "large"}]})
    answer = push(
        key,
        {"attributes": [{"external_id": "mia", "size": {"inc": 1}, "b": 2}, {"external_id": "bo", "c": 3}]},
    )
    assert (answer.status_code, answer.json()["attributes_processed"]) == (201, 1)
    (fault,) = answer.json()["errors"]
    assert (fault["input_array"], fault["index"]) == ("attributes", 0)
    assert "size is left as it was" in fault["type"]
    assert Subscriber.objects.get(external_id="mia").attributes == {"size": "large", "b": 2}
    assert Subscriber.objects.get(external_id="bo").attributes == {"c": 3}


def test_people_who_are_unknown_are_made_unless_only_known_ones_are_meant(key) -> None:
    only: dict[str, Any] = {"_update_existing_only": True}
    answer = push(
        key,
        {
            "attributes": [{"external_id": "new", "a": 1}, {"external_id": "nobody", "a": 1, **only}],
            "events": [happened("nobody", "2026-01-01", **only), happened("new", "2026-01-01", **only)],
        },
    )
    assert answer.status_code == 201
    assert list(Subscriber.objects.values_list("external_id", flat=True)) == ["new"]
    assert SubscriberEvent.objects.get().subscriber.external_id == "new"


def test_an_event_alone_leaves_attributes_and_subscriptions_as_they_are(key) -> None:
    push(key, {"attributes": [subscribing("mia", first_name="Mia")]})
    before = everything()
    push(key, {"events": [happened("mia", "2026-01-31", name="opened", properties={"day": 3})]})
    after = everything()
    assert (after["Subscriber"], after["Subscription"]) == (before["Subscriber"], before["Subscription"])
    (event,) = SubscriberEvent.objects.all()
    assert (event.name, event.properties, event.at) == (
        "opened",
        {"day": 3},
        datetime(2026, 1, 31, tzinfo=UTC),
    )


def test_the_latest_subscribe_event_counts_in_whatever_order_they_come(key) -> None:
    push(
        key,
        {
            "attributes": [subscribing("mia")],
            "events": [happened("mia", "2026-02-02"), happened("mia", "2026-01-01")],
        },
    )
    push(key, {"events": [happened("mia", "2025-01-01"), happened("mia", "2026-06-06", name="opened")]})
    assert Subscriber.objects.get().subscribed_at == datetime(2026, 2, 2, tzinfo=UTC)
    assert Subscription.objects.get().subscribed_at == datetime(2026, 2, 2, tzinfo=UTC)
    assert SubscriberEvent.objects.count() == 4


def test_of_two_subscriptions_nobody_guesses_which_one_an_event_means(key) -> None:
    both = [subscribing("mia"), subscribing("mia", SECOND)]
    push(key, {"attributes": both, "events": [happened("mia", "2026-02-02")]})
    assert set(Subscription.objects.values_list("subscribed_at", flat=True)) == {None}
    assert Subscriber.objects.get().subscribed_at is not None


def test_what_happens_later_than_now_happens_now_and_what_is_too_old_is_named(key) -> None:
    before = datetime.now(UTC)
    answer = push(key, {"events": [happened("mia", "2999-01-01"), happened("bo", "1066-10-14")]})
    mia = Subscriber.objects.get()
    assert mia.subscribed_at
    assert before <= mia.subscribed_at <= datetime.now(UTC)
    assert answer.json()["errors"] == [
        {"type": "'time' must not be before 1970", "input_array": "events", "index": 1}
    ]
    push(key, {"events": [happened("mia", "2999-01-01")]})
    assert SubscriberEvent.objects.count() == 1


def test_the_same_user_id_in_two_workspaces_is_two_people(workspace, key) -> None:
    other = make_key(builders.make_workspace())
    for each in (key, other):
        push(each, {"attributes": [subscribing("mia")], "events": [happened("mia", "2026-02-02")]})
    assert Subscriber.objects.count() == SubscriberEvent.objects.count() == 2
    assert Subscriber.objects.filter(workspace=workspace).count() == 1


def test_whoever_is_erased_or_suppressed_stays_so(workspace, key) -> None:
    for name, cause in (("gone", Suppression.Cause.ERASED), ("quiet", Suppression.Cause.SUPPRESSED)):
        place = suppressed.key(workspace.pk, name)
        Suppression.objects.create(workspace=workspace, key=place, cause=cause)
    people = [subscribing("gone"), subscribing("quiet", SECOND)]
    answer = push(key, {"attributes": people, "events": [happened("gone", "2026-02-02")]})
    assert answer.status_code == 201
    quiet = Subscriber.objects.get()
    assert (quiet.external_id, quiet.may_receive) == ("quiet", False)
    assert quiet.subscriptions.get().is_live is False
    assert not SubscriberEvent.objects.exists()


def test_an_import_and_a_push_agree_about_what_a_person_is(workspace, key) -> None:
    asked = subscribing("mia", first_name="Mia", home_city="Sydney", phone="+61")
    attributes = {name: value["add"] for name, value in asked.items() if isinstance(value, dict)}
    document = {
        "external_id": "mia",
        "first_name": "Mia",
        "home_city": "Sydney",
        "phone": "+61",
        "points": 1.5,
    }
    exported = {**document, "custom_attributes": attributes}
    take(workspace.pk, {"mia": person(exported)}, Finder())
    before = everything()
    push(key, {"attributes": [asked]})
    assert everything() == before
    assert take(workspace.pk, {"mia": person(exported)}, Finder()).unchanged_count == 1


def crowd(kind: str, count: int, said: str) -> dict[str, Any]:
    """A request about many people, each with an event; ``said`` is what makes it another one."""
    names = [f"{kind}-{count}-{number}" for number in range(count)]
    ids = [f"06423672-b6ba-4536-aa36-{count:04x}{number:08x}" for number in range(count)]
    people: list[dict[str, Any]] = [{"external_id": name, "home_city": f"{said}{name}"} for name in names]
    if kind != "moved" or said == "before":
        both = zip(people, ids, strict=True)
        people = [subscribing(one["external_id"], rokt_id, said=said) | one for one, rokt_id in both]
    return {"attributes": people, "events": [happened(name, "2026-02-02", n=said) for name in names]}


@pytest.mark.parametrize("kind", ["new", "known", "moved", "unchanged"])
def test_the_number_of_questions_does_not_depend_on_the_number_of_people(key, kind) -> None:
    def questions(count: int) -> list[str]:
        push(key, crowd(kind, 1 if kind == "new" else count, "before"))
        body = crowd(kind, count, "before" if kind == "unchanged" else "after")
        with CaptureQueriesContext(connection) as queries:
            assert push(key, body).json()["attributes_processed"] == count
        return [query["sql"] for query in queries]

    few, many = questions(25), questions(75)
    assert len(many) == len(few), "\n".join(sql[:150] for sql in many)
    assert len(many) <= 40

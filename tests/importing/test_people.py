"""A batch in the database: only what is new or changed is written, and two batches cannot disagree."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.importing.document import loads
from campaigns.importing.people import Taken, take
from campaigns.importing.person import person
from campaigns.importing.shared import Finder
from campaigns.models import Subscriber, Subscription, Traits, Workspace
from tests import builders
from tests.importing.exports import FIRST, SECOND, someone, text
from tests.inbound.pushing import make_key, push

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    """A workspace without people."""
    return builders.make_workspace()


def taken(workspace: Workspace, *people: dict[str, Any]) -> Taken:
    """Store people as if they came in one batch of a file."""
    read = [person(loads(line)) for line in text(people).splitlines()]
    return take(workspace.pk, {one.external_id: one for one in read}, Finder())


def test_a_new_person_is_stored_with_subscriptions_and_tags(workspace: Workspace) -> None:
    assert taken(workspace, someone()) == Taken(new_count=1, changed_count=0, unchanged_count=0, kept=[])
    ada = Subscriber.objects.get(workspace=workspace)
    assert (ada.external_id, ada.first_name, ada.last_name) == ("ada", "Ada", "")
    assert (ada.email, ada.profile, ada.is_active) == ("ada@example.com", {"city": "London"}, True)
    assert ada.attributes == someone()["custom_attributes"]
    assert ada.created_at == ada.changed_at
    (subscription,) = ada.subscriptions.all()
    assert (subscription.rokt_id, subscription.suffix, subscription.position) == (FIRST, "f5733866ade2", 0)
    assert (subscription.traits.account_code, subscription.traits.calendar_title) == ("shop", "Summer Sale")
    assert (subscription.traits.opt_in_1, subscription.traits.method) == (None, "")
    assert sorted(tag.name for tag in subscription.traits.tags.all()) == ["Hats", "Shoes"]


def test_the_same_people_again_are_unchanged_and_nothing_is_written(workspace: Workspace) -> None:
    people = [
        someone("a", points=1e22),
        someone("b", custom_attributes={"x": 1e22, "y": -0.0, "z": 2**64, "f": 0.1}),
    ]
    taken(workspace, *people)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert taken(workspace, *people) == Taken(0, 0, 2, [])
    statements = [query["sql"].split()[0] for query in queries]
    assert {"INSERT", "UPDATE", "DELETE"}.isdisjoint(statements)


def test_changed_attributes_replace_the_subscriptions(workspace: Workspace) -> None:
    taken(workspace, someone("ada"), someone("bob"))
    attributes = {"rokt:subscription_id": [SECOND], "rokt:account_code": ["club/ff10919f1078"]}
    assert taken(workspace, someone("ada", custom_attributes=attributes), someone("bob")).changed_count == 1
    assert [row.rokt_id for row in Subscription.objects.filter(subscriber__external_id="ada")] == [SECOND]
    assert [row.rokt_id for row in Subscription.objects.filter(subscriber__external_id="bob")] == [FIRST]


def test_a_subscription_that_stays_in_its_place_keeps_its_row(workspace: Workspace) -> None:
    taken(workspace, someone(), someone("bob"))
    before = list(Subscription.objects.order_by("pk").values())
    attributes = someone()["custom_attributes"] | {"points": 8}
    assert taken(workspace, someone(custom_attributes=attributes), someone("bob")).changed_count == 1
    assert list(Subscription.objects.order_by("pk").values()) == before
    attributes |= {"rokt:calendar_title": ["Winter Sale/f5733866ade2"]}
    taken(workspace, someone(custom_attributes=attributes))
    after = Subscription.objects.get(subscriber__external_id="ada")
    assert (after.pk, after.traits.calendar_title) == (before[0]["id"], "Winter Sale")


def test_more_people_change_than_a_statement_each_is_worth(workspace: Workspace) -> None:
    crowd = [str(number) for number in range(60)]
    attributes = someone()["custom_attributes"]
    taken(workspace, *(someone(each) for each in crowd))
    odd = {**attributes, "k": 'tab\t new\nline \\ "quoted" 🎉', "rokt:calendar_code": ["a\\b/f5733866ade2"]}
    done = taken(workspace, *(someone(each, first_name="A\\\tB", custom_attributes=odd) for each in crowd))
    assert done == Taken(0, 60, 0, [])
    assert set(Subscriber.objects.values_list("first_name", flat=True)) == {"A\\\tB"}
    assert [person.attributes for person in Subscriber.objects.all()] == [odd] * 60
    assert set(Subscription.objects.values_list("traits__calendar_code", flat=True)) == {"a\\b"}
    assert taken(
        workspace, *(someone(each, home_city="Paris", custom_attributes=odd) for each in crowd)
    ) == Taken(0, 60, 0, [])
    assert set(Subscription.objects.values_list("home__city", flat=True)) == {"Paris"}


def test_people_stored_without_a_fingerprint_are_compared_once_and_get_one(workspace: Workspace) -> None:
    odd = {"x": 1e22, "y": -0.0, "z": 2**64, "f": 0.1, "rokt:country_code": "AU/abc"}
    people = [someone("a"), someone("b", custom_attributes=odd), someone("c")]
    taken(workspace, *people)
    before = list(Subscriber.objects.values())
    Subscriber.objects.update(fingerprint="")
    assert taken(workspace, people[0], people[1], someone("c", first_name="Cy")) == Taken(0, 1, 2, [])
    assert list(Subscriber.objects.exclude(external_id="c").values()) == before[:2]


def test_a_changed_name_leaves_the_subscriptions_alone(workspace: Workspace) -> None:
    taken(workspace, someone())
    before = Subscriber.objects.get()
    subscription = Subscription.objects.get()
    assert taken(workspace, someone(first_name="Augusta")).changed_count == 1
    after = Subscriber.objects.get()
    assert (after.pk, after.created_at, after.first_name) == (before.pk, before.created_at, "Augusta")
    assert after.changed_at > before.changed_at
    assert Subscription.objects.get() == subscription


@pytest.mark.parametrize("change", [{"home_city": "Paris"}, {"email": None}, {"last_name": "Lovelace"}])
def test_every_profile_field_counts_as_a_change(workspace: Workspace, change: dict[str, Any]) -> None:
    taken(workspace, someone())
    assert taken(workspace, someone(**change)).changed_count == 1
    assert taken(workspace, someone(**change)).unchanged_count == 1


def test_true_and_one_are_not_the_same(workspace: Workspace) -> None:
    taken(workspace, someone(custom_attributes={"vip": 1}))
    assert taken(workspace, someone(custom_attributes={"vip": True})).changed_count == 1
    assert Subscriber.objects.get().attributes["vip"] is True


def test_what_an_export_says_nothing_about_is_kept(workspace: Workspace) -> None:
    taken(workspace, someone())
    quiet = someone(custom_attributes=None, first_name="Augusta")
    assert taken(workspace, quiet) == Taken(0, 1, 0, ["ada"])
    assert Subscriber.objects.get().attributes == someone()["custom_attributes"]
    assert Subscription.objects.count() == 1
    assert taken(workspace, quiet) == Taken(0, 0, 1, ["ada"])


def test_a_new_person_without_attributes_has_none(workspace: Workspace) -> None:
    assert taken(workspace, someone(custom_attributes=None)) == Taken(1, 0, 0, [])
    assert taken(workspace, someone(custom_attributes=None)).kept == []
    assert Subscriber.objects.get().attributes == {}


def test_attributes_that_are_empty_end_the_subscriptions(workspace: Workspace) -> None:
    taken(workspace, someone())
    taken(workspace, someone(custom_attributes={}))
    assert Subscription.objects.count() == 0


def test_the_same_id_in_another_workspace_is_another_person(workspace: Workspace) -> None:
    other = builders.make_workspace()
    taken(workspace, someone())
    assert taken(other, someone(first_name="Bob")).new_count == 1
    assert Subscriber.objects.get(workspace=workspace).first_name == "Ada"
    assert Subscription.objects.count() == 2


def test_whoever_is_in_a_sample_stays_there_when_an_export_leaves_the_bucket_out(
    workspace: Workspace,
) -> None:
    taken(workspace, someone(random_bucket=4_321))
    taken(workspace, someone(first_name="Augusta"))
    push(make_key(workspace), {"attributes": [{"external_id": "ada", "first_name": "Countess"}]})
    taken(workspace, someone(random_bucket="odd"))
    buckets = (Subscriber.objects.get().random_bucket, Subscription.objects.get().random_bucket)
    assert buckets == (4_321, 4_321)
    taken(workspace, someone(random_bucket=7))
    assert Subscriber.objects.get().random_bucket == Subscription.objects.get().random_bucket == 7


def test_people_whom_staff_set_aside_stay_set_aside(workspace: Workspace) -> None:
    taken(workspace, someone())
    Subscriber.objects.update(is_active=False)
    taken(workspace, someone(first_name="Augusta"))
    assert Subscriber.objects.get().is_active is False


def test_every_combination_of_calendar_and_tags_is_stored_once(workspace: Workspace) -> None:
    def member(number: int, *tags: str) -> dict[str, Any]:
        calendar = {"rokt:calendar_code": [f"c\\{number}/f5733866ade2"], "rokt:subscription_id": [FIRST]}
        listed = [f"{tag}/f5733866ade2" for tag in tags]
        return someone(f"{number} {tags}", custom_attributes={**calendar, "rokt:tags": listed})

    crowd = [member(number, *tags) for number in range(30) for tags in (("a", "b\tc"), ("b\tc", "a"), ("a",))]
    taken(workspace, *crowd[::2])  # the others find some of theirs there
    taken(workspace, *crowd)
    assert Traits.objects.count() == 60
    found = Subscription.objects.filter(traits__calendar_code="c\\7").order_by("pk")
    stored = {tuple(sorted(tag.name for tag in one.traits.tags.all())) for one in found}
    assert (len(found), stored) == (3, {("a",)} | {("a", "b\tc")})


def test_text_of_every_script_and_no_ids_at_all_are_stored(workspace: Workspace) -> None:
    attributes = {"k": "김 'O\"Neil' 🎉 % %s ?", "rokt:source": ["100 % \\ %s 🎉/abc"], "rokt:tags": []}
    taken(workspace, someone("사용자 %s", first_name="%(x)s", custom_attributes=attributes))
    person = Subscriber.objects.get(external_id="사용자 %s")
    assert (person.first_name, person.attributes) == ("%(x)s", attributes)
    assert [(row.traits.source, row.rokt_id) for row in person.subscriptions.all()] == [
        ("100 % \\ %s 🎉", "")
    ]


def test_a_batch_takes_few_statements_however_many_people(workspace: Workspace) -> None:
    counts = []
    for crowd in (range(10), range(1_000, 1_300)):
        taken(workspace, someone("first"))  # so that what people share is there
        with CaptureQueriesContext(connection) as queries:
            taken(workspace, *(someone(str(number)) for number in crowd))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15

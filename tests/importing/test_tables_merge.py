"""People of whom a file tells a part: what it says is taken, what it does not mention stays, nothing is wiped."""

import pytest

from campaigns import importing
from campaigns.importing.mapping import guess
from campaigns.importing.readers import columns
from campaigns.models import Import, Subscriber, Subscription
from tests import builders
from tests.importing.exports import FIRST, SECOND, plain, someone


@pytest.fixture
def workspace(db):
    return builders.make_workspace()


@pytest.fixture
def known(workspace, tmp_path):
    """Ada, as a Braze export told of her."""
    path = plain(tmp_path / "export.txt", someone(gender="F", language="en"))
    importing.run(importing.start(path, workspace=workspace).pk)
    return Subscriber.objects.get()


def imported(workspace, path, text, mapped=None, *, kind=Import.Format.CSV, **columns_of_job):
    path.write_text(text, encoding="utf-8")
    job = builders.make_import(
        workspace=workspace, path=str(path), byte_count=len(text), format=kind, **columns_of_job
    )
    job.mapping = mapped or guess(column.name for column in columns(job))
    job.save()
    return importing.run(job.pk)


def counts(job):
    return (job.state, job.new_count, job.changed_count, job.unchanged_count, job.problem_count)


def test_a_table_of_three_columns_keeps_everything_else(known, workspace, tmp_path):
    job = imported(workspace, tmp_path / "t.csv", "user_id,Nachname,City\nada,Lovelace,Paris\n")

    after = Subscriber.objects.get()
    assert counts(job) == ("finished", 0, 1, 0, 0)
    assert (after.first_name, after.last_name, after.email) == ("Ada", "Lovelace", known.email)
    assert after.profile == {**known.profile, "city": "Paris"}
    assert after.attributes == known.attributes
    (subscription,) = Subscription.objects.select_related("traits", "home")
    assert (subscription.rokt_id, subscription.traits.calendar_code) == (FIRST, "sale")
    assert subscription.home.city == "Paris"


def test_attributes_in_a_table_override_those_of_the_same_name_alone(known, workspace, tmp_path):
    text = "user_id,level,rokt:calendar_code\nada,gold,winter/f5733866ade2\n"
    mapped = {"user_id": "external_id", "level": "custom:level", "rokt:calendar_code": "rokt:calendar_code"}

    imported(workspace, tmp_path / "t.csv", text, mapped)

    given = {"level": "gold", "rokt:calendar_code": ["winter/f5733866ade2"]}
    assert Subscriber.objects.get().attributes == {**known.attributes, **given}
    (subscription,) = Subscription.objects.select_related("traits")
    assert (subscription.rokt_id, subscription.traits.account_code) == (FIRST, "shop")
    assert subscription.traits.calendar_code == "winter"


def test_a_subscription_in_a_table_comes_beside_those_that_are_known(known, workspace, tmp_path):
    tail = SECOND[-12:]
    text = (
        f"user_id,rokt:subscription_id,rokt:calendar_code,rokt:tags\nada,{SECOND},winter/{tail},Ski/{tail}\n"
    )

    first = imported(workspace, tmp_path / "t.csv", text)
    second = imported(workspace, tmp_path / "u.csv", text)

    assert (counts(first), counts(second)) == (("finished", 0, 1, 0, 0), ("finished", 0, 0, 1, 0))
    found = Subscription.objects.order_by("position")
    assert [(each.rokt_id, each.traits.calendar_code) for each in found] == [
        (FIRST, "sale"),
        (SECOND, "winter"),
    ]
    assert [{tag.name for tag in each.traits.tags.all()} for each in found] == [{"Shoes", "Hats"}, {"Ski"}]


def test_the_same_table_twice_changes_nothing(known, workspace, tmp_path):
    text = "user_id,first_name,email,rokt:account_code\nada,Augusta,,shop/f5733866ade2\nbob,Bob,b@c,\n"

    first = imported(workspace, tmp_path / "t.csv", text)
    second = imported(workspace, tmp_path / "u.csv", text)

    assert counts(first) == ("finished", 1, 1, 0, 0)
    assert counts(second) == ("finished", 0, 0, 2, 0)
    assert Subscriber.objects.get(external_id="bob").email == "b@c"


def test_json_null_takes_away_and_what_is_not_named_stays(known, workspace, tmp_path):
    text = '{"user_id": "ada", "custom_attributes": {"points": null, "vip": true}, "email": null}\n'

    imported(workspace, tmp_path / "t.jsonl", text, kind=Import.Format.LINES)

    after = Subscriber.objects.get()
    left = {name: value for name, value in known.attributes.items() if name != "points"}
    assert after.attributes == {**left, "vip": True}
    assert (after.email, after.first_name) == ("", "Ada")


def test_an_address_that_is_none_does_not_empty_the_known_one(known, workspace, tmp_path):
    job = imported(workspace, tmp_path / "t.csv", "user_id,email\nada,nonsense\n")

    assert Subscriber.objects.get().email == known.email
    assert counts(job) == ("finished", 0, 0, 1, 1)


def test_people_of_another_workspace_are_not_looked_at(known, tmp_path):
    other = builders.make_workspace(name="Elsewhere")

    imported(other, tmp_path / "t.csv", "user_id,first_name\nada,Other\n")

    assert Subscriber.objects.get(workspace=other).attributes == {}
    assert Subscriber.objects.get(pk=known.pk).first_name == "Ada"


def test_a_try_counts_and_tells_but_writes_nobody_and_keeps_the_file(known, workspace, tmp_path):
    text = "user_id,first_name\nada,Augusta\nbob,Bob\n,nobody\n"

    job = imported(workspace, tmp_path / "t.csv", text, is_dry_run=True)

    assert counts(job) == ("finished", 1, 1, 0, 1)
    assert [person.first_name for person in Subscriber.objects.all()] == ["Ada"]
    assert (tmp_path / "t.csv").exists()


def test_a_braze_export_still_replaces_all_attributes(known, workspace, tmp_path):
    path = plain(tmp_path / "again.txt", someone(custom_attributes={"points": 8}))

    importing.run(importing.start(path, workspace=workspace).pk)

    assert Subscriber.objects.get().attributes == {"points": 8}
    assert not Subscription.objects.exists()

"""People of whom a file tells a part: what it says is taken, what it does not mention stays, nothing is wiped."""

import json

import pytest

from campaigns import importing
from campaigns.importing import readers, runs
from campaigns.importing.mapping import guess
from campaigns.importing.readers import columns
from campaigns.models import Import, Subscriber, Subscription
from integrations.braze.elements import SUBSCRIPTION_LIMIT
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


@pytest.mark.parametrize("size", [1, 2, 2_000])
def test_rows_of_one_person_are_laid_over_each_other_wherever_a_batch_ends(
    known, workspace, tmp_path, monkeypatch, size
):
    """As a warehouse writes them: one row for each subscription."""
    monkeypatch.setattr(runs, "BATCH_SIZE", size)
    third = SECOND[:-12] + "0" * 12
    rows = [f"bob,{each},{code}/{each[-12:]}" for each, code in ((FIRST, "a"), (SECOND, "b"), (third, "c"))]
    text = "\n".join(["user_id,rokt:subscription_id,rokt:calendar_code", *rows, ""])

    job = imported(workspace, tmp_path / "t.csv", text)

    theirs = Subscription.objects.filter(subscriber__external_id="bob").order_by("position")
    assert [(each.rokt_id, each.traits.calendar_code) for each in theirs] == [
        (FIRST, "a"),
        (SECOND, "b"),
        (third, "c"),
    ]
    assert not job.problems.exists(), "a table may have a row for each subscription"


@pytest.mark.parametrize("size", [1, 2, 2_000])
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_rows_that_say_something_else_than_earlier_ones_are_told_with_what_differs(
    workspace, tmp_path, monkeypatch, size, is_dry_run
):
    monkeypatch.setattr(runs, "BATCH_SIZE", size)
    code, level = "rokt:calendar_code", "level"
    rows = [
        {"user_id": "bob", "first_name": "Old", level: 1, code: ["a/z", "b/y"], "rokt:tags": ["a/x/z"]},
        {"user_id": "eve", "first_name": "Eve"},
        {"user_id": "bob", "first_name": "Old", level: 1, code: ["b/Y", "c/x"], "rokt:tags": ["a/w/z"]},
        {"user_id": "bob", "first_name": "New", level: True, code: ["d/z"], "email": "b@c"},
        {"user_id": "bob", "email": None},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    known = {name: name for name in ("first_name", "email", code, "rokt:tags")}
    mapped = {"user_id": "external_id", level: "custom:level", **known}

    job = imported(
        workspace, tmp_path / "t.jsonl", text, mapped, kind=Import.Format.LINES, is_dry_run=is_dry_run
    )

    told = "Earlier rows for this user id say something else; this later one counts: %s."
    assert list(job.problems.order_by("pk").values_list("place", "external_id", "message")) == [
        ("line 4", "bob", told % "First name, custom attribute “level”, Calendar code (rokt:calendar_code)"),
        ("line 5", "bob", told % "E-mail"),
    ]


def test_what_goes_beyond_what_a_person_can_have_is_told_and_the_rest_stays(workspace, tmp_path):
    ids = [f"{FIRST[:-12]}{number:012x}" for number in range(SUBSCRIPTION_LIMIT + 2)]
    rows = [{"user_id": "bob", "rokt:subscription_id": some} for some in (ids[:600], ids[600:])]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    for name, expected in (("t.jsonl", (1, 0, 0, 1)), ("u.jsonl", (0, 0, 1, 1))):
        job = imported(workspace, tmp_path / name, text, kind=Import.Format.LINES)
        assert counts(job) == ("finished", *expected)
        message = job.problems.get(place="line 2").message
        assert (
            "Nobody has more than 1000 subscriptions or 10000 tags: what goes beyond is left out." in message
        )

    theirs = Subscription.objects.order_by("position").values_list("rokt_id", flat=True)
    assert list(theirs) == ids[:SUBSCRIPTION_LIMIT]


@pytest.mark.parametrize("size", [1, 2_000])
def test_of_rows_that_contradict_each_other_the_later_counts(workspace, tmp_path, monkeypatch, size):
    monkeypatch.setattr(runs, "BATCH_SIZE", size)
    rows = [
        {"user_id": "bob", "first_name": "Old", "email": "b@c", "rokt:tags": ["x/y/z"]},
        {"user_id": "bob", "rokt:tags": None},
        {"user_id": "bob", "first_name": "New", "rokt:tags": ["v/w/z"]},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    imported(workspace, tmp_path / "t.jsonl", text, kind=Import.Format.LINES)

    bob = Subscriber.objects.get()
    assert (bob.first_name, bob.email, bob.attributes) == ("New", "b@c", {"rokt:tags": ["v/w/z"]})


def test_a_key_that_the_first_rows_do_not_have_is_not_dropped_without_a_word(
    workspace, tmp_path, monkeypatch
):
    monkeypatch.setattr(readers, "SAMPLE_ROW_COUNT", 2)
    rows = [{"user_id": f"u{number}"} for number in range(2)] + [{"user_id": "late", "city": "Paris", "b": 1}]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    job = imported(workspace, tmp_path / "t.jsonl", text, kind=Import.Format.LINES)

    told = "“b” and 1 more are left out: they are not among the keys that this import asked about."
    assert list(job.problems.values_list("place", "external_id", "message")) == [("line 3", "late", told)]
    assert Subscriber.objects.get(external_id="late").profile == {}


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

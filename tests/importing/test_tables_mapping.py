"""What columns mean: guessed from what people call them, checked before anything is read, applied cell by cell."""

from typing import Any

import pytest

from campaigns.importing import mapping, readers
from campaigns.importing.texts import ExportError
from campaigns.models import Import
from tests.importing.exports import FIRST, SECOND

ID = "rokt:subscription_id"


def job(tmp_path, text, mapped=None, *, kind=Import.Format.CSV):
    path = tmp_path / "people"
    path.write_text(text, encoding="utf-8")
    made = Import(path=str(path), format=kind)
    made.mapping = mapped or mapping.guess(column.name for column in readers.columns(made))
    return made


def rows(made) -> list[Any]:
    return list(readers.rows(made))


def said(made):
    return [row.person.said if row.person else row.fault for row in rows(made)]


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("External ID", "external_id"), ("user_id", "external_id"), ("USER-ID", "external_id"),
        ("E-Mail", "email"), ("email_address", "email"), ("Vorname", "first_name"), ("Prénom", "first_name"),
        ("Last Name", "last_name"), ("Nachname", "last_name"), ("Zeitzone", "time_zone"), ("País", "country"),
        ("City", "home_city"), ("rokt:calendar_code", "rokt:calendar_code"), ("Calendar code", "rokt:calendar_code"),
        ("rokt_optin1", "rokt:optIn1"), ("Subscription ID", ID), ("rokt:tags", "rokt:tags"),
        ("tags", ""), ("source", ""), ("Points", ""), ("用户ID", "external_id"),
    ],
)  # fmt: skip
def test_columns_are_recognised_by_what_people_call_them(name, meaning):
    assert mapping.guess([name]) == {name: meaning}


def test_of_two_columns_of_one_meaning_the_second_is_left_out():
    assert mapping.guess(["user id", "User-ID"]) == {"user id": "external_id", "User-ID": ""}


@pytest.mark.parametrize(
    ("mapped", "fault"),
    [
        ({"a": ""}, {"": "Say which column holds the user id: without it nobody can be recognised."}),
        ({"a": "external_id", "b": "external_id"}, {"b": "The column “a” means this already."}),
        ({"a": "external_id", "b": "custom:"}, {"b": "Give the custom attribute a name."}),
        ({"a": "external_id", "b": "nonsense"}, {"b": "Give the custom attribute a name."}),
        ({"a": "external_id", "b": f"custom:{ID}"}, {"b": f"“{ID}” is in the list; choose it there."}),
        (
            {"a": "external_id", "b": "custom:$x"},
            {"b": "This cannot be the name of a custom attribute in Braze."},
        ),
        ({"a": "external_id", "b": "custom:points"}, {}),
    ],
)
def test_what_columns_cannot_mean_is_told_at_the_column(mapped, fault):
    assert mapping.faults(mapped) == fault


def test_cells_are_stored_as_they_stand_and_empty_ones_say_nothing(tmp_path):
    text = "user_id,first_name,email,Points,formula\nada, Ada,,7,=cmd()\n"
    mapped = {"user_id": "external_id", "first_name": "first_name", "email": "email"}

    made = job(tmp_path, text, mapped | {"Points": "custom:points", "formula": "custom:f"})

    assert said(made) == [
        {"external_id": "ada", "first_name": " Ada", "custom_attributes": {"points": "7", "f": "=cmd()"}}
    ]


def test_rokt_cells_hold_several_values_or_a_json_list(tmp_path):
    text = 'user_id;rokt:tags;rokt:account_code\nada;Sale/A/x1 | Sale/B/x1;"[""shop/x1"",""a|b/x2""]"\n'

    attributes = said(job(tmp_path, text))[0]["custom_attributes"]

    assert attributes == {"rokt:tags": ["Sale/A/x1", "Sale/B/x1"], "rokt:account_code": ["shop/x1", "a|b/x2"]}


def test_subscription_ids_are_guids_only_each_once_and_at_most_a_thousand(tmp_path):
    many = "|".join(f"{number:08x}-0000-4000-8000-000000000000" for number in range(1_001))
    cells = [f"{FIRST}|{FIRST.upper()}|{SECOND}", f'"[""{FIRST}"", 7, ""x\\"",\\""""]"', many, "nonsense"]
    text = "user_id,subscription_id\n" + "".join(f"p{number},{cell}\n" for number, cell in enumerate(cells))

    people = [row.person for row in rows(job(tmp_path, text))]

    ids = [person.said["custom_attributes"][ID] for person in people[:3]]
    assert [{each.lower() for each in found} for found in ids[:2]] == [{FIRST, SECOND}, {FIRST}]
    assert len(ids[2]) == 1_000
    assert people[0].problems == []
    assert people[1].problems == [
        "2 subscription ids are left out: they are not like 06423672-b6ba-4536-aa36-f5733866ade2."
    ]
    assert people[2].problems == ["Only the first 1000 subscription ids are taken."]


def test_what_cannot_be_read_at_all_does_not_replace_what_is_known(tmp_path):
    text = "user_id,subscription_id,rokt:optIn1\nada,nonsense,true\n"

    (row,) = rows(job(tmp_path, text))

    assert row.person.said == {"external_id": "ada"}
    assert row.person.problems == [
        "1 subscription id is left out: it is not like 06423672-b6ba-4536-aa36-f5733866ade2.",
        f"Subscription id ({ID}) is left out: nothing in it can be read.",
        "First opt-in (rokt:optIn1) is left out: nothing in it can be read.",
    ]


@pytest.mark.parametrize(
    ("cell", "value"), [("True/x1", True), ("false/x1", False), ("true", None), ("1/x1", None)]
)
def test_opt_ins_are_read_as_rokt_writes_them_and_all_else_is_unknown(tmp_path, cell, value):
    text = f"user_id,rokt:account_code,rokt:optIn1\nada,shop/x1,{cell}\n"

    (row,) = rows(job(tmp_path, text))

    assert row.person.subscriptions[0].opt_in_1 is value
    assert bool(row.person.problems) == (value is None)


@pytest.mark.parametrize(
    ("user_id", "fault"),
    [
        ("", "The user id is missing."),
        (" ada", "The user id begins or ends with a space."),
        (
            "1.23E+15",
            "The user id “1.23E+15” is a number that a spreadsheet has shortened; make the column a text.",
        ),
        ("x" * 1_000, "The user id is longer than 255 characters."),
    ],
)
def test_a_row_without_a_usable_user_id_is_told(tmp_path, user_id, fault):
    (row,) = rows(job(tmp_path, f"user_id,first_name\n{user_id},Ada\n"))

    assert (row.person, row.fault, row.place) == (None, fault, "line 2")


@pytest.mark.parametrize("address", ["a@b@c", "nobody", "x" * 320 + "@example.com", '"a@b\nc"'])
def test_an_odd_address_is_left_out_so_that_the_known_one_stays(tmp_path, address):
    (row,) = rows(job(tmp_path, f"user_id,email\nada,{address}\n"))

    assert row.person.said == {"external_id": "ada"}
    assert len(row.person.problems) == 1


def test_a_row_that_does_not_speak_of_ids_does_not_complain_of_missing_ones(tmp_path):
    (row,) = rows(job(tmp_path, "user_id,rokt:account_code\nada,shop/x1\n"))

    assert row.person.problems == []


def test_lines_of_json_say_what_they_name_and_null_is_said_too(tmp_path):
    text = (
        '{"user_id": "ada", "email": null, "points": 7, "custom_attributes": {"vip": true, "rokt:tags": ["A/x"]}}\n'
        '{"user_id": 7}\nnonsense\n{"user_id": "bob", "custom_attributes": []}\n'
    )
    mapped = {"user_id": "external_id", "email": "email", "points": "custom:points"}

    found = said(job(tmp_path, text, mapped, kind=Import.Format.LINES))

    assert found[0] == {
        "external_id": "ada",
        "email": None,
        "custom_attributes": {"vip": True, "rokt:tags": ["A/x"], "points": 7},
    }
    assert found[1] == "The user id is not a text."
    assert found[2].startswith("Not valid JSON")
    assert found[3] == "custom_attributes is not an object."


def test_samples_are_a_few_different_values_and_doubts_are_counted(tmp_path):
    text = "user_id,mail,rokt:optIn1\nada,a@b,yes\nbob,bob,True/x\ncyd,bob,\ndan,e@f,\neve,g@h,\n"

    _user, mail, opt_in = readers.columns(job(tmp_path, text))

    assert mail.samples == ["a@b", "bob", "e@f"]
    assert mail.fault("email") == "2 of the first 5: not an e-mail address."
    assert mail.fault("") == ""
    assert (
        opt_in.fault("rokt:optIn1")
        == "1 of the first 2: no suffix after a slash, such as “shop/f5733866ade2”."
    )


def test_a_mapping_that_does_not_fit_the_file_refuses_it_before_a_row_is_read(tmp_path):
    for mapped, message in (
        ({"gone": "external_id"}, "The table has no column “gone”."),
        ({"user_id": ""}, "Say which column holds the user id"),
    ):
        with pytest.raises(ExportError, match=message):
            readers.check(job(tmp_path, "user_id\nada\n", mapped))

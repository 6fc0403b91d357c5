"""Line by line: who is on it, or where exactly it went wrong; and how little memory that takes."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from campaigns import importing
from campaigns.importing.export import LINE_LIMIT
from campaigns.importing.person import Person
from campaigns.models import Subscriber, Subscription, TraitsTag
from integrations.braze import elements
from tests.importing.exports import plain, someone, text, zipped


def rows(path: Path) -> list[importing.Row]:
    """Return every row of a file."""
    return list(importing.read(path))


def only(tmp_path: Path, person: dict[str, Any]) -> Person:
    """Return the one person that this object is read as."""
    (row,) = rows(plain(tmp_path / "one", person))
    assert row.person is not None, row.fault
    return row.person


def test_a_bad_line_is_told_with_its_file_and_number_and_the_others_are_read(tmp_path: Path) -> None:
    good = text([someone()])
    many = text({"external_id": str(number)} for number in range(9_998))
    path = zipped(tmp_path / "e.zip", {"export-3.txt": many + b'{"external_id": \xff}\n' + good})
    bad = [row for row in importing.read(path) if row.person is None]
    assert [(row.place, row.fault) for row in bad] == [
        (
            "export-3.txt line 9999",
            "Not valid JSON: str is not valid UTF-8: surrogates not allowed: line 1 column 1 (char 0).",
        )
    ]
    assert sum(1 for row in importing.read(path) if row.person) == 9_999


def test_the_place_in_a_file_of_its_own_is_its_line(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(text([someone()]) + b"\n\n{\n")
    assert [row.place for row in rows(path)] == ["line 1", "line 4"]


def test_a_line_of_more_than_a_megabyte_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(b'{"a":"' + b"x" * 5 * LINE_LIMIT + b'"}\n' + text([someone("b")]))
    first, second = rows(path)
    assert (first.number, first.fault) == (1, "The line is longer than 1 MB.")
    assert second.number == 2
    assert second.person is not None


def test_reading_goes_on_to_the_end_of_the_file(tmp_path: Path) -> None:
    path = plain(tmp_path / "e", *(someone(str(number)) for number in range(300)))
    reads = [row.bytes_read_count for row in importing.read(path)]
    assert reads == sorted(reads)
    assert 0 < reads[0] <= reads[-1] == path.stat().st_size


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    def peak(line_count: int) -> int:
        path = zipped(
            tmp_path / "e.zip", {"a.txt": text(someone(f"{number:07}") for number in range(line_count))}
        )
        tracemalloc.start()
        assert sum(1 for row in importing.read(path) if row.person) == line_count
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(8_000) < 1.2 * peak(1_000)


@pytest.mark.parametrize(
    ("external_id", "reason"),
    [
        (None, "The user id is missing"),
        ("", "The user id is missing"),
        (17, "The user id is not a text"),
        ("x" * 256, "longer than 255 characters"),
        ("a\nb", "control characters"),
        ("   ", "nothing but spaces"),
    ],
)
def test_a_person_without_a_usable_id_is_refused(tmp_path: Path, external_id: object, reason: str) -> None:
    (row,) = rows(plain(tmp_path / "e", someone(external_id)))
    assert row.person is None
    assert reason in row.fault


@pytest.mark.parametrize("external_id", [" lead 1", 'o\'brien,"7"', "사용자 1", "a/b", "x" * 255, "{{7}}"])
def test_an_odd_but_legal_id_is_kept_to_the_letter(tmp_path: Path, external_id: str) -> None:
    assert only(tmp_path, someone(external_id)).external_id == external_id


def test_attributes_that_are_no_object_refuse_the_person(tmp_path: Path) -> None:
    (row,) = rows(plain(tmp_path / "e", someone(custom_attributes=["x"])))
    assert (row.person, row.fault) == (None, "custom_attributes is not an object.")


@pytest.mark.parametrize("missing", [{"custom_attributes": None}, {}])
def test_an_export_without_attributes_says_nothing_about_them(
    tmp_path: Path, missing: dict[str, None]
) -> None:
    person = {name: value for name, value in someone().items() if name != "custom_attributes"}
    found = only(tmp_path, person | missing)
    assert (found.attributes, found.subscriptions) == (None, [])


def test_fields_that_do_not_fit_are_left_out_and_told(tmp_path: Path) -> None:
    person = only(tmp_path, someone(first_name=5, last_name="x" * 256, email="a@b@c"))
    assert (person.first_name, person.last_name, person.email) == ("", "", "")
    assert person.problems == [
        "first_name is left out: it is not a text.",
        "last_name is left out: it is too long.",
        "email is left out: it is not an address.",
    ]


@pytest.mark.parametrize("email", ["a b@c.de", "a@b\n", "nobody", "x" * 320 + "@b.de"])
def test_what_is_no_address_is_left_out(tmp_path: Path, email: str) -> None:
    assert only(tmp_path, someone(email=email)).email == ""


def test_an_international_address_is_taken(tmp_path: Path) -> None:
    assert only(tmp_path, someone(email="käthe@köln.example")).email == "käthe@köln.example"


def test_profile_fields_are_kept_under_their_liquid_names(tmp_path: Path) -> None:
    person = only(tmp_path, someone(dob="1990-01-01", language="de", devices=[{"model": "x"}], phone=None))
    assert person.profile == '{"city":"London","date_of_birth":"1990-01-01","language":"de"}'


def test_what_the_reader_lets_through_fits_into_the_columns() -> None:
    for column in Subscription._meta.get_fields():
        length = getattr(column, "max_length", None)
        if length and column.name not in {"rokt_id", "suffix"}:
            assert length >= elements.VALUE_LENGTH, column.name
    assert Subscription._meta.get_field("suffix").max_length == elements.SUFFIX_LENGTH
    assert TraitsTag._meta.get_field("name").max_length == elements.VALUE_LENGTH
    assert Subscriber._meta.get_field("external_id").max_length == 255

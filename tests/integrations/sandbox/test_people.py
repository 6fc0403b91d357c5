"""The invented people: always the same ones, as Braze would export them, with the oddities of real ones."""

import json
import re
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox import people

CROWD = list(islice(people.users(), 3_000))


def attributes(person: dict[str, Any]) -> dict[str, Any]:
    """Return somebody's custom attributes."""
    found: dict[str, Any] = person.get("custom_attributes", {})
    return found


def exported(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return file name -> people of an export."""
    with zipfile.ZipFile(path) as archive:
        return {
            name: [json.loads(line) for line in archive.read(name).splitlines()]
            for name in archive.namelist()
        }


def test_an_export_is_a_zip_of_files_with_five_thousand_people_each(tmp_path: Path) -> None:
    people.write_export(tmp_path / "e.zip", 5_003)
    files = exported(tmp_path / "e.zip")
    assert {name: len(found) for name, found in files.items()} == {"export-1.txt": 5_000, "export-2.txt": 3}
    assert files["export-1.txt"][:3_000] == CROWD


def test_the_same_seed_makes_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        people.write_export(tmp_path / name, 50, seed=seed)
    first, second, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second != other


def test_nobody_is_there_twice() -> None:
    assert len({person["external_id"] for person in CROWD}) == len(CROWD)


def test_subscriptions_are_joined_by_the_end_of_their_id() -> None:
    for person in CROWD:
        rokt = {name: value for name, value in attributes(person).items() if name.startswith("rokt:")}
        ids = rokt.pop("rokt:subscription_id", [])
        tails = {rokt_id[-12:] for rokt_id in ids}
        assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", rokt_id) for rokt_id in ids)
        for values in rokt.values():
            listed = [values] if isinstance(values, str) else values
            assert {value.rpartition("/")[2] for value in listed} <= tails


def test_people_have_none_to_three_subscriptions_and_some_have_them_in_both_accounts() -> None:
    counts = {len(attributes(person).get("rokt:subscription_id", [])) for person in CROWD}
    assert counts == {0, 1, 2, 3}
    accounts = [
        {code.partition("/")[0] for code in attributes(person).get("rokt:account_code", [])}
        for person in CROWD
    ]
    assert {"acme-events", "northwind"} in accounts


def test_the_oddities_of_real_people_are_there() -> None:
    text = "\n".join(json.dumps(person, ensure_ascii=False) for person in CROWD)
    for oddity in (
        "서연",
        "🎉",
        "O'Brien",
        '\\"Rocky\\"',
        "Müller",
        "/TeamI//",
        "True/",
        "False/",
        "Microsoft/",
    ):
        assert oddity in text, oddity
    assert any("first_name" not in person for person in CROWD)
    assert any("custom_attributes" not in person for person in CROWD)
    assert any(isinstance(attributes(person).get("rokt:country_code"), str) for person in CROWD)
    assert any("rokt:optIn1" not in attributes(person) for person in CROWD)
    assert any(not re.fullmatch(r"user-\d+", person["external_id"]) for person in CROWD)


def test_addresses_belong_to_nobody() -> None:
    for person in CROWD:
        assert re.search(r"@example\.(com|net|org)$", person.get("email", "x@example.com"))


def test_the_command_line_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "e.zip"
    people.main([str(path), "--people", "7", "--seed", "3"])
    assert capsys.readouterr().out == f"7 people written to {path}\n"
    assert [len(found) for found in exported(path).values()] == [7]

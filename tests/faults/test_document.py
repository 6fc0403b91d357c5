"""docs/reliability.md names every crash point and fault once, and only tests that there are."""

import re

import pytest

from tests.workers import ROOT

TEXT = (ROOT / "docs" / "reliability.md").read_text()
FOLDERS = dict(re.findall(r"`([A-Z])`\s+(?:stands )?for\s+`([^`]+)`", TEXT))
NAMED = sorted(set(re.findall(r"`((?:tests|[A-Z])[/:][^`]*?)(?:\[[^`]*\])?`", TEXT)))


@pytest.mark.parametrize(("letter", "count"), [("K", 12), ("F", 56)])
def test_every_row_is_there_once_and_in_order(letter, count):
    assert re.findall(rf"^\| ({letter}\d+) \|", TEXT, re.MULTILINE) == [
        f"{letter}{n}" for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_is_named_exists(name):
    path, _colons, test = name.partition("::")
    start, slash, rest = path.partition("/")
    place = ROOT / (FOLDERS.get(start, start) + slash + rest)
    assert place.exists()
    assert f"def {test}(" in (place.read_text() if place.is_file() else "") or not test

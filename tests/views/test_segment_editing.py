"""The builder's buttons: rows move through groups and come back when they were removed, without any script."""

import pytest
from django.urls import reverse

from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

# a, (any: b, c), d
ROWS = {
    "name": "x",
    "version": "1",
    "r-match": "all",
    "r.0-field": "country_code", "r.0-op": "is_any_of", "r.0-values": ["a"],
    "r.1-match": "any",
    "r.1.0-field": "country_code", "r.1.0-op": "is_any_of", "r.1.0-values": ["b"],
    "r.1.1-field": "country_code", "r.1.1-op": "is_any_of", "r.1.1-values": ["c", "c2"],
    "r.2-field": "country_code", "r.2-op": "is_any_of", "r.2-values": ["d"],
}  # fmt: skip


def press(client, button, **changes):
    response = client.post(reverse("segment_new"), ROWS | changes | {"do": button})
    assert response.status_code == 200
    return response


def drawn(response):
    def shape(node):
        return [shape(inner) for inner in node.nodes] if node.is_group else node.first

    return shape(response.context["root"])


@pytest.mark.parametrize(
    ("button", "shape", "focus"),
    [
        ("down:r.0", [["a", "b", "c"], "d"], "down-r.0.0"),
        ("up:r.0", ["a", ["b", "c"], "d"], "up-r.0"),
        ("up:r.2", ["a", ["b", "c", "d"]], "up-r.1.2"),
        ("down:r.2", ["a", ["b", "c"], "d"], "down-r.2"),
        ("up:r.1.0", ["a", "b", ["c"], "d"], "up-r.1"),
        ("down:r.1.0", ["a", ["c", "b"], "d"], "down-r.1.1"),
        ("up:r.1.1", ["a", ["c", "b"], "d"], "up-r.1.0"),
        ("down:r.1.1", ["a", ["b"], "c", "d"], "down-r.2"),
        ("up:r.1", [["b", "c"], "a", "d"], "up-r.0"),
        ("down:r.1", ["a", "d", ["b", "c"]], "down-r.2"),
    ],
)
def test_rows_move_up_and_down_into_and_out_of_groups(marketer, button, shape, focus):
    response = press(marketer, button)

    assert drawn(response) == shape
    assert f'id="{focus}"' in autofocused(response)


def autofocused(response):
    before, _mark, after = response.content.decode().partition(" autofocus")
    return before[before.rindex("<") :] + after[: after.index(">")]


def test_a_rule_about_the_person_does_not_move_into_another_one(marketer):
    person = {"r.0-match": "all", "r.0-who": "person", "r.0.0-field": "tags", "r.0.0-op": "is_blank"}
    both = {"r.1-who": "person"} | person
    rows = {name: value for name, value in ROWS.items() if not name.startswith(("r.0", "r.2"))}

    response = marketer.post(reverse("segment_new"), rows | both | {"do": "down:r.0"})

    root = response.context["root"]
    assert [node.is_person for node in root.nodes] == [True, True]
    assert root.nodes[0].nodes[0].first == "b"


@pytest.mark.parametrize(
    ("button", "shape"),
    [("remove:r.0", [["b", "c"], "d"]), ("remove:r.1", ["a", "d"]), ("remove:r.1.1", ["a", ["b"], "d"])],
)
def test_what_was_removed_last_comes_back_where_it_was(marketer, button, shape):
    removed = press(marketer, button)
    kept = dict_of_hidden(removed)

    assert drawn(removed) == shape
    assert "Undo removal" in text_of(removed)
    again = marketer.post(reverse("segment_new"), inputs_of(removed) | kept | {"do": "undo:r"})
    assert drawn(again) == ["a", ["b", "c"], "d"]
    assert values_of(again) == [("a",), ("b",), ("c", "c2"), ("d",)]
    assert "Undo removal" not in text_of(again)


def test_a_removed_row_comes_back_at_the_end_when_its_group_is_gone(marketer):
    removed = press(marketer, "remove:r.1.1")
    kept = dict_of_hidden(removed)
    only = {
        "name": "x",
        "r-match": "all",
        "r.0-field": "country_code",
        "r.0-op": "is_any_of",
        "r.0-values": ["a"],
    }

    again = marketer.post(reverse("segment_new"), only | kept | {"do": "undo:r"})

    assert drawn(again) == ["a", "c"]


@pytest.mark.parametrize("place", ["", "r", "r.9.9", "r.x", "../x"])
def test_a_strange_place_of_a_removed_row_does_no_harm(marketer, place):
    kept = {"u-at": place, "u.0-field": "country_code", "u.0-op": "is_any_of", "u.0-values": "z"}

    response = marketer.post(reverse("segment_new"), ROWS | kept | {"do": "undo:r"})

    assert response.status_code == 200
    assert drawn(response)[:3] == ["a", ["b", "c"], "d"]


def dict_of_hidden(response):
    kept: dict[str, list[str]] = {}
    for name, value in response.context["hidden"]:
        kept.setdefault(name, []).append(value)
    return kept


def values_of(response):
    def leaves(node):
        return [leaf for inner in node.nodes for leaf in leaves(inner)] if node.is_group else [node.values]

    return leaves(response.context["root"])


def inputs_of(response):
    """What a browser would post for the rows that a page shows."""

    def given(node):
        if not node.is_group:
            return {
                f"{node.prefix}-field": node.field,
                f"{node.prefix}-op": node.op,
                f"{node.prefix}-values": node.values,
            }
        inner = {f"{node.prefix}-match": node.match}
        return inner | {name: value for each in node.nodes for name, value in given(each).items()}

    return {"name": "x", "version": "1"} | given(response.context["root"])

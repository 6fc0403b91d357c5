"""Two changes of one text: both are kept where they can be, mine where they cannot, and nothing goes unsaid."""

from hypothesis import given
from hypothesis import strategies as st

from campaigns.pipeline.merge import MOST_LINES, Conflict, Merged, merge

lines = st.lists(st.sampled_from(["a", "b", "c", "", "{", "}"]), max_size=12)
texts = lines.map("\n".join)
BASE = "id\ntitle\nplace\nstart\nend"


@given(texts, texts)
def test_what_i_have_not_touched_becomes_theirs(base, theirs):
    assert merge(base, base, theirs) == Merged(theirs)


@given(texts, texts)
def test_what_they_have_not_touched_stays_mine(base, mine):
    assert merge(base, mine, base) == Merged(mine)


@given(texts, texts)
def test_the_same_change_by_both_is_made_once(base, both):
    assert merge(base, both, both) == Merged(both)


@given(texts, texts, texts)
def test_without_a_conflict_the_order_of_the_two_does_not_matter(base, mine, theirs):
    merged = merge(base, mine, theirs)
    if not merged.conflicts:
        assert merge(base, theirs, mine) == merged


@given(st.data())
def test_no_line_that_somebody_wrote_is_lost_silently(data):
    base = [f"line {number}" for number in range(data.draw(st.integers(1, 8)))]
    mine, theirs = (_edited(data, base, who) for who in ("mine", "theirs"))

    merged = merge(*("\n".join(side) for side in (base, mine, theirs)))

    said = set(merged.text.split("\n"))
    offered = {line for conflict in merged.conflicts for line in conflict.theirs.split("\n")}
    assert set(mine) - set(base) <= said
    assert set(theirs) - set(base) <= said | offered


def _edited(data, base, who):
    edited = []
    for number, line in enumerate(base):
        deed = data.draw(st.sampled_from(["keep", "keep", "change", "drop", "add"]))
        edited += {"keep": [line], "change": [f"{who} {number}"], "drop": []}.get(
            deed, [line, f"{who} {number}"]
        )
    return edited


@given(st.permutations(range(8)))
def test_changes_of_different_lines_are_both_there_even_side_by_side(places):
    one, other, *_rest = places
    wide = [f"line {number}" for number in range(8)]
    mine, theirs, both = wide.copy(), wide.copy(), wide.copy()
    mine[one] = both[one] = "mine"
    theirs[other] = both[other] = "theirs"

    assert merge("\n".join(wide), "\n".join(mine), "\n".join(theirs)) == Merged("\n".join(both))


def test_a_line_that_both_have_changed_stays_mine_and_is_told():
    merged = merge(BASE, BASE.replace("title", "My title"), BASE.replace("title", "Their title\nmore"))

    assert merged.text == "id\nMy title\nplace\nstart\nend"
    assert merged.conflicts == (Conflict(2, "My title", "Their title\nmore"),)


def test_lines_they_have_deleted_are_gone_and_lines_they_have_added_are_there():
    mine = BASE.replace("title", "My title")

    assert merge(BASE, mine, BASE.replace("\nend", "")).text == "id\nMy title\nplace\nstart"
    assert merge(BASE, mine, f"{BASE}\n").text == "id\nMy title\nplace\nstart\nend\n"


def test_what_is_too_long_to_compare_is_one_conflict():
    base = "\n".join(map(str, range(MOST_LINES)))
    mine, theirs = f"mine\n{base}", f"{base}\ntheirs"

    assert merge(base, mine, theirs) == Merged(mine, (Conflict(1, mine, theirs),))

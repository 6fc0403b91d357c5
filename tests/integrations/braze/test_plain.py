"""The quick way through attributes says the same as the way value by value, or nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.braze.plain import plain_subscriptions
from integrations.braze.profile import parse, parse_odd
from integrations.braze.subscription import NAMES, OPT_INS, SUBSCRIPTION_ID, TAGS

FIRST = "06423672-b6ba-4536-aa36-f5733866ade2"
SECOND = "9a9007c7-f5a4-4811-b13c-FF10919F1078"
GUIDS = st.sampled_from([FIRST, SECOND, FIRST.upper(), SECOND.lower(), "nonsense", 7])
SUFFIXES = st.sampled_from(["f5733866ade2", "FF10919F1078", "ff10919f1078", "", "x" * 64, "x" * 65])
WORDS = st.sampled_from(
    ["a", "", "Sale/Shoes", "Sale/", "Sale", "True", "false", "TRUE", "\0", "\ud800", "y" * 250]
)
ITEMS = st.one_of(
    st.builds("{}/{}".format, WORDS, SUFFIXES), WORDS, st.sampled_from([7, None, "f5733866ade2"])
)
ODD = st.fixed_dictionaries(
    {}, optional={name: st.one_of(st.lists(ITEMS, max_size=3), ITEMS) for name in NAMES - {SUBSCRIPTION_ID}}
)


def plain(word: str, *ids: str) -> dict[str, Any]:
    """Return attributes as Rokt Calendar writes them."""
    names = NAMES - {SUBSCRIPTION_ID, *OPT_INS}
    lists: dict[str, Any] = {name: [f"{word}/{each[-12:]}" for each in ids] for name in names}
    return lists | {SUBSCRIPTION_ID: list(ids), "points": 7}


@given(ODD, st.lists(GUIDS, max_size=3))
def test_whatever_the_attributes_hold_both_ways_say_the_same(
    attributes: dict[str, Any], ids: list[Any]
) -> None:
    attributes = attributes | {SUBSCRIPTION_ID: ids}
    quick = plain_subscriptions(attributes)
    slow = parse_odd(attributes)
    assert quick is None or (quick, []) == (slow.subscriptions, slow.problems)
    assert parse(attributes) == slow


@pytest.mark.parametrize("ids", [[FIRST], [FIRST, SECOND], [SECOND, FIRST]])
def test_what_rokt_calendar_writes_goes_the_quick_way(ids: list[str]) -> None:
    attributes = plain("Sale", *ids) | {TAGS: [f"Sale/Shoes/{ids[0][-12:]}", f"Sale/Hats/{ids[0][-12:]}"]}
    quick = plain_subscriptions(attributes)
    assert quick == parse_odd(attributes).subscriptions
    assert [values.rokt_id for values in quick or ()] == ids
    assert next(values.tags for values in quick or ()) == ("Shoes", "Hats")


@pytest.mark.parametrize(
    "odd",
    [
        {"rokt:source": "x/f5733866ade2"},
        {"rokt:source": ["x/f5733866ade2", "y/f5733866ade2"]},
        {"rokt:source": ["f5733866ade2"]},
        {"rokt:source": ["x/other"]},
        {"rokt:source": [7]},
        {"rokt:optIn1": ["maybe/f5733866ade2"]},
        {SUBSCRIPTION_ID: [FIRST, FIRST]},
        {SUBSCRIPTION_ID: []},
        {SUBSCRIPTION_ID: [7]},
    ],
)
def test_what_is_odd_gets_a_closer_look(odd: dict[str, Any]) -> None:
    assert plain_subscriptions(plain("Sale", FIRST) | odd) is None

"""What the ``rokt:*`` attributes of a person mean: which values belong together, and what is not guessed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations.braze.profile import NAMES, OPT_INS, SUBSCRIPTION_ID, TAGS, Values, liquid_profile, parse

FIRST = "06423672-b6ba-4536-aa36-f5733866ade2"
SECOND = "9a9007c7-f5a4-4811-b13c-ff10919f1078"
STRANGER = "06423672-b6ba-4536-aa36-70788a7a0a36"


def as_documented() -> dict[str, Any]:
    """Return the examples of Braze's page about Rokt Calendar."""
    return {
        "rokt:account_code": ["brazetest/f5733866ade2"],
        "rokt:account_id": ["d0ce4299-7d6c-4888-bfd8-c7e867a0fa6c/f5733866ade2"],
        "rokt:account_name": ["Braze Test/f5733866ade2"],
        "rokt:calendar_code": ["test-calendar-1/f5733866ade2"],
        "rokt:calendar_id": ["9a9007c7-f5a4-e811-b13c-06424c4f2724/f5733866ade2"],
        "rokt:calendar_title": ["Test Calendar 1/f5733866ade2"],
        "rokt:country_code": ["AU/f5733866ade2"],
        "rokt:device_name": ["Desktop/f5733866ade2"],
        "rokt:geo_country": ["Australia/f5733866ade2"],
        "rokt:optIn1": ["True/f5733866ade2"],
        "rokt:optIn2": ["False/f5733866ade2"],
        "rokt:source": ["brazetest.Rokt Calendarapp.com/f5733866ade2"],
        "rokt:subscriber_email": ["test@email.com/f5733866ade2"],
        "rokt:subscription_id": [STRANGER],
        "rokt:subscription_method": ["WebCal/f5733866ade2"],
        "rokt:tags": ["Test Calendar 1/All Teams/f5733866ade2", "Test Calendar 1/TeamI//f5733866ade2"],
    }


def only(attributes: dict[str, Any]) -> Values:
    """Return the one subscription that these attributes hold."""
    (values,) = parse(attributes).subscriptions
    return values


def test_the_documented_example_is_one_subscription_with_every_value() -> None:
    profile = parse(as_documented())
    assert profile.problems == []
    assert profile.subscriptions == [
        Values(
            position=0,
            suffix="f5733866ade2",
            rokt_id=STRANGER,
            account_code="brazetest",
            account_rokt_id="d0ce4299-7d6c-4888-bfd8-c7e867a0fa6c",
            account_name="Braze Test",
            calendar_code="test-calendar-1",
            calendar_rokt_id="9a9007c7-f5a4-e811-b13c-06424c4f2724",
            calendar_title="Test Calendar 1",
            country_code="AU",
            device_name="Desktop",
            geo_country="Australia",
            opt_in_1=True,
            opt_in_2=False,
            source="brazetest.Rokt Calendarapp.com",
            email="test@email.com",
            method="WebCal",
            tags=("All Teams", "TeamI/"),
        )
    ]


def test_there_are_sixteen_attributes() -> None:
    assert len(NAMES) == 16


def test_a_person_without_rokt_attributes_has_no_subscriptions() -> None:
    profile = parse({"points": 3, "tier": "gold"})
    assert (profile.subscriptions, profile.problems) == ([], [])


def test_ids_are_matched_by_their_last_twelve_digits_in_whatever_order_the_values_come() -> None:
    profile = parse(
        {
            SUBSCRIPTION_ID: [SECOND.upper(), FIRST],
            "rokt:account_code": ["acme/f5733866ade2", "northwind/ff10919f1078"],
            "rokt:calendar_code": ["b/ff10919f1078", "a/f5733866ade2"],
        }
    )
    found = [
        (row.position, row.rokt_id, row.account_code, row.calendar_code) for row in profile.subscriptions
    ]
    assert found == [(0, SECOND.upper(), "northwind", "b"), (1, FIRST, "acme", "a")]
    assert profile.problems == []


def test_an_id_that_matches_no_suffix_carries_only_what_all_suffixes_agree_on() -> None:
    profile = parse(
        {
            SUBSCRIPTION_ID: [STRANGER, FIRST],
            "rokt:account_code": ["acme/f5733866ade2", "acme/ff10919f1078"],
            "rokt:country_code": ["AU/f5733866ade2", "US/ff10919f1078"],
            "rokt:optIn1": ["True/f5733866ade2", "true/ff10919f1078"],
            "rokt:method": ["ignored/f5733866ade2"],
            "rokt:device_name": ["Desktop/f5733866ade2"],
            TAGS: ["x/f5733866ade2", "y/f5733866ade2", "y/ff10919f1078"],
        }
    )
    assert profile.subscriptions == [
        Values(position=0, rokt_id=STRANGER, account_code="acme", opt_in_1=True, tags=("y",)),
        Values(
            position=1,
            suffix="f5733866ade2",
            rokt_id=FIRST,
            account_code="acme",
            country_code="AU",
            device_name="Desktop",
            opt_in_1=True,
            tags=("x", "y"),
        ),
        Values(
            position=2,
            suffix="ff10919f1078",
            account_code="acme",
            country_code="US",
            opt_in_1=True,
            tags=("y",),
        ),
    ]
    assert profile.problems == [
        "1 subscription id could not be matched to values; only what all values share is known.",
        "1 subscription has no id and can receive no event.",
    ]


def test_two_ids_with_the_same_end_are_not_guessed_apart() -> None:
    twin = "11111111-b6ba-4536-aa36-f5733866ade2"
    profile = parse({SUBSCRIPTION_ID: [FIRST, twin], "rokt:source": ["web/f5733866ade2"]})
    assert [row.suffix for row in profile.subscriptions] == ["", "", "f5733866ade2"]
    assert profile.problems[0].startswith("2 subscription ids could not be matched")


def test_two_spellings_of_one_suffix_are_not_guessed_apart() -> None:
    values = {"rokt:source": ["web/F5733866ADE2", "app/f5733866ade2"]}
    profile = parse({SUBSCRIPTION_ID: [FIRST], **values})
    assert [(row.suffix, row.rokt_id) for row in profile.subscriptions] == [
        ("", FIRST),
        ("F5733866ADE2", ""),
        ("f5733866ade2", ""),
    ]
    assert profile.problems[-1] == "2 subscriptions have no id and can receive no event."


def test_ids_alone_are_subscriptions_of_which_nothing_is_known() -> None:
    assert parse({SUBSCRIPTION_ID: [FIRST]}).subscriptions == [Values(position=0, rokt_id=FIRST)]


def test_an_id_given_twice_counts_once_and_positions_stay_those_of_the_list() -> None:
    profile = parse({SUBSCRIPTION_ID: [FIRST, FIRST.upper(), "not-a-guid", 7, SECOND]})
    assert [(row.position, row.rokt_id) for row in profile.subscriptions] == [(0, FIRST), (4, SECOND)]
    assert "rokt:subscription_id: 2 of 5 values left out; 'not-a-guid' is not a GUID." in profile.problems


def test_a_list_joined_into_one_text_is_not_taken_for_ids() -> None:
    assert parse({SUBSCRIPTION_ID: [f'{FIRST}","{SECOND}']}).subscriptions == []


def test_a_value_may_hold_slashes_and_a_title_is_taken_off_its_tags_only_where_it_is_there() -> None:
    values = only(
        {
            "rokt:calendar_title": ["Theatre/Opera/abc"],
            TAGS: ["Theatre/Opera/Family / Kids/abc", "Other/Tag/abc", "Theatre/Opera//abc"],
        }
    )
    assert (values.calendar_title, values.tags) == ("Theatre/Opera", ("Family / Kids", "Other/Tag"))


def test_opt_ins_are_true_false_or_unknown() -> None:
    assert only({"rokt:optIn1": ["TRUE/a"], "rokt:optIn2": ["false/a"]}).opt_in_1 is True
    assert only({"rokt:optIn1": ["TRUE/a"], "rokt:optIn2": ["false/a"]}).opt_in_2 is False
    profile = parse({"rokt:optIn1": ["1/a"]})
    assert profile.subscriptions[0].opt_in_1 is None
    assert "rokt:optIn1 of subscription a is neither True nor False; taken as unknown." in profile.problems


def test_a_text_in_place_of_a_list_is_read_and_told() -> None:
    profile = parse({"rokt:country_code": "AU/abc", SUBSCRIPTION_ID: FIRST, "rokt:source": ""})
    assert profile.subscriptions == [Values(position=0, suffix="abc", rokt_id=FIRST, country_code="AU")]
    assert profile.problems == [
        "rokt:country_code is a text, where Rokt Calendar writes a list.",
        "rokt:subscription_id is a text, where Rokt Calendar writes a list.",
    ]


def test_what_cannot_be_read_is_left_out_and_told_in_one_sentence_per_attribute() -> None:
    bad = ["AU", "AU/", True, "A\0U/abc", "A\ud800/abc", "x" * 256 + "/abc", "AU/" + "s" * 65, "NZ/abc"]
    profile = parse({"rokt:country_code": bad, "rokt:device_name": {"a": 1}})
    assert [row.country_code for row in profile.subscriptions] == ["NZ"]
    assert profile.problems[:2] == [
        "rokt:country_code: 7 of 8 values left out; 'AU' has no suffix after a slash.",
        "rokt:device_name is left out: it is not a list.",
    ]


def test_every_kind_of_unreadable_value_has_its_own_reason() -> None:
    reasons = {
        "is not a text": 5,
        "holds characters that cannot be stored": "a\0/b",
        "is too long": f"{'x' * 256}/b",
    }
    for reason, item in reasons.items():
        (problem,) = parse({"rokt:source": [item]}).problems
        assert problem.endswith(f"{reason}.")
        assert len(problem) < 200


def test_of_two_values_for_one_place_the_later_wins_and_it_is_told() -> None:
    profile = parse({"rokt:device_name": ["Desktop/a", "Mobile/a"], "rokt:source": ["x/a", "x/a"]})
    assert profile.subscriptions[0].device_name == "Mobile"
    assert (
        profile.problems[0] == "rokt:device_name has two values for one subscription; the later one is taken."
    )


def test_no_more_than_a_thousand_subscriptions_are_taken() -> None:
    ids = [f"00000000-0000-4000-8000-{number:012x}" for number in range(1_002)]
    profile = parse({SUBSCRIPTION_ID: ids, "rokt:source": [f"web/{number:012x}" for number in range(1_002)]})
    assert len(profile.subscriptions) == 1_000
    assert profile.problems == [
        "Of 1002 suffixes only the first 1000 are taken.",
        "Of 1002 subscription ids only the first 1000 are taken.",
    ]


def test_profile_fields_get_the_names_that_liquid_has_for_them() -> None:
    user: dict[str, Any] = {
        "external_id": "1",
        "dob": "1980-12-21",
        "home_city": "Chicago",
        "phone": None,
        "purchases": [],
        "gender": "F",
    }
    assert liquid_profile(user) == {
        "user_id": "1",
        "date_of_birth": "1980-12-21",
        "city": "Chicago",
        "gender": "F",
    }


PARTS = st.text(max_size=12)
ELEMENTS = st.one_of(
    st.builds("{}/{}".format, PARTS, st.sampled_from(["f5733866ade2", "ff10919f1078", "x", ""])),
    st.sampled_from([FIRST, SECOND, STRANGER, FIRST.upper()]),
    PARTS,
    st.none(),
    st.integers(),
)
RAW = st.one_of(
    st.lists(ELEMENTS, max_size=6), PARTS, st.none(), st.integers(), st.dictionaries(PARTS, PARTS)
)


@given(st.dictionaries(st.sampled_from(sorted(NAMES)), RAW))
def test_whatever_the_attributes_hold_ids_and_positions_are_unique_and_nothing_is_lost(
    attributes: dict[str, Any],
) -> None:
    rows = parse(attributes).subscriptions
    assert len({row.position for row in rows}) == len(rows)
    ids = [row.rokt_id.lower() for row in rows if row.rokt_id]
    assert len(set(ids)) == len(ids)
    suffixes = [row.suffix for row in rows if row.suffix]
    assert len(set(suffixes)) == len(suffixes)
    raw = attributes.get(SUBSCRIPTION_ID)
    if isinstance(raw, list):
        assert [raw[row.position] for row in rows if row.rokt_id] == [
            row.rokt_id for row in rows if row.rokt_id
        ]


@given(
    st.lists(st.tuples(PARTS.filter(str.isprintable), st.sampled_from("abc")), unique_by=lambda pair: pair[1])
)
def test_a_value_is_everything_before_the_last_slash(pairs: list[tuple[str, str]]) -> None:
    rows = parse({"rokt:source": [f"{value}/{suffix}" for value, suffix in pairs]}).subscriptions
    assert [(row.source, row.suffix) for row in rows] == pairs


def test_opt_in_columns_are_those_of_the_values() -> None:
    assert set(OPT_INS.values()) <= set(Values._fields)

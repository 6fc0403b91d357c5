"""Braze's ``/users/track`` turned round: which requests are taken, which objects are not, and what is answered."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.braze.attributes import Attributes
from integrations.braze.track import Fault, Request, TrackError, answer, read

NO_DATA = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
NOBODY = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
MIA = {"external_id": "mia"}
BOUGHT = {"external_id": "mia", "name": "bought", "time": "2022-12-06T19:20:45+01:00"}


def request(**arrays: Any) -> Request:
    """Read a request with these arrays."""
    return read(json.dumps(arrays).encode())


def refusal(body: bytes) -> tuple[int, dict[str, Any]]:
    """The answer to a request of which nothing is taken."""
    with pytest.raises(TrackError) as caught:
        read(body)
    return answer(caught.value)


def one(**fields: Any) -> Attributes:
    """What one attributes object asks for."""
    (asked,) = request(attributes=[MIA | fields]).attributes
    return asked


def fault(**fields: Any) -> str:
    """Why one attributes object is not taken, beside one that is."""
    (found,) = request(attributes=[MIA | fields, MIA | {"a": 1}]).faults
    assert (found.input_array, found.index) == ("attributes", 0)
    return found.type


def test_a_request_is_answered_as_braze_answers_it() -> None:
    assert answer(request(attributes=[MIA | {"colour": "red"}], events=[BOUGHT], partner="rokt")) == (
        201,
        {"message": "success", "attributes_processed": 1, "events_processed": 1},
    )


def test_objects_that_are_not_taken_are_named_and_the_others_go_on() -> None:
    taken = request(attributes=[{"colour": "red"}, MIA, "mia"], events=[BOUGHT, MIA | {"name": "bought"}])
    assert answer(taken) == (
        201,
        {
            "message": "success",
            "attributes_processed": 1,
            "events_processed": 1,
            "errors": [
                {"type": NOBODY, "input_array": "attributes", "index": 0},
                {"type": "must be an object", "input_array": "attributes", "index": 2},
                {"type": "'time' is required", "input_array": "events", "index": 1},
            ],
        },
    )


def test_faults_found_while_storing_join_the_others_and_are_not_counted_twice() -> None:
    taken = request(attributes=[MIA, MIA, {}])
    late = [Fault("attributes", 1, "too late"), Fault("attributes", 2, "once more")]
    status, body = answer(taken, late)
    assert (status, body["attributes_processed"]) == (201, 1)
    assert [(error["index"], error["type"]) for error in body["errors"]] == [
        (1, "too late"),
        (2, NOBODY),
        (2, "once more"),
    ]


def test_purchases_are_refused_by_name_not_lost() -> None:
    status, body = answer(request(attributes=[MIA], purchases=[{"external_id": "mia"}]))
    assert (status, body["purchases_processed"]) == (201, 0)
    assert body["errors"] == [{"type": "purchases are not kept here", "input_array": "purchases", "index": 0}]


@pytest.mark.parametrize("body", [b"{}", b'{"attributes":[]}', b'{"attributes":null,"events":[]}'])
def test_a_request_that_asks_for_nothing_is_refused(body: bytes) -> None:
    assert refusal(body) == (400, {"message": NO_DATA})


def test_a_request_of_which_nothing_can_be_taken_is_refused_with_every_reason() -> None:
    assert refusal(b'{"attributes":[{}],"purchases":[{}]}') == (
        400,
        {
            "message": NO_DATA,
            "errors": [
                {"type": NOBODY, "input_array": "attributes", "index": 0},
                {"type": "purchases are not kept here", "input_array": "purchases", "index": 0},
            ],
        },
    )


@pytest.mark.parametrize("kind", ["attributes", "events", "purchases"])
def test_76_objects_of_a_kind_are_too_many(kind: str) -> None:
    status, body = refusal(json.dumps({kind: [BOUGHT] * 76}).encode())
    assert (status, body["message"]) == (400, "Max Input Length Exceeded")


def test_75_of_each_kind_are_not_too_many() -> None:
    taken = request(attributes=[MIA] * 75, events=[BOUGHT] * 75, purchases=[{}] * 75)
    assert (len(taken.attributes), len(taken.events), len(taken.faults)) == (75, 75, 75)


def test_what_is_no_list_of_objects_is_refused_by_name() -> None:
    assert refusal(b'{"events":{"external_id":"mia"},"attributes":[{"external_id":"mia"}]}') == (
        400,
        {
            "message": NO_DATA,
            "errors": [{"type": "'events' must be a list of objects", "input_array": "events", "index": 0}],
        },
    )


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b"\xff"])
def test_what_is_not_strict_json_is_refused_in_brazes_words(body: bytes) -> None:
    status, answered = refusal(body)
    assert status == 400
    assert answered["message"].startswith("Error while parsing request body. Please check your syntax. ")


def test_a_body_over_the_limit_is_refused_unread() -> None:
    with pytest.raises(TrackError) as caught:
        read(b'{"attributes":[]}', limit_bytes=16)
    assert answer(caught.value) == (413, {"message": "Max Input Length Exceeded"})


def test_each_person_gets_attributes_then_events_in_the_order_given() -> None:
    ben = {"external_id": "ben"}
    taken = request(
        attributes=[ben, MIA | {"a": 1}, MIA | {"a": 2}], events=[BOUGHT, BOUGHT | {"external_id": "zoe"}]
    )
    people = taken.people()
    assert [person.external_id for person in people] == ["ben", "mia", "zoe"]
    assert [change.custom for change in people[1].attributes] == [{"a": 1}, {"a": 2}]
    assert [[event.name for event in person.events] for person in people] == [[], ["bought"], ["bought"]]


@pytest.mark.parametrize("name", ["email", "phone", "braze_id", "user_alias"])
def test_who_is_named_by_something_else_than_a_user_id_is_not_guessed(name: str) -> None:
    (found,) = request(attributes=[{name: "x@example.com"}, MIA]).faults
    assert found.type == f"'external_id' is required: '{name}' does not identify a person here"


@pytest.mark.parametrize("external_id", ["", "  ", None, 5, ["mia"], "mia\n", "x" * 256])
def test_a_user_id_that_is_none_is_refused(external_id: object) -> None:
    assert "'external_id' must" in fault(external_id=external_id)


def test_two_ids_for_one_person_are_refused() -> None:
    assert fault(braze_id="5f") == "only one of 'external_id', 'braze_id' and 'user_alias' may be given"


def test_profile_fields_are_told_from_custom_attributes_by_their_lower_case_names() -> None:
    asked = one(
        first_name="Mia", email=None, First_Name="x", email_subscribe="opted_in", plan="gold", app_id="a"
    )
    assert asked.profile == {"first_name": "Mia", "email": None}
    assert asked.custom == {"First_Name": "x", "plan": "gold"}
    assert asked.other == {"email_subscribe": "opted_in"}


def test_flags_are_read_and_are_no_attributes() -> None:
    asked = one(_update_existing_only=True, _merge_objects=True, push_token_import=False)
    assert (asked.is_update_only, asked.is_merging, asked.custom) == (True, True, {})
    assert (one().is_update_only, one().is_merging) == (False, False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"_merge_objects": "true"}, "'_merge_objects' must be true or false"),
        ({"_update_existing_only": 1}, "'_update_existing_only' must be true or false"),
        ({"first_name": 5}, "'first_name' must be a text of at most 255"),
        ({"last_name": "x" * 256}, "'last_name' must be a text of at most 255"),
        ({"email": "mia"}, "The value provided for the 'email' field is not a valid email."),
        ({"gender": "X"}, "'gender' must be one of"),
        ({"dob": "19801221"}, "'dob' must be a day"),
        ({"": 1}, "The attribute name '' must have"),
        ({"$a": 1}, r"The attribute name '\$a' must have"),
        ({"x" * 256: 1}, "must have 1 to 255 characters"),
        ({"a": [[1]]}, "The list 'a' must hold neither null nor a list"),
        ({"a": [None]}, "The list 'a' must hold neither null nor a list"),
        ({"a": [1, {"b": 1}]}, "The list 'a' must hold either values or objects"),
        ({"a": {"add": "x"}}, "'a' must be given a list"),
        ({"a": {"add": [1], "remove": [[1]]}}, "neither null nor a list"),
        ({"a": {"inc": 1.5}}, "'inc' of 'a' must be a whole number"),
        ({"a": {"inc": True}}, "'inc' of 'a' must be a whole number"),
        ({"a": {"b": None}}, "'a' must hold no null inside"),
        ({"a": {"b": [None]}}, "'a' must hold no null inside"),
        ({"a": {"b": {"$add": []}}}, r"Inside of 'a' the name '\$add'"),
        ({"a": {"$time": "soon"}}, r"'\$time' in 'a' must be a time"),
        ({"a": {"$time": "2020-05-28", "b": 1}}, r"'\$time' in 'a' must be a time as in ISO 8601, and alone"),
        ({"a": {"$push": []}}, r"'a' holds '\$push', where"),
        ({"a": {"$add": [], "b": 1}}, "'a' holds 'b', where"),
        ({"a": {"$add": [1]}}, r"'\$add' of 'a' must be a list of objects"),
        ({"a": {"$remove": [{"$identifier_key": "id"}]}}, r"'\$remove' of 'a' needs \$identifier_key"),
        ({"a": {"$remove": [{"$identifier_key": 1, "$identifier_value": 1}]}}, "needs"),
        (
            {"a": {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": 5}]}},
            r"'\$new_object' of 'a' must be an object",
        ),
    ],
)
def test_an_object_with_one_wrong_value_is_not_taken_at_all(fields: dict[str, Any], reason: str) -> None:
    assert re.search(reason, fault(**fields))


LEAVES = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=6)
NAMES = st.text(max_size=4) | st.sampled_from(
    [
        "external_id",
        "email",
        "_merge_objects",
        "name",
        "time",
        "properties",
        "$time",
        "inc",
        "add",
        "remove",
        "update",
        "$add",
        "$remove",
        "$update",
        "$identifier_key",
        "$identifier_value",
        "$new_object",
    ]
)
VALUES = st.recursive(
    LEAVES | st.just("2020-05-28"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5).map(lambda fields: {"external_id": "mia"} | fields)
ARRAYS = (
    st.fixed_dictionaries({"attributes": st.lists(OBJECTS | VALUES), "events": st.lists(OBJECTS)}) | VALUES
)


@given(st.binary() | ARRAYS.map(lambda value: json.dumps(value).encode()))
def test_whatever_arrives_every_object_is_either_taken_or_named(body: bytes) -> None:
    with suppress(TrackError):
        taken = read(body)
        arrays = json.loads(body)
        for kind, found in (("attributes", taken.attributes), ("events", taken.events)):
            named = {fault.index for fault in taken.faults if fault.input_array == kind}
            assert sorted([item.index for item in found] + sorted(named)) == list(
                range(len(arrays.get(kind) or []))
            )
        assert json.loads(json.dumps(answer(taken)[1])) == answer(taken)[1]

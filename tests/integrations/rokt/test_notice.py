"""Rokt Calendar's webhooks: what each documented kind says, and that nothing else gets through or breaks it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.notice import (
    ContentTypeError,
    EventType,
    NoEventIdError,
    NotAnObjectError,
    Notice,
    NoticeError,
    TooLargeError,
    read,
)

JSON = "application/json; charset=utf-8"
SUBSCRIPTION_ID = "06423672-b6ba-4536-aa36-70788a7a0a36"
BASIC = {
    "calendarSubscriptionId": SUBSCRIPTION_ID,
    "calendarId": "9a9007c7-f5a4-e811-b13c-06424c4f2724",
    "calendarTitle": "My Sports Calendar",
    "calendarCode": "my-sports-calendar",
    "subscriptionMethod": "Webcal",
}


def sent(event_type: object = "Subscribe", **details: Any) -> bytes:
    """A webhook as Rokt sends it."""
    account = {
        "actionType": "SubscriptionViaCalendarPage",
        "accountId": "d0ce4299",
        "accountCode": "your-account",
    }
    envelope = {"eventId": "0f1d5918-1", "eventType": event_type, "eventDetails": {**account, **details}}
    return json.dumps(envelope).encode()


def notice(event_type: object = "Subscribe", **details: Any) -> Notice:
    return read(sent(event_type, **details), JSON)


def test_a_new_subscription_says_whose_account_which_calendar_and_which_tags() -> None:
    body = sent(subscription=BASIC | {"calendarTags": [{"tagId": "t-1"}, {"tagId": "t-2"}, {"tagId": "t-1"}]})
    assert read(body, JSON) == Notice(
        event_id="0f1d5918-1",
        event_type=EventType.SUBSCRIBE,
        stated_type="Subscribe",
        action="SubscriptionViaCalendarPage",
        account_code="your-account",
        account_id="d0ce4299",
        subscription_id=SUBSCRIPTION_ID,
        calendar_code="my-sports-calendar",
        calendar_title="My Sports Calendar",
        calendar_id="9a9007c7-f5a4-e811-b13c-06424c4f2724",
        method="Webcal",
        tags=("t-1", "t-2"),
    )
    assert read(body, JSON).raw == json.loads(body)


def test_a_removal_says_when_in_its_own_way_of_writing_it() -> None:
    removed = notice("Unsubscribe", subscription=BASIC | {"removedDateTimeUtc": "2020-05-06 01:18:49.755190"})
    assert removed.event_type is EventType.UNSUBSCRIBE
    assert removed.happened_at == datetime(2020, 5, 6, 1, 18, 49, 755_190, tzinfo=UTC)


@pytest.mark.parametrize("when", ["", "soon", None, 5, "2020-13-45 01:18:49"])
def test_a_time_that_is_none_is_none(when: object) -> None:
    assert notice("Unsubscribe", subscription={"removedDateTimeUtc": when}).happened_at is None


def test_the_subscription_is_found_in_both_places() -> None:
    assert notice(calendarSubscriptionId=SUBSCRIPTION_ID).subscription_id == SUBSCRIPTION_ID
    assert notice(subscription=BASIC).subscription_id == SUBSCRIPTION_ID


@pytest.mark.parametrize(
    ("stated", "expected"),
    [(kind.value, kind) for kind in EventType]
    + [
        ("SubscriptionDetailsUpdate", EventType.DETAILS_UPDATED),
        ("subscribe", EventType.SUBSCRIBE),
        ("SubscriptionPaused", EventType.UNKNOWN),
        (None, EventType.UNKNOWN),
        (["Subscribe"], EventType.UNKNOWN),
    ],
)
def test_every_kind_is_known_in_each_spelling_and_any_other_is_unknown(
    stated: object, expected: EventType
) -> None:
    assert notice(stated, subscription=BASIC).event_type is expected


def test_a_removal_from_no_subscription_is_the_deletion_that_the_example_mislabels() -> None:
    entry = {"eventId": "391756"}
    mislabelled = notice("SubscriptionEventRemoved", subscriptionEvent=entry)
    removed = notice("SubscriptionEventRemoved", subscriptionEvent=entry, subscription=BASIC)
    assert (mislabelled.event_type, mislabelled.entry_event_id) == (EventType.EVENT_DELETED, "391756")
    assert mislabelled.stated_type == "SubscriptionEventRemoved"
    assert (removed.event_type, removed.entry_event_id) == (EventType.EVENT_REMOVED, "391756")


def test_the_id_of_an_entry_may_be_a_number() -> None:
    assert notice("SubscriptionEventAdded", subscriptionEvent={"eventId": 391756}).entry_event_id == "391756"


@pytest.mark.parametrize("place", ["details", "subscription"])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("subscriberId", "subscriber_id"),
        ("externalSubscriberId", "subscriber_id"),
        ("userName", "subscriber_id"),
        ("username", "subscriber_id"),
        ("emailAddress", "email"),
        ("subscriberEmail", "email"),
        ("email", "email"),
    ],
)
def test_the_person_is_found_under_every_likely_name(place: str, name: str, field: str) -> None:
    given_ = {name: "mia@example.com"}
    found = notice(**given_) if place == "details" else notice(subscription=given_)
    assert getattr(found, field) == "mia@example.com"


def test_the_better_name_wins_over_the_nearer_place() -> None:
    found = notice(subscriberId="user42", subscription={"userName": "mia@example.com"})
    assert found.subscriber_id == "user42"


@pytest.mark.parametrize("odd", [None, 5, "text", [], ["x"], [[{"tagId": "t"}]], {"subscription": []}])
def test_odd_values_leave_fields_empty_and_are_kept_raw(odd: object) -> None:
    found = notice(subscription=odd, subscriptionEvent=odd, calendarTags=odd)
    assert (found.subscription_id, found.tags, found.entry_event_id) == ("", (), "")
    assert found.raw["eventDetails"]["subscription"] == odd


def test_a_test_from_the_dashboard_needs_no_details() -> None:
    found = read(b'{"eventId":"e","eventType":"Test"}', JSON)
    assert (found.event_type, found.account_code) == (EventType.TEST, "")


@pytest.mark.parametrize("event_id", [None, "", "  ", True, 1.5, {}, "x" * 256])
def test_without_an_id_it_is_no_notice(event_id: object) -> None:
    with pytest.raises(NoEventIdError, match="eventId") as caught:
        read(json.dumps({"eventId": event_id}).encode(), JSON)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"eventId=1",
        b"\x1f\x8b\x08\x00",
        b'{"eventId":"a","eventId":"b"}',
        b'{"eventId":"a","x":NaN}',
        b'{"eventId":"a","x":' + b"[" * 60 + b"]" * 60 + b"}",
    ],
)
def test_what_is_not_one_plain_object_is_refused(body: bytes) -> None:
    with pytest.raises(NotAnObjectError) as caught:
        read(body, JSON)
    assert caught.value.status == 400


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    assert read(b'{"eventId":"a"}', JSON, limit_bytes=15).event_id == "a"
    with pytest.raises(TooLargeError) as caught:
        read(b'{"eventId":"a"}', JSON, limit_bytes=14)
    assert caught.value.status == 413
    with pytest.raises(TooLargeError):
        read(b" " * (256 * 1024 + 1), JSON)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "application/json; charset=utf-16",
        'application/json; charset="latin-1"',
        "application/json; charset=",
        "json",
    ],
)
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(ContentTypeError) as caught:
        read(sent(), content_type)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "Application/JSON;charset=UTF-8",
        'text/json; charset="utf-8"',
        "application/x+json",
    ],
)
def test_json_in_utf_8_is_taken_however_it_is_announced(content_type: str) -> None:
    assert read(sent(), content_type).event_id == "0f1d5918-1"


TEXTS = st.text(max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
NAMES = TEXTS | st.sampled_from(
    [
        "eventId",
        "eventType",
        "eventDetails",
        "subscription",
        "subscriptionEvent",
        "calendarTags",
        "tagId",
        "removedDateTimeUtc",
        "calendarSubscriptionId",
        "userName",
    ]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=15,
)
BODIES = st.one_of(
    st.binary(),
    VALUES.map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps({"eventId": "e", "eventDetails": value}).encode()),
)


@given(BODIES, st.just(JSON) | st.text())
def test_whatever_arrives_there_is_a_notice_or_one_of_our_errors(body: bytes, content_type: str) -> None:
    with suppress(NoticeError):
        found = read(body, content_type)
        assert found.event_id.strip()
        assert found.raw == json.loads(body)


def test_an_id_of_a_subscription_is_the_same_in_large_letters() -> None:
    large = {"calendarSubscriptionId": SUBSCRIPTION_ID.upper()}
    assert notice(**large).subscription_id == SUBSCRIPTION_ID
    assert notice(subscription=BASIC | large).subscription_id == SUBSCRIPTION_ID

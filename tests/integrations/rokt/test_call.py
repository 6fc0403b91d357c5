"""What is put on the wire: the exact bytes of every request, for ordinary and for hostile text."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.call import authorized
from integrations.rokt.wire import Event, Target, create, delete, event_in, read_subscription, update

ROKT = Target("https://api.roktcalendar.com", "acme")
ID = "06423672-b6ba-4536-aa36-70788a7a0a36"
EVENT = (
    b'{"eventId":"Event_0001_user42","title":"Summer Sale","description":"Three days only",'
    b'"location":"Open for 50% off","start":"2019-02-21T15:00:00","end":"2019-02-21T16:00:00",'
    b'"timezone":"Eastern Standard Time","notifyBefore":"15"}'
)


def test_a_create_has_the_documented_shape_order_and_types(event: Event):
    call = create(ROKT, event, [ID, "second"])
    assert call.method == "POST"
    assert call.url == "https://api.roktcalendar.com/v1/subscriptionevent/acme"
    assert call.body == b'{"event":' + EVENT + b',"subscriptionIds":["' + ID.encode() + b'","second"]}'


def test_an_update_is_wrapped_like_brazes_and_carries_no_subscriptions(event: Event):
    call = update(ROKT, event)
    assert call.method == "POST"
    assert call.url == "https://api.roktcalendar.com/v1/subscriptionevent/acme/update"
    assert call.body == b'{"event":' + EVENT + b"}"


def test_an_account_can_have_its_updates_flat_like_rokts_own_page(event: Event):
    assert update(replace(ROKT, flat_update=True), event).body == EVENT


def test_a_delete_names_account_and_event_and_has_no_body():
    call = delete(ROKT, "Event_0001_user42")
    assert (call.method, call.body) == ("DELETE", b"")
    assert call.url == "https://api.roktcalendar.com/v1/subscriptionevent/acme/Event_0001_user42"


def test_a_read_names_the_subscription():
    call = read_subscription(ROKT, ID)
    assert (call.method, call.body) == ("GET", b"")
    assert call.url == f"https://api.roktcalendar.com/v1/subscription/{ID}"


def test_a_segment_of_the_path_cannot_leave_its_place():
    call = delete(replace(ROKT, account_code="../admin?x#y"), "a/b c%2e\r\n日")
    assert call.url.removeprefix(ROKT.base_url) == (
        "/v1/subscriptionevent/..%2Fadmin%3Fx%23y/a%2Fb%20c%252e%0D%0A%E6%97%A5"
    )


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_an_empty_or_a_dot_segment_is_never_built(segment: str, event: Event):
    with pytest.raises(ValueError, match="cannot be part of an address"):
        create(replace(ROKT, account_code=segment), event, [ID])
    with pytest.raises(ValueError, match="cannot be part of an address"):
        delete(ROKT, segment)
    with pytest.raises(ValueError, match="cannot be part of an address"):
        read_subscription(ROKT, segment)


def test_a_time_with_an_offset_is_not_sent(event: Event):
    aware = replace(event, end=datetime(2019, 2, 21, 16, tzinfo=UTC))
    with pytest.raises(ValueError, match="local wall times"):
        create(ROKT, aware, [ID])
    with pytest.raises(ValueError, match="local wall times"):
        update(ROKT, aware)


def test_fractions_of_a_second_are_left_out(event: Event):
    body = json.loads(update(ROKT, replace(event, start=datetime(2019, 2, 21, 15, 0, 1, 999999))).body)
    assert body["event"]["start"] == "2019-02-21T15:00:01"


@pytest.mark.parametrize("ids", [[], [""], [ID, ""]])
def test_a_create_for_nobody_is_not_built(ids: list[str], event: Event):
    with pytest.raises(ValueError, match="at least one subscription"):
        create(ROKT, event, ids)


def test_an_event_without_an_id_is_not_built(event: Event):
    with pytest.raises(ValueError, match="needs an id"):
        update(ROKT, replace(event, event_id=""))


def test_half_a_character_is_refused_before_it_is_sent(event: Event):
    with pytest.raises(ValueError, match="half a character"):
        create(ROKT, replace(event, title="\ud83d"), [ID])


@given(title=st.text(), description=st.text(), location=st.text(), event_id=st.text(min_size=1))
def test_any_text_arrives_as_it_was_written(title: str, description: str, location: str, event_id: str):
    at = datetime(2019, 2, 21, 15)
    event = Event(event_id, title, description, location, at, at, "Eastern Standard Time", 15)
    told = json.loads(create(ROKT, event, [ID]).body)
    assert told["event"]["eventId"] == event_id
    assert (told["event"]["title"], told["event"]["description"]) == (title, description)
    assert told["event"]["location"] == location
    assert told["subscriptionIds"] == [ID]
    assert json.loads(update(ROKT, event).body)["event"] == told["event"]


@given(title=st.text(), notify_before=st.integers(0, 40320), at=st.datetimes(), is_flat=st.booleans())
def test_an_event_is_read_back_from_its_own_body(title: str, notify_before: int, at: datetime, is_flat: bool):
    at = at.replace(microsecond=0)
    event = Event("E_1", title, "", "", at, at, "UTC", notify_before)
    assert event_in(create(ROKT, event, [ID]).body) == event
    assert event_in(update(replace(ROKT, flat_update=is_flat), event).body) == event


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"event": 1}', b'{"eventId": "E_1"}', EVENT.replace(b'"15"', b'"x"')]
)
def test_another_body_holds_no_event(body: bytes):
    with pytest.raises(ValueError):  # noqa: PT011 - the message may be the parser's own
        event_in(body)


@given(account=st.text(min_size=1), event_id=st.text(min_size=1))
def test_any_path_stays_one_segment_of_plain_ascii(account: str, event_id: str):
    if {account, event_id} & {".", ".."}:
        return
    path = delete(replace(ROKT, account_code=account), event_id).url.removeprefix(ROKT.base_url)
    assert len(path.split("/")) == 5
    assert path.isascii()
    assert not set(path) & set(" ?#\\\r\n\t")


def test_a_token_becomes_a_bearer_header():
    assert authorized("abc.DEF-123_~+/=") == {"Authorization": "Bearer abc.DEF-123_~+/="}


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "a\n", "tökén", "a\0"])
def test_a_token_that_would_break_the_header_is_refused(token: str):
    with pytest.raises(ValueError, match="access token"):
        authorized(token)

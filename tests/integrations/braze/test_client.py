"""The client of Braze's REST API against the stand-in: segments, people, and what a key may do."""

import pytest

from integrations.braze.client import NEEDED, Client
from integrations.braze.errors import (
    RETRYABLE,
    AddressError,
    BusyError,
    ExportRunningError,
    KeyRefusedError,
    KeyUnusableError,
    LimitedError,
    NotReachableError,
    PermissionMissingError,
    RefusedError,
)
from tests.integrations.braze.conftest import AUSTRALIA, EVERYONE, KEY, Braze
from tests.integrations.raw_server import RawServer


def test_the_segments_are_listed_and_told_in_words(client: Client):
    listed = {one.segment_id: one.name for one in client.segments()}

    assert listed == {EVERYONE: "Everyone with a calendar", AUSTRALIA: "Subscribers in Australia"}
    details = client.segment_details(AUSTRALIA)
    assert details.name == "Subscribers in Australia"
    assert details.filters == "rokt:subscription_id is not blank and Country is Australia"


def test_people_are_looked_up_fifty_at_a_time_and_nobody_is_left_out(braze: Braze, client: Client):
    ids = [f"user-{number:07}" for number in range(1, 121)]

    batches = list(client.export_ids(ids, ["external_id", "custom_attributes"]))

    assert [len(batch.users) + len(batch.invalid_ids) for batch in batches] == [50, 50, 20]
    found = {user["external_id"] for batch in batches for user in batch.users}
    invalid = {one for batch in batches for one in batch.invalid_ids}
    assert found | invalid == set(ids)
    assert set(ids[100:]) <= invalid  # there are a hundred people
    assert any("rokt:subscription_id" in user.get("custom_attributes", {}) for user in batches[0].users)
    assert braze.sandbox.summary()["paths"]["POST /users/export/ids"] == {"200": 3}


def test_an_id_that_is_asked_for_twice_is_looked_up_once(client: Client):
    (batch,) = client.export_ids(["user-0000001"] * 80, ["external_id"])
    assert batch.users == ({"external_id": "user-0000001"},)


def test_nobody_is_looked_up_without_a_call(braze: Braze, client: Client):
    assert list(client.export_ids([], ["external_id"])) == []
    assert braze.sandbox.log() == []


def test_a_key_with_every_permission_lacks_nothing_and_the_check_starts_no_export(
    braze: Braze, client: Client
):
    assert client.check_key() == ()
    assert {line["path"]: line["status"] for line in braze.sandbox.log()} == {
        "/segments/list": 200,
        "/users/export/ids": 200,
        "/users/export/segment": 400,
    }


@pytest.mark.parametrize("missing", NEEDED)
def test_the_check_names_the_permission_that_a_key_lacks(braze: Braze, client: Client, missing: str):
    braze.set(keys={KEY: [one for one in NEEDED if one != missing]})
    assert client.check_key() == (missing,)


def test_a_key_without_any_permission_lacks_all_of_them(braze: Braze, client: Client):
    braze.set(keys={KEY: []})
    assert client.check_key() == NEEDED


def test_a_key_of_another_instance_is_refused_in_words(braze: Braze, client: Client):
    braze.set(keys={"another": list(NEEDED)})
    with pytest.raises(
        KeyRefusedError, match=r"Braze does not accept the REST key .*Invalid API key"
    ) as told:
        client.check_key()
    assert KEY not in str(told.value)


def test_a_missing_permission_is_named_where_it_is_needed(braze: Braze, client: Client):
    braze.set(keys={KEY: ["users.track"]})
    with pytest.raises(PermissionMissingError, match=r"lacks the permission segments\.list") as told:
        client.segments()
    assert told.value.permission == "segments.list"


def test_nobody_who_answers_is_told_as_such(serve):
    server: RawServer = serve(lambda asked: False)
    server.close()
    with (
        Client(server.url, KEY, allowed_hosts={server.place}) as client,
        pytest.raises(NotReachableError, match=r"^Braze cannot be reached: connection refused\.$"),
    ):
        client.check_key()


def test_the_hourly_limit_says_when_it_ends(braze: Braze, client: Client):
    braze.set(rate_limit=1)
    client.segment_details(EVERYONE)
    with pytest.raises(LimitedError) as told:
        client.segment_details(EVERYONE)
    assert 3500 < told.value.seconds <= 3600
    assert isinstance(told.value, RETRYABLE)
    assert not isinstance(told.value, ExportRunningError)


def test_a_limit_during_the_check_is_a_limit_and_no_missing_permission(braze: Braze, client: Client):
    braze.set(rate_limit=2)
    with pytest.raises(LimitedError):
        client.check_key()


def test_retry_after_goes_before_the_reset_of_the_limit(braze: Braze, client: Client):
    braze.sandbox.fault("429", path="/segments/list", retry_after="7")
    with pytest.raises(LimitedError) as told:
        client.segments()
    assert told.value.seconds == 7


def test_a_server_error_may_be_tried_again(braze: Braze, client: Client):
    braze.sandbox.fault("500", path="/segments/list", count=1)
    with pytest.raises(BusyError) as told:
        client.segments()
    assert isinstance(told.value, RETRYABLE)
    assert len(client.segments()) == 2


def test_what_braze_turns_down_is_told_in_its_words_and_for_good(client: Client):
    with pytest.raises(RefusedError, match="segment_id is no segment of this workspace") as told:
        client.segment_details("no-such-segment")
    assert not isinstance(told.value, RETRYABLE)
    assert told.value.status == 400


@pytest.mark.parametrize("key", ["", "a b", "a\nX-Other: 1", "a\r", "schlüssel", "x" * 513])
def test_a_key_that_can_not_stand_in_a_header_is_refused_before_anything_is_sent(braze: Braze, key: str):
    with pytest.raises(KeyUnusableError) as told:
        braze.client(key)
    assert key == "" or key not in str(told.value)
    assert braze.sandbox.log() == []


def test_the_key_is_not_in_the_client_as_it_prints(client: Client):
    assert KEY not in repr(client)


def test_this_machine_is_not_called_unless_it_is_allowed(braze: Braze):
    with pytest.raises(AddressError):
        Client(braze.url, KEY)

"""A signed webhook: only the right secret, the right bytes and the right time open the door."""

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.rokt.signature import SecretError, SignatureError, key_in, verify

NOW = datetime(2021, 2, 25, 15, 0, tzinfo=UTC)
OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
BODY = b'{"eventId": "1"}'


def headers(
    secret: str = NEW, body: bytes = BODY, *, at: datetime = NOW, webhook_id: str = "msg_1", before: str = ""
) -> dict[str, str]:
    """The three headers of a request signed with this secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sent = str(int(at.timestamp()))
    signature = hmac.digest(key, f"{webhook_id}.{sent}.".encode() + body, "sha256")
    listed = f"{before}v1,{base64.b64encode(signature).decode()}"
    return {"Webhook-Id": webhook_id, "Webhook-Timestamp": sent, "Webhook-Signature": listed}


def test_the_published_example_is_genuine() -> None:
    given_ = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    now = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert verify(b'{"test": 2432232314}', given_, [secret], now=now) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_a_genuine_request_gives_its_id_to_know_its_repetition_by() -> None:
    assert verify(BODY, headers(), [NEW], now=NOW) == "msg_1"
    assert verify(BODY, headers(NEW.removeprefix("whsec_")), [NEW], now=NOW) == "msg_1"


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_replaced_both_open(secret: str) -> None:
    assert verify(BODY, headers(secret), [OLD, NEW], now=NOW) == "msg_1"


def test_an_old_secret_that_is_no_longer_given_opens_nothing() -> None:
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(BODY, headers(OLD), [NEW], now=NOW)


def test_one_good_signature_among_others_is_enough() -> None:
    others = "v1,AAAA v1a,abc v2,xyz v1,@@@ v1,é nonsense  "
    assert verify(BODY, headers(before=others), [NEW], now=NOW) == "msg_1"


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place: int, change: int) -> None:
    changed = BODY[:place] + bytes([BODY[place] ^ change]) + BODY[place + 1 :]
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(changed, headers(), [NEW], now=NOW)


def test_the_same_json_written_again_is_another_body() -> None:
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(BODY.replace(b" ", b""), headers(), [NEW], now=NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_six_minutes_off_is_refused_though_the_signature_fits(minutes: int) -> None:
    with pytest.raises(SignatureError, match="more than five minutes"):
        verify(BODY, headers(at=NOW + timedelta(minutes=minutes)), [NEW], now=NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_off_are_taken(seconds: int) -> None:
    assert verify(BODY, headers(at=NOW + timedelta(seconds=seconds)), [NEW], now=NOW) == "msg_1"


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_each_header_is_needed(name: str) -> None:
    given_ = headers()
    del given_[name]
    with pytest.raises(SignatureError, match="is missing"):
        verify(BODY, given_, [NEW], now=NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp"])
def test_the_id_and_the_time_are_signed_too(name: str) -> None:
    given_ = headers()
    given_[name] = given_[name][:-1] + ("2" if given_[name][-1] != "2" else "3")
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(BODY, given_, [NEW], now=NOW)


def test_a_full_stop_in_the_id_cannot_move_the_start_of_the_body() -> None:
    given_ = headers(webhook_id="msg.1")
    with pytest.raises(SignatureError, match="malformed"):
        verify(BODY, given_, [NEW], now=NOW)


@pytest.mark.parametrize("sent", ["-1", "1.5", "1e9", "٣", "9" * 40, " 1614265200", "now"])
def test_a_time_that_is_no_whole_number_of_seconds_is_refused(sent: str) -> None:
    with pytest.raises(SignatureError, match="malformed"):
        verify(BODY, headers() | {"Webhook-Timestamp": sent}, [NEW], now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "not base64!", "é", "A" * 400])
def test_a_secret_that_is_none_is_told_and_opens_nothing(secret: str) -> None:
    with pytest.raises(SecretError, match="24 to 64 bytes"):
        key_in(secret)
    empty = headers(base64.b64encode(b"").decode())
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(BODY, empty, [secret], now=NOW)
    assert verify(BODY, headers(), [secret, NEW], now=NOW) == "msg_1"


def test_without_any_secret_nothing_opens() -> None:
    with pytest.raises(SignatureError, match="No signature fits"):
        verify(BODY, headers(), [], now=NOW)


def test_a_flood_of_signatures_is_refused() -> None:
    with pytest.raises(SignatureError, match="malformed"):
        verify(BODY, headers(before="v1,AAAA " * 1_000), [NEW], now=NOW)


@given(st.binary(), st.text(), st.text() | st.just("1614265200"), st.text() | st.text("v1, =A+/"))
def test_whatever_the_headers_hold_the_only_error_is_ours(
    body: bytes, one: str, two: str, three: str
) -> None:
    given_ = {"webhook-id": one, "webhook-timestamp": two, "webhook-signature": three}
    with pytest.raises(SignatureError):
        verify(body, given_, [NEW], now=NOW)

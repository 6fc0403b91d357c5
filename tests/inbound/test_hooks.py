"""The door: what is stored and answered, what is refused, and that strangers learn nothing from the answers."""

import base64
import hmac
import io
import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns import tasks
from campaigns.inbound import addresses
from campaigns.inbound.addresses_pace import BURST_SECONDS, Pace
from campaigns.models import HookAddress, Notice
from campaigns.views import hooks
from tests.builders import make_account
from tests.inbound.rokt_says import envelope, post, subscribe

pytestmark = pytest.mark.django_db

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture(autouse=True)
def fresh_pace(monkeypatch):
    monkeypatch.setattr(hooks, "pace", Pace())


@pytest.fixture
def door(account) -> tuple[HookAddress, str]:
    return addresses.make(account, by=None)


@pytest.fixture
def token(door):
    return door[1]


def signature(body: bytes, *, at=None, key: bytes = KEY, webhook_id: str = "msg_1") -> dict[str, str]:
    seconds = str(int((at or timezone.now()).timestamp()))
    signed = f"{webhook_id}.{seconds}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{digest}",
    }


def test_a_webhook_is_stored_as_it_came_before_it_is_answered(account, token):
    body = json.dumps(subscribe(webhook_id="w1"), indent=1).encode()

    assert post(token, body).status_code == 200

    row = Notice.objects.get()
    assert (row.account, row.event_id, row.event_type, row.body) == (
        account,
        "w1",
        "Subscribe",
        body.decode(),
    )
    assert row.state == Notice.State.WAITING
    assert row.due_at is not None
    assert HookAddress.objects.get().used_at is not None


def test_neither_a_cookie_nor_a_token_against_forgery_is_needed_or_given(token):
    answer = post(token, subscribe())

    assert answer.status_code == 200
    assert not answer.cookies
    assert not answer.content


def test_of_the_token_only_a_digest_is_kept(account):
    address, token = addresses.make(account, by=None)

    assert len(token) >= 43  # 256 bits
    assert token not in str(HookAddress.objects.filter(pk=address.pk).values().get())


@pytest.mark.parametrize("wrong", ["nothing", "swapped", "shorter", "longer", "ü"])
def test_whoever_has_no_address_is_told_nothing(token, wrong):
    tried = {
        "nothing": "x",
        "swapped": token.swapcase(),
        "shorter": token[:-1],
        "longer": token + "A",
    }.get(wrong, wrong)

    answer = post(tried, subscribe())

    assert (answer.status_code, answer.content) == (401, b"")
    assert not Notice.objects.exists()


def test_an_address_that_is_off_answers_like_one_that_never_was(door):
    address, token = door
    addresses.switch_off(address)

    assert post(token, subscribe()).status_code == 401
    assert not Notice.objects.exists()


def test_a_replaced_address_works_until_its_time_is_over(door):
    address, old = door
    _newer, new = addresses.replace(address, by=None, days=7)

    assert [post(each, subscribe()).status_code for each in (old, new)] == [200, 200]

    HookAddress.objects.filter(pk=address.pk).update(expires_at=timezone.now())
    assert [post(each, subscribe()).status_code for each in (old, new)] == [401, 200]


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_only_a_post_is_taken(token, method):
    assert getattr(Client(), method)(reverse("rokt_hook", args=[token])).status_code == 405


def test_the_same_webhook_again_is_answered_and_not_stored_again(token):
    body = subscribe(webhook_id="w1")

    assert [post(token, body).status_code for _ in range(3)] == [200, 200, 200]
    assert Notice.objects.get().conflict_count == 0


def test_the_same_id_with_another_text_is_counted_and_the_first_text_stays(token, caplog):
    post(token, subscribe(webhook_id="w1", subscriber_id="ada@example.com"))

    assert post(token, subscribe(webhook_id="w1", subscriber_id="eve@example.com")).status_code == 200

    row = Notice.objects.get()
    assert row.conflict_count == 1
    assert "ada@example.com" in row.body
    assert "another text" in caplog.text
    assert "example.com" not in caplog.text


def test_two_accounts_may_have_webhooks_of_the_same_id(token):
    _other, second = addresses.make(make_account("other"), by=None)

    post(token, subscribe(webhook_id="w1"))
    post(second, subscribe(webhook_id="w1", account_code="other"))

    assert Notice.objects.count() == 2


@pytest.mark.parametrize("kind", ["Test", "SomethingNew", ""])
def test_tests_and_unknown_kinds_are_answered_and_kept_as_nothing_to_do(token, kind):
    assert post(token, envelope(kind)).status_code == 200

    row = Notice.objects.get()
    assert (row.state, row.event_type) == (Notice.State.IGNORED, kind)
    assert row.reason
    assert row.due_at is None


def test_what_speaks_of_another_account_is_kept_and_not_applied(account, token):
    assert post(token, subscribe(account_code="rival")).status_code == 200

    row = Notice.objects.get()
    assert (row.account, row.state, row.due_at) == (account, Notice.State.FAILED, None)
    assert "rival" in row.reason


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"not json", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"eventType":"Test"}', "application/json", 400),
        (b'{"eventId":"a\\u0000b"}', "application/json", 400),
        (b"[" * 5_000 + b"]" * 5_000, "application/json", 400),
        (b"\x1f\x8b\x08\x00", "application/json", 400),
        (b'{"eventId":"a"}', "application/x-www-form-urlencoded", 415),
        (b'{"eventId":"a"}', "application/json; charset=utf-16", 415),
        (b" " * 300_000, "application/json", 413),
        (b" " * 5_000_000, "application/json", 413),
    ],
)
def test_what_is_no_webhook_is_refused_and_not_stored(token, body, content_type, status):
    assert post(token, body, content_type=content_type).status_code == status
    assert not Notice.objects.exists()


def test_a_body_in_chunks_is_read_though_no_length_is_stated(token):
    body = json.dumps(subscribe(webhook_id="w1")).encode()
    request = RequestFactory().post(reverse("rokt_hook", args=[token]), data=body, content_type="text/json")
    chunks = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body)}
    request.META |= chunks

    assert hooks.rokt_hook(request, token).status_code == 200
    assert Notice.objects.get().body == body.decode()


def test_broken_chunks_are_no_webhook(token):
    class Broken:
        def read(self, _size):
            raise ValueError("invalid chunk size")  # every server has an error of its own

    request = RequestFactory().post(reverse("rokt_hook", args=[token]), data=b"", content_type="text/json")
    request.META |= {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": Broken()}

    assert hooks.rokt_hook(request, token).status_code == 400


def test_where_a_secret_is_set_only_what_is_signed_comes_in(account):
    _address, token = addresses.make(account, by=None, secret=SECRET)
    body = json.dumps(subscribe(webhook_id="w1")).encode()

    assert post(token, body).status_code == 401
    assert post(token, body, **signature(body, key=KEY[::-1])).status_code == 401
    assert post(token, body + b" ", **signature(body)).status_code == 401
    assert post(token, json.dumps(json.loads(body), indent=1).encode(), **signature(body)).status_code == 401
    late = timezone.now() - timedelta(minutes=6)
    assert post(token, body, **signature(body, at=late)).status_code == 401
    assert not Notice.objects.exists()

    assert [post(token, body, **signature(body)).status_code for _ in range(2)] == [200, 200]
    assert Notice.objects.count() == 1


def test_a_flood_is_refused_before_it_is_stored(monkeypatch, token):
    monkeypatch.setattr(Pace, "may_pass", lambda self, address: False)

    assert post(token, subscribe()).status_code == 429
    assert not Notice.objects.exists()


def test_an_address_takes_a_hundred_a_second_and_a_burst(door):
    limit = Pace()

    at_once = sum(limit.may_pass(door[0], at=10.0) for _ in range(2_000))
    second_later = sum(limit.may_pass(door[0], at=11.0) for _ in range(2_000))

    assert at_once == 100 * BURST_SECONDS + 1
    assert 99 <= second_later <= 101


def test_an_account_that_sends_fast_may_hear_more():
    address, _token = addresses.make(make_account("fast", rate_per_second=1_000), by=None)
    limit = Pace()

    assert limit.may_pass(address, at=0.0)
    assert limit.per_second(address) == 2_000


def test_workers_are_woken_after_the_answer_and_not_for_every_webhook(monkeypatch, token):
    woken: list[int] = []
    monkeypatch.setattr(tasks, "start_notices", lambda: woken.append(Notice.objects.count()))

    for _ in range(5):
        post(token, subscribe())

    assert woken == [1]  # the first is stored by then


def test_without_a_database_rokt_is_asked_to_come_again(monkeypatch, token):
    def fail(*_args, **_options):
        raise OperationalError("gone")

    monkeypatch.setattr(Notice, "save", fail)

    assert post(token, subscribe()).status_code == 503


def test_an_insert_that_fails_for_another_reason_is_not_taken_for_a_repetition(monkeypatch, account, token):
    def fail(*_args, **_options):
        raise IntegrityError("the account is gone")

    monkeypatch.setattr(Notice, "save", fail)

    assert post(token, subscribe()).status_code == 503


TEXTS = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        "eventId",
        "eventType",
        "eventDetails",
        "subscription",
        "subscriptionEvent",
        "accountCode",
        "subscriberId",
    ]
)
ODD = st.dictionaries(NAMES | TEXTS, VALUES, max_size=6)


class GarbageTest(TestCase):
    @given(st.binary(max_size=200) | ODD.map(lambda value: json.dumps(value).encode(errors="replace")))
    def test_whatever_comes_is_answered_and_never_breaks_the_door(self, body):
        _address, token = addresses.make(make_account(), by=None)

        answer = post(token, body)

        assert answer.status_code in {200, 400}
        assert Notice.objects.count() == (answer.status_code == 200)

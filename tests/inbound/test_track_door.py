"""The door itself: who is let in, what is too much, and Braze's answers, whatever a body holds."""

import io
import json
import logging
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.inbound import keys, track_pace
from campaigns.models import ApiKey, Subscriber
from campaigns.views import track as view
from integrations.braze.profile import NAMES
from tests.inbound.pushing import ADDRESS, happened, make_key, push, subscribing

pytestmark = pytest.mark.django_db
MIA = {"attributes": [{"external_id": "mia", "a": 1}]}


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    """Counts of other tests are not ours."""
    cache.clear()


@pytest.fixture
def key(db: None) -> str:
    """A key that may push."""
    return make_key()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post_is_possible(key, method) -> None:
    answer = getattr(Client(), method)(ADDRESS, headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


WRONG = (
    "",
    "Bearer",
    "Bearer ",
    "Basic {key}",
    "{key}",
    "Bearer {key}x",
    "Bearer {key} {key}",
    "Bearer é\x85",
    "Bearer " + "x" * 5_000,
)


@pytest.mark.parametrize("header", WRONG)
def test_without_a_key_that_works_nobody_comes_in(key, header) -> None:
    answer = push(key, MIA, Authorization=header.replace("{key}", key))
    assert (answer.status_code, answer.json()) == (401, {"message": "Invalid API Key"})
    assert not Subscriber.objects.exists()


def test_staff_come_in_with_a_key_only(admin) -> None:
    assert push("", MIA, client=admin).status_code == 401


def test_no_session_no_login_and_no_token_of_a_form_is_needed(key) -> None:
    answer = push(key, MIA, client=Client(enforce_csrf_checks=True))
    assert answer.status_code == 201
    assert not answer.cookies
    assert push(key, MIA, Authorization=f"bearer   {key}").status_code == 201


def test_a_revoked_key_opens_nothing(key) -> None:
    assert push(key, MIA).status_code == 201
    assert keys.revoke(ApiKey.objects.get())
    assert not keys.revoke(ApiKey.objects.get())
    assert push(key, {"attributes": [{"external_id": "bo"}]}).status_code == 401
    assert Subscriber.objects.count() == 1


def test_a_key_without_the_permission_is_told_so() -> None:
    answer = push(make_key(may_track=False), MIA)
    assert answer.status_code == 403
    assert "users.track" in answer.json()["message"]
    assert not Subscriber.objects.exists()


def test_only_a_digest_of_a_key_is_kept(key) -> None:
    (row,) = ApiKey.objects.values()
    assert len(key) >= 43
    assert key not in str(row)
    assert key.endswith(row["ending"])
    assert row["digest"] == keys.digest(key)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Length": str(2 * 1024 * 1024 + 1)}, 413),
        ({"Content_Length": "9" * 5_000}, 413),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": ""}, 411),
        ({"Content_Type": "application/json; charset=utf-8"}, 201),
        ({"Content_Encoding": "identity"}, 201),
    ],
)
def test_bodies_of_another_kind_or_size_are_refused_before_they_are_read(key, headers, status) -> None:
    assert push(key, MIA, **headers).status_code == status
    assert Subscriber.objects.count() == (status == 201)


def test_a_body_up_to_two_megabytes_is_read_and_one_byte_more_is_not(key) -> None:
    def body(size: int) -> bytes:
        empty = json.dumps({"attributes": [{"external_id": "mia"}], "filler": ""}).encode()
        return empty.replace(b'"filler": ""', b'"filler": "' + b"x" * (size - len(empty)) + b'"')

    assert push(key, body(2 * 1024 * 1024)).status_code == 201
    assert push(key, body(2 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize(("size", "status"), [(0, 201), (2 * 1024 * 1024, 413)])
def test_a_body_in_chunks_is_read_to_its_end_and_no_further_than_the_limit(key, size, status) -> None:
    content = json.dumps(MIA | {"filler": "x" * size}).encode()
    chunked: Any = {
        "wsgi.input": io.BytesIO(content),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    headers = {"Authorization": f"Bearer {key}"}
    answer = Client().generic("POST", ADDRESS, b" ", "application/json", headers=headers, **chunked)
    assert answer.status_code == status
    assert Subscriber.objects.count() == (status == 201)


def test_a_server_that_does_not_know_where_chunks_end_asks_for_the_length(key) -> None:
    assert push(key, MIA, Transfer_Encoding="chunked").status_code == 411


def test_whoever_hangs_up_has_stored_nothing(key) -> None:
    class Gone(io.BytesIO):
        def read(self, *_size: int | None) -> bytes:
            raise OSError("gone")

    given: Any = {"wsgi.input": Gone(), "headers": {"Authorization": f"Bearer {key}"}}
    answer = Client().generic("POST", ADDRESS, b" ", "application/json", **given)
    assert answer.status_code == 400
    assert not Subscriber.objects.exists()


NONE = (
    b" ",
    b"{",
    b"[]",
    b"null",
    b"\xff",
    b'{"attributes": 7}',
    b'{"attributes": []}',
    b'{"events": [1]}',
    b'{"a": "\\u0000"}',
    b"[" * 100_000,
)


@pytest.mark.parametrize("body", NONE)
def test_a_body_that_is_none_is_refused_in_words(key, body) -> None:
    answer = push(key, body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_more_than_75_of_a_kind_are_refused_whole(key) -> None:
    answer = push(key, {"attributes": [{"external_id": f"u{number}"} for number in range(76)]})
    assert (answer.status_code, answer.json()["message"]) == (400, "Max Input Length Exceeded")
    assert not Subscriber.objects.exists()


def test_answers_say_how_many_requests_are_left_and_too_many_have_to_wait(key, monkeypatch) -> None:
    monkeypatch.setattr(track_pace, "PER_SECOND", 2)
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.25)
    first, second, third = (push(key, MIA) for _each in range(3))
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
    assert [first.headers[name] for name in names] == ["2", "1", "1800000001"]
    assert [second.headers[name] for name in names] == ["2", "0", "1800000001"]
    assert (third.status_code, third.headers["Retry-After"]) == (429, "1")
    assert push(make_key(name="another"), MIA).status_code == 201
    monkeypatch.setattr(time, "time", lambda: 1_800_000_001.0)
    assert push(key, MIA).status_code == 201


def test_last_use_is_noted_once_a_minute(key) -> None:
    push(key, MIA)
    at = ApiKey.objects.get().used_at
    push(key, MIA)
    assert at == ApiKey.objects.get().used_at
    earlier = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.update(used_at=earlier)
    push(key, MIA)
    later = ApiKey.objects.get().used_at
    assert later
    assert later > earlier + timedelta(minutes=1)


@pytest.mark.parametrize("place", ["store", "now"])
def test_a_busy_database_is_a_reason_to_come_again(key, monkeypatch, place) -> None:
    def locked(*_given: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(view, place, locked)
    answer = push(key, MIA)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "send it again" in answer.json()["message"]


def test_neither_keys_nor_people_are_logged(key, monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # its statements are for developers
    body = {"attributes": [subscribing("mia-secret", email="mia@example.com")], "events": [happened("", "x")]}
    push(key, body)
    push(key, b'{"attributes": [{"external_id": "mia-secret"')
    push(key + "x", body)
    monkeypatch.setattr(
        view, "store", lambda *_given: (_ for _ in ()).throw(OperationalError("Key mia-secret"))
    )
    push(key, body)
    written = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert "database was busy (OperationalError)" in written
    assert not [each for each in (key, "mia-secret", "mia@example.com") if each in written]


def test_behind_tls_a_plain_request_is_sent_elsewhere_and_stores_nothing(key, settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = push(key, MIA)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/users/track")
    assert not Subscriber.objects.exists()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert push(key, MIA, X_Forwarded_Proto="https").status_code == 201


def test_at_another_host_name_nobody_answers(key) -> None:
    assert push(key, MIA, Host="evil.example").status_code == 400
    assert not Subscriber.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_over_the_wire_a_refused_body_is_followed_by_the_next_request(live_server) -> None:
    place, key = urlsplit(live_server.url), make_key()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        tried = [MIA, {"attributes": 7}, MIA]
        url = f"http://{place.netloc}{ADDRESS}"
        answers = [session.post(url, json=body, timeout=30) for body in tried]
        assert [answer.status_code for answer in answers] == [201, 400, 201]
        assert answers[0].json() == {"message": "success", "attributes_processed": 1}
        assert answers[0].headers["Content-Type"] == "application/json"
        assert session.post(url, data=b"x", timeout=30).status_code == 415
    assert Subscriber.objects.count() == 1


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
values = st.recursive(
    scalars | st.sampled_from(["x/f5733866ade2", "2026-01-31T08:00:00Z", {"inc": 2**63 - 1}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["add", "remove", "update", "$add", "$remove", "$update", "$time", "inc", "a", ""]
            )
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
fields = st.sampled_from(
    ["email", "first_name", "country", "dob", "gender", "phone", "time_zone", "braze_id", "_merge_objects", "name",
     "_update_existing_only", "time", "properties", "random_bucket", "custom_attributes", "custom_events", "a", "b",
     "email_subscribe", *NAMES]
)  # fmt: skip
objects = st.builds(
    lambda name, rest: {"external_id": name, **rest},
    st.sampled_from(["mia", "bo", " x ", "é\u2028", "\u0085", ""]) | scalars,
    st.dictionaries(fields | st.text(max_size=5), values, max_size=6),
)
events = st.builds(
    lambda name, at, properties: happened("mia", at, name, properties=properties),
    st.text(max_size=5),
    st.sampled_from(
        ["2026-01-31", "0001-01-01", "9999-12-31T23:59:59-14:00", "x", "1970-01-01T00:00:00+1:00"]
    ),
    st.dictionaries(st.text(max_size=5), values, max_size=3),
)


bodies = st.fixed_dictionaries(
    {},
    optional={
        "attributes": st.lists(objects, max_size=4),
        "events": st.lists(events | objects, max_size=3),
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies)
def test_whatever_a_body_holds_the_answer_is_brazes_and_nothing_breaks(key, body) -> None:
    cache.clear()
    try:
        content = json.dumps(body).encode()
    except UnicodeEncodeError:
        return
    answer = push(key, content)
    said = answer.json()
    assert answer.status_code in (201, 400), said
    assert said["message"] == "success" or answer.status_code == 400
    for person in Subscriber.objects.prefetch_related("subscriptions"):
        assert person.external_id.strip()
        assert all(subscription.home_id for subscription in person.subscriptions.all())

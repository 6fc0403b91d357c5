"""What machines ask for: without a session, without a login, and without a word about people."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Delivery, Heartbeat, Send
from tests import builders

TOKEN = "watch-" * 6
GAUGES = re.compile(r"^(calendar_admin_\w+)(?:\{(.*)\})? (\S+)$")
ADDRESSES = ("/healthz/live", "/healthz/ready", "/metrics")


@pytest.fixture
def scrape(settings):
    """Read /metrics as Prometheus does; return {(name, labels): value}."""
    settings.METRICS_TOKEN = TOKEN

    def read() -> dict[tuple[str, str], float]:
        response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 200
        assert response["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = [line for line in response.content.decode().splitlines() if not line.startswith("# ")]
        found = [GAUGES.fullmatch(line) for line in lines]
        assert all(found), lines
        return {(match[1], match[2] or ""): float(match[3]) for match in found if match}

    return read


def test_it_lives_without_asking_the_database(client):
    """No database mark: a question would fail, such as one for a session."""
    client.cookies["sessionid"] = "somebody"
    response = client.get("/healthz/live", HTTP_HOST="10.0.0.7:8000")

    assert (response.status_code, response.json()) == (200, {"live": True})


@pytest.mark.django_db
def test_ready_says_why_not_by_name(client):
    assert client.get("/healthz/ready").json() == {"ready": True, "reasons": []}

    Heartbeat.objects.create(name="tick", at=timezone.now() - timedelta(minutes=2))
    response = client.get("/healthz/ready")

    assert response.status_code == 503
    said = response.json()
    assert said["ready"] is False
    assert [reason["name"] for reason in said["reasons"]] == ["clock"]
    assert "beat" in said["reasons"][0]["text"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_only_reading_is_possible(address, method):
    response = getattr(Client(enforce_csrf_checks=True), method)(address)

    assert response.status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_session_no_cookie_nothing_kept_and_heads_alone_on_request(address, scrape):
    browser = Client()
    response = browser.head(address, headers={"Authorization": f"Bearer {TOKEN}"})

    assert (response.status_code, response.content) == (200, b"")
    assert "no-store" in response["Cache-Control"]
    assert not browser.cookies
    assert "Cookie" not in response.get("Vary", "")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_the_way_past_the_proxy_is_not_sent_to_https(address, settings, scrape):
    settings.SECURE_SSL_REDIRECT = True

    response = Client().get(address, headers={"Authorization": f"Bearer {TOKEN}"})

    assert response.status_code == 200
    assert Client().get("/login/").status_code == 301


def test_without_a_token_there_is_no_such_page(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "Bearer \xe9"],
)
def test_the_wrong_token_reads_nothing(client, settings, authorization):
    settings.METRICS_TOKEN = TOKEN
    response = client.get("/metrics", HTTP_AUTHORIZATION=authorization)

    assert (response.status_code, response.content) == (401, b"")
    assert response["WWW-Authenticate"] == "Bearer"


def test_an_admin_who_is_signed_in_still_needs_the_token(admin, settings):
    settings.METRICS_TOKEN = TOKEN

    assert admin.get("/metrics").status_code == 401


def test_the_numbers_are_those_of_the_books(event, scrape):
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    for state in (
        Delivery.State.ACCEPTED,
        Delivery.State.CONFIRMED,
        Delivery.State.FAILED,
        Delivery.State.IN_DOUBT,
    ):
        builders.make_delivery(send, state)
    due_at = timezone.now() - timedelta(minutes=3)
    builders.make_delivery(send, Delivery.State.QUEUED, due_at=due_at)
    done = builders.make_send(event, state=Send.State.FINISHED)
    builders.make_delivery(done, Delivery.State.ACCEPTED)

    found = scrape()

    shop = 'account="shop"'
    assert found["calendar_admin_deliveries", 'state="accepted"'] == 1, "of sends that are not finished"
    assert found["calendar_admin_accepted_total", shop] == 3, "over all sends, and confirmed are accepted"
    assert found["calendar_admin_confirmed_total", shop] == 1
    assert found["calendar_admin_failed", shop] == 1
    assert found["calendar_admin_queued", shop] == 1
    assert found["calendar_admin_in_doubt", shop] == 1
    assert 180 <= found["calendar_admin_oldest_due_seconds", shop] < 300
    assert found["calendar_admin_sends", 'state="sending"'] == 1
    assert found["calendar_admin_sends", 'state="finished"'] == 1


def test_an_account_without_sends_shows_zeros(account, scrape):
    found = scrape()

    assert found["calendar_admin_accepted_total", 'account="shop"'] == 0
    assert found["calendar_admin_oldest_due_seconds", 'account="shop"'] == 0
    assert ("calendar_admin_token_age_seconds", 'account="shop"') not in found


@pytest.mark.django_db
def test_labels_name_accounts_and_never_people_or_events(event, scrape):
    person = builders.make_subscriber("ada-1815", email="ada@example.com")
    send = builders.make_send(event, state=Send.State.SENDING)
    builders.make_delivery(send, subscriber=person)

    words = json.dumps([list(key) for key in scrape()])

    for secret in ("ada", "Summer sale", "Event_0001", "The Shop", "a-secret"):
        assert secret not in words


@pytest.mark.django_db
def test_a_code_that_would_break_the_format_is_escaped(scrape):
    builders.make_account('a"}\n1\\', name="Odd")

    assert ("calendar_admin_queued", r'account="a\"}\n1\\"') in scrape()

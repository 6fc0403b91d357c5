"""Webhooks that ask other addresses while they are written: before rows are locked, and many at once."""

import json
import threading
from functools import partial

import pytest
from django.core.cache import cache

from campaigns.models import Delivery, DryRun
from campaigns.pipeline import compose, dryrun, fetch, record
from integrations.web.exchange import Received
from tests.builders import make_subscriber
from tests.pipeline import braze_webhook
from tests.pipeline.running import CREATE, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db

WEATHER = "{% connected_content https://weather.example/{{${city}}} :save weather %}"


class Weather:
    """Stands for the internet: answers with the city's weather, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_down = False
        self._lock = threading.Lock()

    def __call__(self, call, headers, *, attempt, allowed_hosts) -> Received:
        with self._lock:
            self.asked.append(call.url)
        if self.is_down:
            raise ConnectionError("nobody there")
        city = call.url.rpartition("/")[2]
        return Received(
            200, {"Content-Type": "application/json"}, f'{{"sky": "clear in {city}"}}'.encode(), True
        )


@pytest.fixture
def weather(monkeypatch) -> Weather:
    cache.clear()
    internet = Weather()
    monkeypatch.setattr("campaigns.pipeline.calls.Fetcher", partial(fetch.Fetcher, call=internet))
    return internet


def people(count: int) -> None:
    for number in range(count):
        rokt_id = f"06423672-b6ba-4536-aa36-{number:012}"
        attributes = {"rokt:account_code": ["acme/x"], "rokt:subscription_id": [rokt_id]}
        person = make_subscriber(f"u{number}", profile={"city": f"town-{number}"}, attributes=attributes)
        subscription(person, rokt_id=rokt_id)


def with_weather(event) -> None:
    text = braze_webhook.body(event).replace("Three days only", "{{weather.sky}}")
    braze_webhook.use(event, body=f"{WEATHER}{text}")


def test_everybody_gets_what_was_found_for_them(event, staff, weather, rokt):
    people(5)
    with_weather(event)

    send = run(queue(event, staff))

    assert set(states(send).values()) == {"accepted"}
    posts = [json.loads(line["body"])["event"] for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert {post["eventId"]: post["description"] for post in posts} == {
        f"Event_0001_u{number}": f"clear in town-{number}" for number in range(5)
    }


def test_nothing_is_asked_while_rows_are_locked(event, staff, weather, monkeypatch):
    people(3)
    with_weather(event)
    send = queue(event, staff)
    weather.asked.clear()
    cache.clear()
    asked_within: list[int] = []
    real = record.claim

    def watched(*args, **options):
        before = len(weather.asked)
        batch = real(*args, **options)
        asked_within.append(len(weather.asked) - before)
        return batch

    monkeypatch.setattr(record, "claim", watched)
    run(send)

    assert len(weather.asked) == 3
    assert asked_within == [0]


def test_a_row_that_was_not_prepared_waits_for_the_next_batch(event, staff, weather, monkeypatch):
    people(2)
    with_weather(event)
    send = queue(event, staff)
    real = record.peek
    short = iter([1])
    monkeypatch.setattr(
        record, "peek", lambda send, limit, **place: real(send, limit=next(short, limit), **place)
    )

    run(send)

    assert set(states(send).values()) == {"accepted"}
    assert send.deliveries.values("attempts__lease_token").distinct().count() == 2


def test_an_address_that_does_not_answer_leaves_the_text_empty_as_in_braze(event, staff, weather):
    people(1)
    with_weather(event)
    weather.is_down = True

    send = run(queue(event, staff))

    assert json.loads(only(send).attempts.get().body)["event"]["description"] == ""


def test_where_an_answer_is_needed_and_none_comes_the_person_is_left_out(event, staff, weather):
    people(1)
    with_weather(event)
    event_hook = event.webhooks.get()
    event_hook.body = event_hook.body.replace(":save weather", ":save weather :retry")
    event_hook.save()
    weather.is_down = True

    send = run(queue(event, staff))

    assert (only(send).state, only(send).reason) == (Delivery.State.SKIPPED, Delivery.Reason.LEFT_OUT)
    assert "no answer after 5 retries" in only(send).detail


def test_a_dry_run_asks_for_everybody_too(event, staff, weather):
    people(130)  # more than one batch
    with_weather(event)

    job = dryrun.run(dryrun.ask(compose.draft(event, CREATE), by=staff).pk)

    assert (job.state, job.ready_count) == (DryRun.State.FINISHED, 130)
    assert len(set(weather.asked)) == 130

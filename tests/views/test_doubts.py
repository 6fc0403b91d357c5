"""Deliveries in doubt, settled by hand: which, what, why, and a page that asks once more."""

import html
import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Attempt, Delivery, Entry, Send
from campaigns.models.clock import now
from campaigns.pipeline import record
from campaigns.pipeline.record import books
from tests import builders

D = Delivery.State
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def send(event):
    """A send of the shop that is running since a minute."""
    return builders.make_send(
        event, state=Send.State.SENDING, started_at=timezone.now() - timedelta(minutes=1)
    )


@pytest.fixture(autouse=True)
def _wakeups(monkeypatch):
    monkeypatch.setattr(tasks, "look_now", lambda: None)


def doubt(send, **columns):
    columns = {"reason": Delivery.Reason.NO_ANSWER, "attempt_count": 1, **columns}
    row = builders.make_delivery(send, D.IN_DOUBT, **columns)
    builders.make_attempt(row, Attempt.Outcome.UNKNOWN)
    return row


def address(send):
    return reverse("send_doubts", args=[send.pk])


def text_of(response):
    return " ".join(response.content.decode().split())


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def ask(client, send, **typed):
    """Choose, and come to the page that asks once more; returns what its form holds."""
    response = client.post(address(send), typed)
    assert response.status_code == 200, said(response)
    form: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(response.content.decode()):
        form.setdefault(name, []).append(html.unescape(value))
    form.pop("csrfmiddlewaretoken", None)
    return response, form


def decide(client, send, **typed):
    _page, form = ask(client, send, **typed)
    response = client.post(address(send), form)
    send.refresh_from_db()
    return response


def test_nothing_changes_before_the_numbers_were_seen(approver, send):
    rows = [doubt(send), doubt(send), doubt(send, reason="worker_lost"), doubt(send)]

    response, form = ask(
        approver, send, delivery=[row.pk for row in rows[:3]], verdict="arrived", note="seen in the app"
    )

    words = text_of(response)
    assert "They arrived?" in words
    assert '<p class="se-big"> 3 <small>deliveries</small>' in words
    assert "<dt>No clear answer came</dt> <dd>2</dd>" in words
    assert "<dt>The worker stopped before an answer</dt> <dd>1</dd>" in words
    assert "<q>seen in the app</q>" in words
    assert send.deliveries.filter(state=D.IN_DOUBT).count() == 4
    assert sorted(map(int, form["delivery"])) == [row.pk for row in rows[:3]]


@pytest.mark.parametrize(
    ("verdict", "state", "counted"),
    [
        ("arrived", D.ACCEPTED, "accepted_count"),
        ("again", D.QUEUED, "queued_count"),
        ("look", D.IN_DOUBT, "in_doubt_count"),
        ("given_up", D.FAILED, "failed_count"),
    ],
)
def test_each_decision_does_what_it_says_to_those_that_were_ticked(approver, send, verdict, state, counted):
    row, other = doubt(send), doubt(send)

    response = decide(approver, send, delivery=row.pk, verdict=verdict, note="asked the person")

    row.refresh_from_db()
    other.refresh_from_db()
    assert said(response) == ["1 delivery is decided."]
    assert (row.state, other.state) == (state, D.IN_DOUBT)
    assert getattr(send, counted) == (2 if verdict == "look" else 1)
    assert books.check(send).holds
    assert Entry.objects.filter(delivery=row).exists() == (verdict == "arrived")
    assert (row.due_at is not None and row.due_at <= now()) == (verdict in ("again", "look"))


def test_who_decided_what_when_and_why_stands_with_the_send_and_with_each_delivery(approver, auditor, send):
    row = doubt(send)
    decide(approver, send, delivery=row.pk, verdict="look", note="the app was slow")
    decide(approver, send, everything="1", verdict="given_up", note="<b>nobody</b> answers")

    page = text_of(auditor.get(reverse("send_detail", args=[send.pk])))
    proof = text_of(auditor.get(reverse("delivery_detail", args=[row.pk])))

    for words in (page, proof):
        assert "look again now" in words
        assert "given up: counts as failed" in words
        assert f"by {approver.user}" in words
        assert "<q>the app was slow</q>" in words
        assert "<q>&lt;b&gt;nobody&lt;/b&gt; answers</q>" in words
    assert "1 delivery" in page
    assert "Decided by hand" in proof


def test_all_that_fit_a_question_are_decided_and_no_others(approver, send):
    for _ in range(3):
        doubt(send)
    lost = [doubt(send, reason="worker_lost") for _ in range(2)]
    looked = doubt(send, reason="worker_lost", due_at=now() + timedelta(hours=1))

    page = text_of(approver.get(address(send), {"reason": "worker_lost", "waits": "people"}))
    assert "2 deliveries in doubt" in page
    decide(
        approver, send, reason="worker_lost", waits="people", everything="1", verdict="given_up", note="dead"
    )

    failed = send.deliveries.filter(state=D.FAILED)
    assert set(failed.values_list("pk", flat=True)) == {row.pk for row in lost}
    looked.refresh_from_db()
    assert looked.state == D.IN_DOUBT


def test_a_second_click_decides_nothing_more(approver, send):
    rows = [doubt(send) for _ in range(3)]
    _page, form = ask(approver, send, everything="1", verdict="again", note="not there")
    first = approver.post(address(send), form)
    # the repeat is lost on its way, too, before the second click comes in
    send.deliveries.update(state=D.IN_DOUBT, due_at=None, changed_at=now())
    Send.objects.update(in_doubt_count=3, queued_count=0)

    second = approver.post(address(send), form)

    assert said(first) == ["3 deliveries are decided."]
    assert "nothing left to decide" in said(second)[-1]
    assert send.actions.count() == 1
    assert send.deliveries.filter(state=D.IN_DOUBT).count() == len(rows)


def test_what_is_being_looked_into_is_left_to_that_look(approver, send):
    free = doubt(send, due_at=now() + timedelta(hours=1))
    held = doubt(send, due_at=now() - timedelta(seconds=1))
    assert [found.delivery for found in record.claim_doubts(send.account, limit=10)] == [held]

    response, form = ask(approver, send, everything="1", verdict="again", note="not there")
    approver.post(address(send), form)

    assert "Being looked into now, left alone" in text_of(response)
    for row in (free, held):
        row.refresh_from_db()
    assert (free.state, held.state) == (D.QUEUED, D.IN_DOUBT)
    assert held.lease_token is not None
    late = approver.post(address(send), {"everything": "1", "verdict": "again", "note": "x"})
    assert "being looked into at this moment" in said(late)[-1]


def test_a_look_that_begins_after_the_question_wins(approver, send):
    held = doubt(send, due_at=now() - timedelta(seconds=1))
    _page, form = ask(approver, send, everything="1", verdict="again", note="not there")
    record.claim_doubts(send.account, limit=10)

    response = approver.post(address(send), form)

    held.refresh_from_db()
    assert held.state == D.IN_DOUBT
    assert "nothing left to decide" in said(response)[-1]


def test_doubts_that_came_after_the_question_are_left_alone_and_told_of(approver, send):
    rows = [doubt(send), doubt(send)]
    _page, form = ask(approver, send, everything="1", verdict="given_up", note="old ones")
    rows[1].changed_at = now()
    rows[1].save()
    new = doubt(send)

    response = approver.post(address(send), form)

    assert said(response) == ["1 delivery is decided. 1 changed meanwhile and was left alone."]
    new.refresh_from_db()
    assert new.state == D.IN_DOUBT


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"verdict": "maybe", "note": "x", "everything": "1"}, "Say what became of them"),
        ({"verdict": "arrived", "everything": "1"}, "Say why"),
        ({"verdict": "arrived", "everything": "1", "note": " "}, "Say why"),
        ({"verdict": "arrived", "everything": "1", "note": "x" * 501}, "up to 500 characters"),
        ({"verdict": "arrived", "note": "x"}, "Choose at least one"),
        (
            {"verdict": "arrived", "note": "x", "delivery": ["junk", "²", "9" * 40, "-1"]},
            "Choose at least one",
        ),
        ({"verdict": "arrived", "note": "x", "everything": "1", "seen_at": "yesterday"}, "incomplete"),
        (
            {"verdict": "arrived", "note": "x", "everything": "1", "seen_at": "0001-01-01T00:00+23:59"},
            "incomplete",
        ),
        (
            {"verdict": "arrived", "note": "x", "everything": "1", "seen_at": "2999-01-01T00:00Z"},
            "incomplete",
        ),
    ],
)
def test_a_decision_that_says_too_little_decides_nothing(approver, send, typed, words):
    doubt(send)

    response = approver.post(address(send), typed)

    assert response.status_code == 302
    assert words in said(response)[0]
    assert send.deliveries.filter(state=D.IN_DOUBT).count() == 1


def test_who_chose_nobody_is_led_back_to_the_same_list(approver, send):
    one = doubt(send)
    asked = {"verdict": "arrived", "note": "x", "reason": "no_answer", "waits": "decision"}

    response = approver.post(address(send), asked)
    on_delivery = approver.post(address(send), asked | {"back_to_delivery": one.pk})

    assert response["Location"] == f"{address(send)}?reason=no_answer&waits=decision"
    assert on_delivery["Location"] == reverse("delivery_detail", args=[one.pk])
    assert approver.get(response["Location"]).status_code == 200


def test_doubts_of_another_send_are_out_of_reach(approver, send):
    foreign = doubt(builders.make_send(state=Send.State.SENDING))

    response = approver.post(address(send), {"delivery": foreign.pk, "verdict": "given_up", "note": "x"})

    assert "Choose at least one" in said(response)[0]


@pytest.mark.parametrize("columns", [{"state": "cancelled"}, {"deliver_until": "2020-01-01T00:00Z"}])
def test_nothing_is_sent_again_once_that_would_be_wrong(approver, send, columns):
    doubt(send)
    Send.objects.update(**columns)

    page = text_of(approver.get(address(send)))
    response = approver.post(address(send), {"everything": "1", "verdict": "again", "note": "x"})

    assert "Not there: send again" not in page
    assert "Give up: count as failed" in page
    assert "not possible any more" in said(response)[0]


def test_those_without_the_right_see_the_doubts_and_decide_nothing(marketer, auditor, send):
    doubt(send)
    for client in (marketer, auditor):
        assert "It arrived" not in text_of(client.get(address(send)))
        assert (
            client.post(address(send), {"everything": "1", "verdict": "look", "note": "x"}).status_code == 403
        )


def test_deciding_from_the_page_of_a_delivery_leads_back_there(approver, send):
    row = doubt(send)
    proof = reverse("delivery_detail", args=[row.pk])
    assert address(send) in text_of(approver.get(proof))

    response = decide(approver, send, verdict="given_up", note="x", delivery=row.pk, back_to_delivery=row.pk)

    assert response["Location"] == proof
    for foreign in (builders.make_delivery().pk, "//evil.example", "9" * 40):
        response = approver.post(address(send), {"back_to_delivery": foreign})
        assert response["Location"] == reverse("send_detail", args=[send.pk])


def test_many_doubts_are_paged_and_empty_pages_say_so(approver, send, monkeypatch):
    monkeypatch.setattr("campaigns.views.doubts.SHOWN_COUNT", 2)
    rows = [doubt(send) for _ in range(3)]

    first = text_of(approver.get(address(send)))
    assert f"after={rows[1].pk}" in first
    second = text_of(approver.get(address(send), {"after": rows[1].pk}))
    assert rows[2].external_id in second
    assert "The next ones" not in second
    assert "None of these is in doubt" in text_of(approver.get(address(send), {"reason": "worker_lost"}))
    assert (
        approver.get(address(send), {"reason": "junk\0", "waits": "²", "after": "9" * 40}).status_code == 200
    )


def test_word_from_rokt_confirms_what_somebody_gave_up(approver, send):
    row = doubt(send)
    decide(approver, send, everything="1", verdict="given_up", note="gone")

    confirm(row)

    row.refresh_from_db()
    send.refresh_from_db()
    assert row.state == D.CONFIRMED
    assert books.check(send).holds


def confirm(row):
    spot = record.Spot(row.send.event_id, row.external_id)
    record.confirm([record.Word(Attempt.Operation.CREATE, asked=[spot], spots=[spot])])


def test_a_large_decision_takes_steps_that_do_not_grow(approver, send, monkeypatch):
    monkeypatch.setattr("campaigns.pipeline.compose.doubts.AT_ONCE", 2)
    counts = []
    for people in (2, 6):
        for _ in range(people):
            doubt(send)
        _page, form = ask(approver, send, everything="1", verdict="given_up", note="many")
        with CaptureQueriesContext(connection) as seen:
            approver.post(address(send), form)
        counts.append(len(seen))
    send.refresh_from_db()

    assert send.failed_count == 8
    assert list(send.actions.values_list("delivery_count", flat=True)) == [2, 6]
    steps = counts[1] - counts[0]
    assert steps % 2 == 0, "each further step asks the same questions"
    assert books.check(send).holds

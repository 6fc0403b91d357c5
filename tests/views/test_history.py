"""Proof: finding deliveries among many, one delivery call by call, and the history as a spreadsheet."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attempt, Delivery, Entry, Send, Subscriber
from campaigns.reports import safe_cell
from tests import builders

D = Delivery.State
LIST = "admin:campaigns_delivery_changelist"
NUL, BOM = "\0", "\N{ZERO WIDTH NO-BREAK SPACE}"


@pytest.fixture
def world(event):
    """Two sends of two campaigns with deliveries in several states, by the person's user id."""
    other = builders.make_send(state=Send.State.FINISHED, started_at=timezone.now())
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now() - timedelta(hours=1))
    ada = builders.make_subscriber("ada", email="ada@example.com")
    return {
        "ada": builders.make_delivery(send, D.ACCEPTED, subscriber=ada),
        "bob": builders.make_delivery(
            send, D.FAILED, subscriber=builders.make_subscriber("bob"), reason="refused", detail="Bad"
        ),
        "eve": builders.make_delivery(
            send, D.FAILED, subscriber=builders.make_subscriber("eve"), reason="gave_up"
        ),
        "zoe": builders.make_delivery(other, D.SKIPPED, subscriber=builders.make_subscriber("zoe")),
        "ada2": builders.make_delivery(other, D.FAILED, subscriber=ada, reason="refused"),
    }


def listed(client, **query):
    response = client.get(reverse(LIST), query)
    assert response.status_code == 200
    return [row.pk for row in response.context["cl"].result_list]


def exported(client, **query):
    response = client.get(reverse("history_csv"), query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def questions(world):
    """Every question, and the people it finds, newest first."""
    send = world["ada"].send
    soon, ago = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    minutes = "%Y-%m-%dT%H:%M"
    return [
        ({}, ["ada2", "zoe", "eve", "bob", "ada"]),
        ({"send": send.pk}, ["eve", "bob", "ada"]),
        ({"event": send.event_id}, ["eve", "bob", "ada"]),
        ({"campaign": send.event.campaign_id}, ["eve", "bob", "ada"]),
        ({"account": send.account_id}, ["eve", "bob", "ada"]),
        ({"state": "failed"}, ["ada2", "eve", "bob"]),
        ({"state": "queued"}, []),
        ({"reason": "refused"}, ["ada2", "bob"]),
        ({"send": send.pk, "state": "failed", "reason": "refused"}, ["bob"]),
        ({"q": "ada"}, ["ada2", "ada"]),
        ({"q": " ada@example.com "}, ["ada2", "ada"]),
        ({"q": "ADA@EXAMPLE.COM"}, ["ada2", "ada"]),
        ({"q": "ad"}, []),
        ({"since": ago.strftime(minutes)}, ["ada2", "zoe", "eve", "bob", "ada"]),
        ({"since": soon.strftime(minutes)}, []),
        ({"until": soon.strftime(minutes)}, ["ada2", "zoe", "eve", "bob", "ada"]),
        ({"until": f"{ago:%Y-%m-%d}"}, []),
        ({"since": "2020-01-01T00:00+05:00", "q": "bob"}, ["bob"]),
    ]


def test_the_list_and_the_spreadsheet_find_the_same_people(auditor, world):
    for query, people in questions(world):
        pks = [world[name].pk for name in people]

        assert listed(auditor, **query) == pks, query
        assert [int(row[0]) for row in exported(auditor, **query)[1:]] == pks, query


JUNK = [
    "abc",
    "-1",
    "0",
    "1.5",
    "9" * 30,
    "9" * 5_000,
    "²",
    "1 OR 1=1",
    "x" * 10_000,
    "0001-01-01T00:00+05:00",
]


@pytest.mark.parametrize(
    "name", ["campaign", "event", "account", "send", "state", "reason", "since", "until"]
)
def test_a_question_that_makes_no_sense_finds_nobody(auditor, world, name):
    for value in JUNK:
        if name == "since" and value.startswith("0001"):
            value = "9999-12-31T23:59-05:00"

        assert listed(auditor, **{name: value}) == []
        assert len(exported(auditor, **{name: value})) == 1


@pytest.mark.parametrize("text", ["x" * 10_000, "%", "_", "'; DROP TABLE", "@", "a@b" + "c" * 400])
def test_a_search_for_nobody_finds_nobody(auditor, world, text):
    assert listed(auditor, q=text) == []
    assert len(exported(auditor, q=text)) == 1


def test_nul_in_a_search_is_not_an_error(auditor, world):
    assert auditor.get(reverse(LIST), {"q": f"a{NUL}b"}).status_code == 200
    assert len(exported(auditor, q=f"a{NUL}b")) == 1


@pytest.mark.parametrize("query", [{"p": page} for page in ("0", "-1", "abc", "1000000000", "9" * 5_000)])
def test_pages_that_do_not_exist_are_not_errors(auditor, world, query):
    assert auditor.get(reverse(LIST), query, follow=True).status_code == 200


@pytest.mark.parametrize("order", ["password", "1", "-3.2", "99", "x" * 10_000])
def test_the_history_is_always_newest_first(auditor, world, order):
    assert listed(auditor, o=order) == [world[name].pk for name in ("ada2", "zoe", "eve", "bob", "ada")]


@pytest.mark.parametrize(
    "name", ["subscriber__attributes__contains", "send__created_by__password", "pk", "external_id__contains"]
)
def test_other_columns_cannot_be_asked(auditor, world, name):
    response = auditor.get(reverse(LIST), {name: "1"})

    assert response.status_code == 400


def test_the_list_says_what_is_shown_and_hands_the_same_to_the_spreadsheet(auditor, world):
    send = world["ada"].send
    text = auditor.get(reverse(LIST), {"send": send.pk, "state": "failed", "q": "bob"}).content.decode()

    assert f"send: {send}" in text
    assert "state: failed" in text
    assert "person: bob" in text
    assert f"{reverse('history_csv')}?send={send.pk}&amp;state=failed&amp;q=bob" in text


def test_rows_lead_to_the_proof_and_nothing_can_be_ticked(auditor, world):
    text = auditor.get(reverse(LIST)).content.decode()

    assert reverse("delivery_detail", args=[world["bob"].pk]) in text
    assert "_selected_action" not in text
    assert auditor.get(reverse("admin:campaigns_delivery_change", args=[world["bob"].pk]))[
        "Location"
    ] == reverse("delivery_detail", args=[world["bob"].pk])


def test_a_long_history_is_counted_only_so_far(auditor, world, monkeypatch):
    monkeypatch.setattr("campaigns.admin.pages.MOST_COUNTED", 3)

    text = auditor.get(reverse(LIST)).content.decode()

    assert "The newest 3. Use the filters to see others." in text


def test_the_list_asks_the_same_few_questions_however_many_rows(
    auditor, world, django_assert_max_num_queries
):
    for _ in range(30):
        builders.make_delivery(world["ada"].send)

    with django_assert_max_num_queries(20):
        auditor.get(reverse(LIST))


STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]  # noqa: RUF001 - fullwidth forms


def test_no_cell_begins_like_a_formula(auditor, world):
    for start in STARTS:
        text = f"{start}cmd|' /C calc'!A0"
        Delivery.objects.filter(pk=world["bob"].pk).update(external_id=text, detail=text)

        _headings, cells = exported(auditor, send=world["bob"].send_id, state="failed", reason="refused")

        assert cells[6] == cells[10] == f"'{text}"
    assert safe_cell(f"{NUL}=1") == f"'{NUL}=1"


@pytest.mark.parametrize("value", ["plain", "a=b", "ünïcode", "", 5, 0])
def test_other_cells_stay_as_they_are(value):
    assert safe_cell(value) == value


def test_the_spreadsheet_has_a_row_per_delivery_with_who_queued_and_released_it(auditor, approver, world):
    send = world["bob"].send
    send.created_by, send.approved_by = auditor.user, approver.user
    send.save()
    Subscriber.objects.filter(external_id="bob").update(email='quo"ted,\n@example.com')

    rows = exported(auditor, q="bob")

    assert dict(zip(rows[0], rows[1], strict=True)) == {
        "delivery": str(world["bob"].pk),
        "send": str(send.pk),
        "kind": "create",
        "campaign": "Summer",
        "event id": "Event_0001",
        "account code": "shop",
        "user id": "bob",
        "e-mail": 'quo"ted,\n@example.com',
        "state": "failed",
        "reason": "refused",
        "detail": "Bad",
        "attempts": "0",
        "last change (UTC)": f"{world['bob'].changed_at:%Y-%m-%d %H:%M:%S}",
        "subscriptions": "0:06423672-b6ba-4536-aa36-70788a7a0a36",
        "queued by": str(auditor.user),
        "released by": str(approver.user),
        "test": "no",
    }


def test_the_spreadsheet_reads_on_page_by_page_and_nobody_twice(auditor, world, monkeypatch):
    monkeypatch.setattr("campaigns.reports.spreadsheet.PAGE_COUNT", 2)

    numbers = [row[0] for row in exported(auditor)[1:]]

    assert len(numbers) == len(set(numbers)) == 5


def test_the_spreadsheet_is_a_download_with_a_name_of_ours(auditor, world):
    response = auditor.get(reverse("history_csv"), {"q": 'x"\r\nSet-Cookie: a=b'})

    assert response["Content-Disposition"].startswith('attachment; filename="history-20')
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers


def test_the_proof_shows_every_call_in_order_with_what_was_said(auditor, world):
    ada = world["ada"]
    builders.make_attempt(ada, Attempt.Outcome.UNKNOWN, reason="the answer did not come", is_late=True)
    answer = '{"Code":"Bad","Reason":"<script>alert(1)</script>"}'
    builders.make_attempt(ada, Attempt.Outcome.REFUSED, status=400, answer=answer, elapsed_ms=1_234)
    builders.make_attempt(ada, "", operation="verify", method="GET", body="")

    text = auditor.get(reverse("delivery_detail", args=[ada.pk])).content.decode()

    assert text.index("Attempt 1: create") < text.index("Attempt 2: create") < text.index("Attempt 3: look")
    assert "late evidence" in text
    assert "the answer did not come" in text
    assert "HTTP 400" in text
    assert "after 1,234 ms" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)" not in text
    assert "no answer recorded" in text
    assert "Bearer ••••••••" in text
    assert "User-Agent:</span> calendar-admin" in text
    assert "{&quot;event&quot;:{&quot;eventId&quot;:&quot;Event_0001_ada&quot;" in text


def test_the_proof_says_what_is_on_the_calendar_now_and_who_put_it_there(auditor, world):
    ada, later = world["ada"], world["ada2"]
    address = reverse("delivery_detail", args=[ada.pk])
    assert "Nothing, as far as we know." in auditor.get(address).content.decode()

    entry = builders.make_entry(
        later, event=ada.send.event, body='{"title":"Autumn <b>"}', confirmed_at=timezone.now()
    )
    text = auditor.get(address).content.decode()

    assert "on the calendar" in text
    assert "Autumn &lt;b&gt;" in text
    assert "seen there" in text
    assert reverse("delivery_detail", args=[later.pk]) in text
    for body in ("{broken", "[]"):
        Entry.objects.filter(pk=entry.pk).update(body=body)
        assert auditor.get(address).status_code == 200


def test_the_proof_of_an_erased_person_stays_readable(auditor, world):
    Entry.objects.all().delete()
    world["bob"].subscriber.delete()

    text = auditor.get(reverse("delivery_detail", args=[world["bob"].pk])).content.decode()

    assert "erased since" in text
    assert "<code>bob</code>" in text
    assert "refused by Rokt: Bad" in text.replace("Refused", "refused")
    assert "erased" in auditor.get(reverse(LIST)).content.decode()


def test_how_often_it_was_tried_and_repeated_are_two_numbers(auditor, world):
    Delivery.objects.filter(pk=world["ada"].pk).update(attempt_count=1, retry_count=0)

    text = auditor.get(reverse("delivery_detail", args=[world["ada"].pk])).content.decode()

    assert '1 <span class="ca-mute">· 0 of 9 retries used' in text


def test_a_lease_is_shown_only_while_it_is_held(auditor, world):
    held = builders.make_delivery(world["ada"].send, D.SENDING)

    assert "Held by a worker" in auditor.get(reverse("delivery_detail", args=[held.pk])).content.decode()
    assert (
        "Held by a worker"
        not in auditor.get(reverse("delivery_detail", args=[world["ada"].pk])).content.decode()
    )


def test_a_doubt_can_be_decided_on_its_page_by_those_who_may(auditor, approver, world):
    doubt = builders.make_delivery(world["ada"].send, D.IN_DOUBT, reason="no_answer")
    address = reverse("delivery_detail", args=[doubt.pk])

    assert "Not there: send again" in approver.get(address).content.decode()
    assert "Not there: send again" not in auditor.get(address).content.decode()
    assert (
        "Not there: send again"
        not in approver.get(reverse("delivery_detail", args=[world["bob"].pk])).content.decode()
    )

"""What is chained: what staff do through the pages, and what the engine does by itself."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from campaigns import audit, tasks
from campaigns.keeping import halts
from campaigns.models import Account, AuditEvent, Delivery, Send, SendAction
from campaigns.pipeline import compose
from campaigns.pipeline.record import canary
from tests import builders
from tests.audit.conftest import TABLE, tamper
from tests.pipeline.running import queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain")]
State = Delivery.State


@pytest.fixture
def zoe():
    """Return somebody whose name no digest can spell."""
    return builders.make_subscriber("user-of-zoe", email="zoe@example.com")


def kinds() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("kind", flat=True))


def last() -> tuple[AuditEvent, dict[str, Any]]:
    event = AuditEvent.objects.order_by("-seq")[0]
    return event, json.loads(event.data)


def running(event, *states: Delivery.State) -> Send:
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    for state in states:
        builders.make_delivery(send, state)
    return send


def test_what_is_queued_is_chained_with_a_digest_of_what_it_says_and_to_whom(event, account):
    by = builders.make_user()
    builders.make_subscription(account=account)

    send = queue(event, by)

    found = AuditEvent.objects.get(kind="send.queued")
    data = json.loads(found.data)
    assert (found.kind, found.by, found.subject_kind, found.subject) == (
        "send.queued",
        f"{by.pk} {by.username}",
        "send",
        str(send.pk),
    )
    fresh = Send.objects.get(pk=send.pk)
    assert data["digest"] == audit.digest(fresh)
    fresh.content["title"] = "Something else"
    assert data["digest"] != audit.digest(fresh)


def test_a_send_that_starts_is_chained_and_in_its_history_with_how_many_people(event, account):
    builders.make_subscription(account=account)

    send = queue(event, builders.make_user())

    found, data = last()
    assert (found.kind, found.by, data["deliveries"]) == ("send.started", "", 1)
    started = send.actions.get(verb=SendAction.Verb.STARTED)
    assert (started.by, started.delivery_count) == (None, 1)


def test_steps_of_a_send_are_chained(event):
    by, send = builders.make_user(), running(event, State.QUEUED)

    compose.pause(send, by=by)
    compose.resume(send, by=by)
    compose.cancel(send, by=by)

    assert kinds() == ["send.paused", "send.resumed", "send.cancelled"]
    assert audit.check().is_whole


def test_a_decision_is_chained_with_its_verdict_its_reason_and_how_many(event):
    by, send = builders.make_user("approver"), running(event, State.IN_DOUBT, State.IN_DOUBT)

    verdict = SendAction.Verdict.GIVEN_UP
    compose.decide_doubts(send, doubts=send.deliveries.all(), verdict=verdict, by=by, note="Rokt says no")

    found, data = last()
    assert found.kind == "send.decided"
    assert (data["verdict"], data["why"], data["deliveries"]) == ("given_up", "Rokt says no", 2)


def test_a_send_that_stops_by_itself_is_chained_without_a_name(event):
    send = running(event, State.FAILED, State.QUEUED)
    first = send.deliveries.get(state=State.FAILED)
    Send.objects.filter(pk=send.pk).update(canary_count=1, canary_percent=0, held_after_id=first.pk)

    canary.judge(send)

    assert (last()[0].kind, last()[0].by) == ("send.stopped", "")


def test_the_books_of_a_finished_send_are_chained_once_by_the_next_tick(event):
    send = running(event, State.ACCEPTED, State.ACCEPTED, State.FAILED)
    Send.objects.filter(pk=send.pk).update(state=Send.State.FINISHED, finished_at=timezone.now())

    tasks.tick()
    tasks.tick()

    assert kinds() == ["send.finished"]
    found, data = last()
    assert found.subject == str(send.pk)
    assert (data["people"], data["books"]) == (3, {"accepted": 2, "failed": 1})

    Send.objects.filter(pk=send.pk).update(finished_at=timezone.now() + timedelta(seconds=1))  # tried again
    tasks.tick()
    assert kinds() == ["send.finished"] * 2


def test_nothing_of_a_person_is_in_the_chain(approver, admin, zoe):
    approver.post(reverse("subscriber_suppress", args=[zoe.pk]), {"note": "Zoe phoned"})
    approver.post(reverse("subscriber_lift", args=[zoe.pk]), {"note": "Zoe phoned"})
    approver.post(reverse("subscriber_export", args=[zoe.pk]), {"note": "Zoe phoned"})
    admin.post(reverse("subscriber_erase", args=[zoe.pk]), {"user_id": "user-of-zoe", "note": "Zoe wrote"})

    assert kinds() == ["person.suppressed", "person.lifted", "person.exported", "person.erased"]
    assert last()[0].subject.startswith("erased-")
    everything = " ".join(str(row) for row in AuditEvent.objects.values_list())
    assert "zoe" not in everything.lower()


def test_an_account_that_is_changed_is_chained_without_what_it_was_changed_to(admin, account):
    page = reverse("admin:campaigns_account_change", args=[account.pk])
    typed = {
        "name": "The Shop",
        "code": "shop",
        "timezone": "Eastern Standard Time",
        "base_url": "https://api.roktcalendar.com",
        "client_id": "a-client",
        "client_secret": "quite-another",
        "rate_per_second": "10",
        "burst_count": "10",
        "at_once_count": "4",
        "when_in_doubt": "verify",
        "update_body": "wrapped",
    }

    response = admin.post(page, typed)

    assert response.status_code == 302
    assert Account.objects.get().client_secret == "quite-another"
    found, data = last()
    assert (found.kind, found.subject_kind, found.subject) == ("setup.changed", "account", str(account.pk))
    assert found.by.endswith(admin.user.username)
    assert "Client secret" in found.data
    assert "quite-another" not in found.data
    assert data["name"]


def test_roles_of_staff_are_chained(admin):
    mary = builders.make_user("marketer", username="mary")
    page = reverse("admin:auth_user_change", args=[mary.pk])
    groups = [str(Group.objects.get(name="admin").pk)]

    response = admin.post(page, {"username": "mary", "groups": groups, "is_active": "on"})

    assert response.status_code == 302
    found, data = last()
    assert (found.kind, found.subject_kind, found.subject) == ("setup.changed", "user", str(mary.pk))
    assert data["roles"] == ["admin"]


def test_a_halt_and_its_release_are_chained():
    by = builders.make_user("admin")

    halts.halt(by=by, note="before the restore")
    assert halts.release(by=by, note="all is well") == 1

    assert kinds() == ["halt.made", "halt.released"]
    assert last()[1]["why"] == "all is well"


def test_an_action_that_is_rolled_back_leaves_no_event(event):
    send = running(event, State.QUEUED)

    with transaction.atomic():
        compose.pause(send, by=builders.make_user())
        transaction.set_rollback(True)

    assert kinds() == []


def test_an_auditor_reads_filters_and_checks(auditor, event, chain):
    send = running(event, State.QUEUED)
    compose.pause(send, by=builders.make_user("marketer", username="mary"))
    chain(1)
    address = reverse("admin:campaigns_auditevent_changelist")
    link = f"{address}?about=send&amp;q={send.pk}"

    assert link in auditor.get(reverse("send_detail", args=[send.pk])).content.decode()
    page = auditor.get(f"{address}?about=send&q={send.pk}&what=send.paused").content.decode()
    assert "mary" in page
    assert "Send paused" in page
    assert "send.paused<" not in page
    assert f"send {send.pk}</a>" in page
    assert "Check the chain now" in page

    found = auditor.post(reverse("audit_check"))
    assert "All 2 events are as they were written" in said(found)
    tamper(f"UPDATE {TABLE} SET data = '{{}}' WHERE seq = 1")
    found = auditor.post(reverse("audit_check"))
    assert "Event 1 is not as it was written: altered" in said(found)


def test_what_an_event_is_about_is_said_in_words(auditor, account):
    audit.append("setup.revoked", by=None, about=("apikey", 7), data={"name": "Rokt"})
    audit.append("setup.added", by=None, about=("hookaddress", 8), data={"account": account.pk})

    page = auditor.get(reverse("admin:campaigns_auditevent_changelist")).content.decode()

    assert "API key 7" in page
    assert "webhook address 8" in page
    assert ">apikey" not in page
    assert ">hookaddress" not in page


def test_a_long_chain_is_left_to_the_command(auditor, chain, monkeypatch):
    monkeypatch.setattr("campaigns.views.audit.MOST_AT_ONCE", 1)
    chain(2)

    assert "manage.py audit" in said(auditor.post(reverse("audit_check")))


def test_those_who_plan_do_not_see_the_chain(marketer):
    assert marketer.get(reverse("admin:campaigns_auditevent_changelist")).status_code == 403
    assert marketer.post(reverse("audit_check")).status_code == 403


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))

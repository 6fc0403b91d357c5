"""What staff do to a person: suppress, let in again, hand out their data, erase."""

import json

import pytest
from django.contrib.messages import get_messages
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.importing import suppressed
from campaigns.models import Delivery, Notice, Send, Subscriber, SubscriberAction, Suppression
from tests import builders
from tests.views.checking import text

pytestmark = pytest.mark.django_db

ACTIONS = ("subscriber_suppress", "subscriber_lift", "subscriber_export", "subscriber_erase")


def to(name, person):
    return reverse(name, args=[person.pk])


def said(response):
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def delivery_to(person, event, state=Delivery.State.QUEUED, **columns):
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    return builders.make_delivery(send, state, subscriber=person, **columns)


def suppress(client, person, note="she asked"):
    return client.post(to("subscriber_suppress", person), {"note": note})


def erase(client, person, user_id, note="by letter"):
    return client.post(to("subscriber_erase", person), {"user_id": user_id, "note": note})


def test_suppressing_ends_what_waits_and_the_page_says_since_when_by_whom_and_why(
    approver, auditor, ada, event
):
    delivery = delivery_to(ada, event)

    response = suppress(approver, ada, "phoned <us>")

    delivery.refresh_from_db()
    assert said(response).endswith("any more. 1 delivery that waited has ended.")
    assert (delivery.state, delivery.reason) == (Delivery.State.SKIPPED, Delivery.Reason.SUPPRESSED)
    page = text(auditor, to("subscriber_detail", ada))
    assert "Suppressed: nothing is sent to this person." in page
    assert f"by {approver.user}" in page
    assert "because: phoned &lt;us&gt;" in page
    assert f"{approver.user}: suppressed" in page  # and in what happened


def test_a_suppression_is_lifted_with_a_reason_and_both_stay_on_record(approver, auditor, ada):
    suppress(approver, ada)
    assert "Lift the suppression" in text(approver, to("subscriber_detail", ada))

    approver.post(to("subscriber_lift", ada), {"note": "a mistake"})

    ada.refresh_from_db()
    assert (ada.is_suppressed, Suppression.objects.count()) == (False, 0)
    page = text(auditor, to("subscriber_detail", ada))
    assert "suppression lifted" in page
    assert "a mistake" in page


@pytest.mark.parametrize("name", ["subscriber_suppress", "subscriber_lift"])
@pytest.mark.parametrize("note", ["", "   ", "\0"])
def test_without_a_reason_nothing_changes(approver, ada, name, note):
    before = Subscriber.objects.values().get()

    response = approver.post(to(name, ada), {"note": note})

    assert "Say why" in said(response)
    assert Subscriber.objects.values().get() == before
    assert not SubscriberAction.objects.exists()


def test_suppressing_twice_keeps_the_first_reason(approver, ada):
    suppress(approver, ada, "first")
    suppress(approver, ada, "second")

    assert Suppression.objects.get().note == "first"


def test_lifting_what_is_not_suppressed_says_so(approver, ada):
    assert "not suppressed" in said(approver.post(to("subscriber_lift", ada), {"note": "x"}))


def test_whoever_suppresses_is_told_what_stays_on_the_calendar_and_how_to_remove_it(approver, ada, event):
    builders.make_entry(delivery_to(ada, event, Delivery.State.ACCEPTED))

    page = text(approver, to("subscriber_detail", ada))

    assert "1 entry is on their calendar" in page
    assert "How to remove entries" in page


@pytest.mark.parametrize("name", ACTIONS)
def test_somebody_erased_by_another_admin_meanwhile_is_not_found(admin, ada, name, monkeypatch):
    monkeypatch.setattr("campaigns.views.subscribers_actions.found", lambda _pk: ada)
    ada.is_suppressed = name == "subscriber_lift"
    Subscriber.objects.filter(pk=ada.pk).delete()

    assert admin.post(to(name, ada), {"note": "x", "user_id": "user-1"}).status_code == 404
    assert not SubscriberAction.objects.exists()


def test_who_met_somebody_else_at_the_same_rows_erases_at_the_second_try(admin, ada, monkeypatch):
    begin, tries = Subscriber.delete, []

    def ended_by_the_database(person):
        tries.append(person)
        if len(tries) == 1:
            raise OperationalError("deadlock detected")
        return begin(person)

    monkeypatch.setattr(Subscriber, "delete", ended_by_the_database)

    assert "Erased." in said(erase(admin, ada, "user-1"))
    assert len(tries) == 2
    assert SubscriberAction.objects.count() == 1


def test_the_page_of_erasing_gives_the_numbers_and_changes_nothing(admin, ada, event):
    delivery_to(ada, event)

    page = text(admin, to("subscriber_erase", ada))

    assert "<dt>Deliveries that wait, and end</dt> <dd>1</dd>" in page
    assert "It cannot be undone." in page
    assert Subscriber.objects.filter(pk=ada.pk).exists()


@pytest.mark.parametrize("typed", ["", "user-2", "USER-1", "user-1 "])
def test_another_user_id_erases_nobody(admin, ada, typed):
    response = erase(admin, ada, typed)

    assert response.status_code == 422
    assert "Type it exactly as shown" in response.content.decode()
    assert Subscriber.objects.filter(pk=ada.pk).exists()


def test_erasing_needs_a_reason(admin, ada):
    assert "Say why" in erase(admin, ada, "user-1", note=" ").content.decode()
    assert Subscriber.objects.filter(pk=ada.pk).exists()


def test_erasing_leads_to_the_list_and_an_auditor_finds_who_when_and_why(admin, auditor, ada, event):
    delivery_to(ada, event, Delivery.State.ACCEPTED)

    response = erase(admin, ada, "user-1")

    pseudonym = Delivery.objects.get().external_id
    assert response["Location"] == reverse("admin:campaigns_subscriber_changelist")
    assert pseudonym in said(response)
    assert auditor.get(to("subscriber_detail", ada)).status_code == 404
    page = text(auditor, reverse("admin:campaigns_subscriberaction_changelist"), data={"q": pseudonym})
    for word in (pseudonym, "by letter", str(admin.user), "erased"):
        assert word in page
    assert Suppression.objects.get().key == suppressed.key(ada.workspace_id, "user-1")


def test_erasing_waits_for_a_call_on_its_way_and_names_it(admin, ada, event):
    delivery = delivery_to(ada, event, Delivery.State.SENDING)

    response = erase(admin, ada, "user-1")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Wait until it is settled" in page
    assert reverse("delivery_detail", args=[delivery.pk]) in page
    assert Subscriber.objects.filter(pk=ada.pk).exists()


def test_all_data_is_handed_out_as_json_under_readable_names(approver, ada, event):
    delivery = delivery_to(ada, event, Delivery.State.ACCEPTED)
    builders.make_attempt(delivery)
    builders.make_entry(delivery)
    Notice.objects.create(
        account=event.account,
        event_id="n",
        event_type="x",
        body='{"user":"user-1"}',
        received_at=timezone.now(),
    )

    response = approver.post(to("subscriber_export", ada))

    data = json.loads(response.content)
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Disposition"] == 'attachment; filename="person-user-1.json"'
    assert (data["person"]["external_id"], data["person"]["first_name"]) == ("user-1", "Ada")
    assert data["subscriptions"][0]["rokt_id"] == "06423672-b6ba-4536-aa36-70788a7a0a36"
    assert data["subscriptions"][0]["traits"]["calendar_title"] == "Offers"
    assert data["deliveries"][0]["calls"][0]["outcome"] == "accepted"
    assert data["on_the_calendar"][0]["event"] == "Event_0001"
    assert data["webhooks_from_rokt"][0]["body"] == '{"user":"user-1"}'
    assert SubscriberAction.objects.values_list("verb", "by").get() == ("exported", approver.user.pk)


def test_a_user_id_of_any_letters_makes_a_file_name(approver):
    person = builders.make_subscriber('zoë/"x')

    name = approver.post(to("subscriber_export", person))["Content-Disposition"]

    assert name == "attachment; filename*=utf-8''person-zo%C3%AB__x.json"


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("auditor", set()), ("marketer", set()), ("approver", set(ACTIONS[:3])), ("admin", set(ACTIONS))],
)
def test_each_role_does_only_what_is_its_own(ada, role, allowed):
    client = builders.make_client(role)
    before = Subscriber.objects.values().get()

    refused = {name for name in ACTIONS if name not in allowed}

    assert {
        client.post(to(name, ada), {"note": "x", "user_id": "user-1"}).status_code for name in refused
    } <= {403}
    assert Subscriber.objects.values().get() == before
    offered = text(client, to("subscriber_detail", ada))
    assert ("Download all data" in offered) == ("subscriber_export" in allowed)
    assert (to("subscriber_erase", ada) in offered) == ("subscriber_erase" in allowed)


@pytest.mark.parametrize("name", ["subscriber_suppress", "subscriber_lift", "subscriber_export"])
def test_reading_does_nothing(admin, ada, name):
    assert admin.get(to(name, ada)).status_code == 405
    assert not SubscriberAction.objects.exists()


@pytest.mark.parametrize("name", ACTIONS)
def test_strangers_ids_are_not_found(admin, name):
    for pk in (999_999, 10**30):
        assert admin.post(reverse(name, args=[pk]), {"note": "x", "user_id": "x"}).status_code == 404


def test_posts_without_the_token_of_the_form_are_refused(ada):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(builders.make_user("admin"))

    for name in ACTIONS:
        assert careful.post(to(name, ada), {"note": "x", "user_id": "user-1"}).status_code == 403

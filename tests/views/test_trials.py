"""The page of a test: who is offered, what is shown, what leaves, and what is marked as a test afterwards."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Account, Delivery, Event, SavedRecipient, Send
from campaigns.pipeline import compose
from tests import builders
from tests.pipeline import braze_webhook
from tests.views.tried import ADAS, a_test, body

CREATE, UPDATE, CANCEL = Send.Kind.CREATE, Send.Kind.UPDATE, Send.Kind.CANCEL


def url(event, **query):
    return reverse("event_test", args=[event.pk], query=query or None)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def typed(client, event, *recipients, do="send", **more):
    """What the form of the page sends, as it was opened."""
    page = client.get(url(event, **({"kind": more["kind"]} if "kind" in more else {})))
    fields = {"kind": CREATE, "submit_token": str(page.context["token"]), "recipient": recipients, "do": do}
    return {**fields, **more}


def to(person, rokt_id=ADAS):
    return f"{person.pk}/{rokt_id}"


def through(send):
    """Let a test be over, with nobody reached."""
    send.deliveries.update(state=Delivery.State.FAILED)
    Send.objects.filter(pk=send.pk).update(queued_count=0, failed_count=send.queued_count)


def test_an_empty_page_says_what_to_do(marketer, event):
    page = body(marketer.get(url(event)))

    assert "Nobody is saved for tests yet. Find yourself or a colleague" in page
    assert "Choose somebody, and you see here exactly what leaves." in page
    assert "Update the test entries" not in page
    assert 'value="send" disabled' in page


def test_people_are_found_with_their_subscriptions(marketer, event, ada, bob):
    builders.make_subscription(ada, event.account, calendar_title="Sport", method="Google")
    builders.make_subscription(ada, event.account, rokt_id="", calendar_title="Nothing known")
    builders.make_subscription(ada, builders.make_account("other"), calendar_title="Elsewhere")

    page = body(marketer.post(url(event), typed(marketer, event, do="look", find_person="lovelace")))

    assert "Ada Lovelace" in page
    assert ADAS in page
    assert "Sport · Google" in page
    assert "Nothing known" not in page
    assert "Elsewhere" not in page
    assert "bob@example.com" not in page
    assert not Send.objects.exists()


def test_a_search_that_finds_nobody_says_so(marketer, event, ada):
    page = body(marketer.post(url(event), typed(marketer, event, do="look", find_person="zzz <b>")))

    assert "Nobody else in this account has “zzz &lt;b&gt;”" in page


def test_the_call_is_shown_as_it_would_leave(marketer, event, ada, bob):
    page = body(marketer.post(url(event), typed(marketer, event, to(ada), do="look")))

    assert "The call for Ada Lovelace" in page
    assert "https://api.roktcalendar.com/v1/subscriptionevent/shop" in page
    assert "Event_0001_user-1" in page
    assert "Send the test to 1 person" in page
    assert "1 person is chosen." in page
    assert f'value="{to(ada)}" checked' in page


def test_why_there_is_no_call_is_shown(marketer, event, ada):
    Event.objects.update(title="{{custom_attribute.${nothing}}}")

    page = body(marketer.post(url(event), typed(marketer, event, to(ada), do="look")))

    assert "Nothing would be sent to Ada Lovelace:" in page


def test_the_test_is_sent_and_its_page_opens(marketer, event, ada, bob):
    response = marketer.post(url(event), typed(marketer, event, to(ada)))

    send = Send.objects.get()
    assert response.url == reverse("send_detail", args=[send.pk])
    assert said(response) == [f"Test #{send.pk} is on its way."]
    assert (send.is_test, send.state, send.created_by) == (True, Send.State.SENDING, marketer.user)
    assert [(row.subscriber, row.subscriptions) for row in send.deliveries.all()] == [(ada, f"0:{ADAS}")]
    assert not SavedRecipient.objects.exists()
    assert "This is a test." in body(marketer.get(response.url))


def test_the_same_form_twice_is_one_test(marketer, event, ada):
    form = typed(marketer, event, to(ada))
    marketer.post(url(event), form)

    response = marketer.post(url(event), form)

    send = Send.objects.get()
    assert response.url == reverse("send_detail", args=[send.pk])
    assert f"as test #{send.pk}; nothing goes out twice." in said(response)[-1]


def test_an_older_page_sends_its_own_choice(marketer, event, ada, bob):
    opened = typed(marketer, event)
    marketer.post(url(event), opened | {"recipient": [to(ada)]})
    through(Send.objects.get())

    bobs = to(bob, bob.subscriptions.get().rokt_id)
    for _twice in range(2):
        response = marketer.post(url(event), opened | {"recipient": [bobs]})

    newest = Send.objects.latest("pk")
    assert response.url == reverse("send_detail", args=[newest.pk])
    assert Send.objects.count() == 2
    assert [row.subscriber for row in newest.deliveries.all()] == [bob]


def test_another_subscription_is_another_choice(marketer, event, ada):
    second = builders.make_subscription(ada, event.account)
    opened = typed(marketer, event)
    for chosen in ([to(ada)], [to(ada, second.rokt_id)], [to(ada, second.rokt_id), to(ada)]):
        marketer.post(url(event), opened | {"recipient": chosen})
        through(Send.objects.latest("pk"))
    marketer.post(url(event), opened | {"recipient": [to(ada), to(ada, second.rokt_id)]})

    assert Send.objects.count() == 3


def test_the_same_choice_of_a_changed_event_is_another_test(marketer, event, ada):
    opened = typed(marketer, event, to(ada))
    marketer.post(url(event), opened)
    through(Send.objects.get())
    compose.save_event(Event.objects.get(), expected_version=1)

    marketer.post(url(event), opened)

    assert Send.objects.count() == 2


def test_test_again_is_a_new_test_of_the_same_choice(marketer, event, ada):
    marketer.post(url(event), typed(marketer, event, to(ada)))
    first = Send.objects.get()
    through(first)

    page = marketer.get(url(event, again=first.pk))
    again = {"kind": CREATE, "submit_token": str(page.context["token"]), "do": "send"}
    marketer.post(url(event), again | {"recipient": [to(ada)]})

    assert Send.objects.count() == 2


def test_recipients_are_saved_offered_and_dropped(marketer, event, ada, bob):
    marketer.post(url(event), typed(marketer, event, to(ada), save="on"))
    kept = SavedRecipient.objects.get()
    assert (kept.subscriber, kept.rokt_id, kept.saved_by) == (ada, ADAS, marketer.user)

    page = body(marketer.get(url(event)))
    assert "Saved for tests" in page
    assert f'value="{to(ada)}" >' in page
    page = body(marketer.post(url(event), typed(marketer, event, do="", drop=str(kept.pk))))

    assert not SavedRecipient.objects.exists()
    assert "Saved for tests" not in page
    assert Send.objects.count() == 1


def test_who_may_not_drop_recipients_has_no_button_and_no_way(event, ada):
    kept = SavedRecipient.objects.create(account=event.account, subscriber=ada, rokt_id=ADAS)
    client = builders.make_client("")
    client.user.user_permissions.add(  # type: ignore[attr-defined]  # the builder has put it there
        *Permission.objects.filter(
            codename__in=["view_send", "add_send"], content_type__app_label="campaigns"
        )
    )

    page = body(client.get(url(event)))
    assert 'name="drop"' not in page
    assert 'name="save"' not in page
    assert client.post(url(event), typed(client, event, drop=str(kept.pk))).status_code == 403
    assert client.post(url(event), typed(client, event, to(ada), save="on")).status_code == 302
    assert SavedRecipient.objects.get() == kept


def test_a_saved_subscription_that_is_gone_can_only_be_dropped(marketer, event, ada):
    builders.make_subscription(ada, event.account)
    SavedRecipient.objects.create(account=event.account, subscriber=ada, rokt_id=ADAS)
    ada.subscriptions.filter(rokt_id=ADAS).delete()

    assert "The saved subscription is not known any more." in body(marketer.get(url(event)))


def test_those_who_really_have_it_cannot_be_chosen(marketer, event, ada):
    real = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_entry(builders.make_delivery(real, subscriber=ada))
    SavedRecipient.objects.create(account=event.account, subscriber=ada, rokt_id=ADAS)

    page = body(marketer.get(url(event)))
    assert f"Ada Lovelace already has this event from send #{real.pk}" in page
    assert '<fieldset class="tr-person" disabled>' in page
    page = body(marketer.post(url(event), typed(marketer, event, to(ada))))

    assert "a test would change the real entry. Choose somebody else." in page
    assert Send.objects.count() == 1


def test_somebody_who_has_left_cannot_be_chosen(marketer, event, ada):
    SavedRecipient.objects.create(account=event.account, subscriber=ada, rokt_id=ADAS)
    ada.is_active = False
    ada.save()

    assert "Not active any more." in body(marketer.get(url(event)))


def test_a_webhook_goes_to_all_subscriptions_of_a_person(marketer, event, ada):
    second = builders.make_subscription(ada, event.account)
    ada.attributes = {
        "rokt:account_code": ["shop/70788a7a0a36"],
        "rokt:subscription_id": [ADAS, second.rokt_id],
    }
    ada.save()
    braze_webhook.use(event)

    page = body(marketer.post(url(event), typed(marketer, event, to(ada, ""), do="look")))
    assert "Through the webhook: all 2 subscriptions of this account" in page
    assert second.rokt_id in page
    response = marketer.post(url(event), typed(marketer, event, to(ada, ""), save="on"))

    assert response.status_code == 302
    assert Delivery.objects.get().subscriptions == f"0:{ADAS} 1:{second.rokt_id}"
    assert SavedRecipient.objects.count() == 2


def test_test_entries_are_updated_and_removed_from_the_same_page(marketer, event, ada):
    a_test(event, ada)
    Event.objects.update(title="Winter sale")

    page = body(marketer.get(url(event, kind=UPDATE)))
    assert "They have a test entry" in page
    assert "/update" in page
    assert f'value="{to(ada, "")}" checked' in page
    assert "Remove it from 1 calendar" in body(marketer.get(url(event, kind=CANCEL)))
    marketer.post(url(event), typed(marketer, event, to(ada, ""), kind=UPDATE))

    update = Send.objects.get(kind=UPDATE)
    assert update.is_test
    assert update.deliveries.get().subscriptions == f"0:{ADAS}"


def test_an_update_without_test_entries_is_no_page_and_no_send(marketer, event, ada):
    assert body(marketer.get(url(event, kind=UPDATE))).count('name="kind" value="create"') == 1

    page = body(marketer.post(url(event), typed(marketer, event, to(ada, "")) | {"kind": UPDATE}))

    assert "no test entry is left" in page
    assert "Send a new event as a test first." in page
    assert not Send.objects.exists()


def test_a_test_is_sent_again_to_the_same_people(marketer, event, ada):
    send = a_test(event, ada)

    page = body(marketer.get(url(event, again=send.pk)))

    assert f'value="{to(ada)}" checked' in page
    assert f"Test #{send.pk}, new event" in page


def test_what_a_test_left_is_removed_by_a_button(marketer, event, ada, bob):
    send = a_test(event, ada)
    assert "Remove the test entries" in body(marketer.get(reverse("send_detail", args=[send.pk])))

    response = marketer.post(reverse("send_remove_test", args=[send.pk]))

    removal = Send.objects.get(kind=CANCEL)
    assert response.url == reverse("send_detail", args=[removal.pk])
    assert removal.is_test
    assert [row.subscriber for row in removal.deliveries.all()] == [ada]
    response = marketer.post(reverse("send_remove_test", args=[send.pk]))
    assert "on its way" in said(response)[-1]
    assert Send.objects.filter(kind=CANCEL).count() == 1


def test_where_nothing_is_left_nothing_is_removed(marketer, event, ada):
    send = a_test(event, ada, Delivery.State.FAILED)
    assert "Remove the test entries" not in body(marketer.get(reverse("send_detail", args=[send.pk])))

    response = marketer.post(reverse("send_remove_test", args=[send.pk]))

    assert said(response) == ["Nobody has a test entry from this test any more."]


def test_a_real_send_is_not_removed_as_a_test(marketer, event, ada):
    real = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())

    assert marketer.post(reverse("send_remove_test", args=[real.pk])).status_code == 404


def test_readers_see_the_tests_and_nothing_to_click(auditor, event, ada):
    send = a_test(event, ada)

    page = body(auditor.get(url(event)))
    assert f"Test #{send.pk}" in page
    assert 'name="do"' not in page
    assert "Remove the test entries" not in body(auditor.get(reverse("send_detail", args=[send.pk])))
    assert auditor.post(url(event), {"do": "send"}).status_code == 403
    assert auditor.post(reverse("send_remove_test", args=[send.pk])).status_code == 403
    assert "Send a test" not in body(auditor.get(reverse("event_edit", args=[event.pk])))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipient": []}, "Choose at least one person."),
        ({"recipient": ["abc/def"]}, "That choice is not understood."),
        ({"recipient": ["999999999/x"]}, "is not known any more"),
        ({"recipient": ["1/" + "x" * 37]}, "That choice is not understood."),
        ({"recipient": ["1/\0"]}, "That choice is not understood."),
        ({"recipient": ["99999999999999999999/x"]}, "That choice is not understood."),
        ({"submit_token": "nonsense"}, "The page was incomplete."),
        ({"submit_token": ""}, "The page was incomplete."),
        ({"kind": "delete"}, "no test entry is left"),
        ({"find_person": "x" * 101}, "at most 100"),
    ],
)
def test_bad_input_is_answered_and_sends_nothing(changes, words, marketer, event, ada):
    page = body(marketer.post(url(event), typed(marketer, event, to(ada)) | changes))

    assert words in page
    assert not Send.objects.exists()


@pytest.mark.parametrize("drop", ["abc", "-1", "99999999", "9" * 30])
def test_dropping_what_is_not_there_does_nothing(drop, marketer, event):
    assert marketer.post(url(event), typed(marketer, event, do="", drop=drop)).status_code == 200


def test_what_keeps_a_test_back_is_said_before_it_is_sent(marketer, admin, event, ada):
    Account.objects.update(client_secret="")
    Event.objects.update(title="")

    page = body(marketer.get(url(event)))
    assert "The account has no client secret yet. An admin has to mend this." in page
    assert reverse("event_edit", args=[event.pk]) in page
    assert reverse("admin:campaigns_account_change", args=[event.account_id]) in body(admin.get(url(event)))


def test_a_real_send_on_its_way_is_named_with_a_link(marketer, event, ada):
    real = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    builders.make_delivery(real, Delivery.State.QUEUED, subscriber=ada, due_at=timezone.now())

    page = body(marketer.get(url(event)))

    assert f"Send #{real.pk} of this event is on its way." in page
    assert reverse("send_detail", args=[real.pk]) in page


def test_an_event_without_a_zone_is_mended_first(marketer, event):
    Event.objects.update(timezone="Nowhere")

    response = marketer.get(url(event))

    assert response.url == reverse("event_edit", args=[event.pk])


def test_no_event_no_page(marketer):
    assert marketer.get(reverse("event_test", args=[4711])).status_code == 404


def test_the_way_to_a_test_is_on_the_pages_before_a_send(marketer, event, ada):
    for address in (
        reverse("event_edit", args=[event.pk]),
        reverse("campaign_detail", args=[event.campaign_id]),
        reverse("send_review", args=[event.pk, CREATE]),
    ):
        assert url(event) in body(marketer.get(address))


def test_a_token_of_another_event_is_no_test_of_that_event(marketer, event, ada):
    other = builders.make_send(builders.make_event(), submit_token=uuid4())

    response = marketer.post(
        url(event), typed(marketer, event, to(ada)) | {"submit_token": str(other.submit_token)}
    )

    assert response.url == reverse("send_detail", args=[event.sends.get().pk])

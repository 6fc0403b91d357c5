"""The page of one person: what it says of them, their subscriptions, their calendar, and what happened."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import (
    Attempt,
    Delivery,
    Entry,
    Subscriber,
    SubscriberAction,
    SubscriberEvent,
    Subscription,
    SubscriptionStatus,
)
from campaigns.reports import person as reports
from tests import builders
from tests.inbound.rokt_says import entry, subscribe, told
from tests.views.checking import HTMX, text

pytestmark = pytest.mark.django_db

BODY = (
    '{"eventId":"Event_0001_user-1","title":"Hello Ada","description":"","location":"Main hall",'
    '"start":"2027-02-21T15:00:00","end":"2027-02-21T16:00:00","timezone":"Eastern Standard Time",'
    '"notifyBefore":"15"}'
)


def detail(person):
    return reverse("subscriber_detail", args=[person.pk])


def timeline(person):
    return reverse("subscriber_timeline", args=[person.pk])


def received(person, event, **columns):
    send = builders.make_send(event, state="sending", started_at=timezone.now())
    delivery = builders.make_delivery(send, subscriber=person)
    builders.make_attempt(delivery)
    return builders.make_entry(delivery, body=BODY, **columns)


def test_the_list_leads_to_the_page_with_the_standing(auditor, ada):
    page = text(auditor, reverse("admin:campaigns_subscriber_changelist"))

    assert detail(ada) in page
    assert "active" in page


@pytest.mark.parametrize("name", ["detail", "timeline", "why", "erase"])
def test_pages_about_a_person_are_not_kept_by_the_browser(admin, ada, name):
    more = [builders.make_segment().pk] if name == "why" else []

    response = admin.get(reverse(f"subscriber_{name}", args=[ada.pk, *more]))

    assert "no-store" in response.headers.get("Cache-Control", "")


def test_the_head_says_who_it_is(auditor, ada):
    Subscriber.objects.filter(pk=ada.pk).update(random_bucket=4711, subscribed_at="2026-01-02T03:04:00Z")

    page = text(auditor, detail(ada))

    for word in (
        "Ada Lovelace",
        "user-1",
        "ada@example.com",
        ada.workspace.name,
        "4711",
        "2026-01-02 03:04 UTC",
    ):
        assert word in page
    assert "Events may be sent to this person." in page


def test_somebody_who_left_is_said_to_have_left_and_when(auditor, ada):
    Subscriber.objects.filter(pk=ada.pk).update(is_active=False, left_at="2026-05-06T07:08:00Z")

    page = text(auditor, detail(ada))

    assert "Left Braze's segment on 2026-05-06 07:08 UTC" in page
    assert "Events may be sent" not in page


def test_subscriptions_stand_side_by_side_and_what_differs_is_marked_in_words(auditor, ada, account):
    builders.make_subscription(ada, account, calendar_title="News", tags=["VIP"], method="google", rokt_id="")

    page = text(auditor, detail(ada))

    assert "2 subscriptions" in page
    assert "VIP" in page
    rows = {row.label: row.differs for row in auditor.get(detail(ada)).context["table"]}
    assert (rows["Calendar"], rows["Tags"], rows["Account code"]) == (True, True, False)
    assert 'Calendar<span class="ca-hidden"> (differs)</span>' in page
    assert "Account code<span" not in page


def test_a_subscription_without_an_id_says_why_no_event_can_reach_it(auditor, ada, account):
    Subscription.objects.filter(subscriber=ada).update(rokt_id="", suffix="0123456789ab")

    page = text(auditor, detail(ada))

    assert "not linked" in page
    assert "none of them belongs to “0123456789ab” for certain" in page


def test_what_rokt_told_of_a_subscription_is_shown(auditor, ada):
    Subscription.objects.filter(subscriber=ada).update(
        subscribed_at="2026-01-01T00:00:00Z", ended_at="2026-02-02T00:00:00Z"
    )

    page = text(auditor, detail(ada))

    assert "2026-01-01 00:00 UTC" in page
    assert 'ended</span> <span class="ca-mute">2026-02-02 00:00 UTC' in page


def test_attributes_are_shown_as_braze_holds_them_and_never_as_markup(auditor, ada):
    Subscriber.objects.filter(pk=ada.pk).update(attributes={"likes": ["<b>blue", "schön"]})

    page = text(auditor, detail(ada))

    assert "&quot;likes&quot;: [ &quot;&lt;b&gt;blue&quot;, &quot;schön&quot; ]" in page


def test_entries_are_drawn_as_the_person_sees_them(auditor, ada, event):
    entry = received(ada, event, confirmed_at=timezone.now())

    page = text(auditor, detail(ada))

    assert "Hello Ada" in page
    assert "Sun 2027-02-21 20:00" in page  # in London
    assert "Main hall" in page
    assert reverse("delivery_detail", args=[entry.delivery_id]) in page


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"title": 1}', BODY.replace("Eastern", "Nowhere")])
def test_an_entry_that_cannot_be_drawn_is_named(auditor, ada, event, body):
    entry = received(ada, event, state=Entry.State.DROPPED)
    Entry.objects.filter(pk=entry.pk).update(body=body)

    page = text(auditor, detail(ada))

    assert "<h3>Summer sale</h3>" in page
    assert "taken off by the person" in page


def test_the_timeline_tells_everything_newest_first(auditor, ada, event, account):
    at = timezone.now() + timedelta(minutes=1)
    entry = received(ada, event, confirmed_at=at)
    Attempt.objects.update(opened_at=at - timedelta(seconds=20))
    Delivery.objects.update(changed_at=at - timedelta(seconds=10))
    SubscriberEvent.objects.create(subscriber=ada, name="subscribe", at=at + timedelta(hours=1), key="k")
    SubscriptionStatus.objects.create(
        rokt_id="r", account=account, subscriber=ada, told_at=at + timedelta(hours=2), ended_at=at
    )

    items = auditor.get(timeline(ada)).context["timeline"].items

    assert [item.title for item in items] == [
        "Rokt told of a subscription",
        "Event “subscribe”",
        "Seen on the calendar: “Hello Ada”",
        "new event: “Hello Ada”",
        "Call 1 to Rokt: create",
        "First seen in Braze's data",
    ]
    assert items[3].url == reverse("delivery_detail", args=[entry.delivery_id])


def test_the_timeline_shows_titles_as_the_person_saw_them_and_none_in_liquid(auditor, ada, event):
    event.title = "Hi {{${first_name}}}{% if true %}!{% endif %}"
    event.save()
    received(ada, event, confirmed_at=timezone.now())
    later = builders.make_event(event.campaign, title=event.title)
    builders.make_delivery(builders.make_send(later), Delivery.State.FAILED, subscriber=ada)

    titles = {item.title for item in auditor.get(timeline(ada)).context["timeline"].items}

    assert {
        "new event: “Hello Ada”",
        "Seen on the calendar: “Hello Ada”",
        "new event: “Hi … !”",
    } <= titles
    assert not any("{" in title for title in titles)


def test_the_timeline_tells_which_webhooks_of_rokt_were_about_the_person(auditor, ada, account, event):
    received(ada, event)
    Attempt.objects.update(opened_at=timezone.now() - timedelta(minutes=1))
    told(account, subscribe(subscriber_id=ada.external_id), subscribe("x", subscriber_id="somebody"))
    told(account, entry("SubscriptionEventAdded", f"{event.event_id}_{ada.external_id}"))

    titles = [item.title for item in auditor.get(timeline(ada)).context["timeline"].items]

    assert titles.count("Rokt's webhook “Subscribe”") == 1
    assert titles.count("Rokt's webhook “SubscriptionEventAdded”") == 1


def test_pages_of_the_timeline_show_everything_once_even_at_one_moment(auditor, ada, event):
    at = timezone.now()
    for number in range(45):
        SubscriberEvent.objects.create(subscriber=ada, name=f"e{number}", at=at, key=str(number))
        SubscriberAction.objects.create(subscriber=ada, verb="exported", note=f"a{number}")
    SubscriberAction.objects.update(at=at)
    received(ada, event)

    seen, after = [], ""
    for _page in range(4):
        page = reports.timeline(ada, after=after)
        seen += [(item.rank, item.pk) for item in page.items]
        after = page.after
        if not after:
            break

    assert (len(seen), len(set(seen)), after) == (93, 93, "")


def test_older_things_come_as_rows_where_the_page_asks_for_them(auditor, ada):
    for number in range(reports.PAGE_SIZE + 5):
        SubscriberEvent.objects.create(subscriber=ada, name=f"e{number}", at=timezone.now(), key=str(number))

    first = auditor.get(detail(ada)).context["timeline"]
    rest = text(auditor, f"{timeline(ada)}?after={first.after.replace('+', '%2B')}", **HTMX)

    assert "“e0”" in rest
    assert "<html" not in rest
    assert "What was before" not in rest


@pytest.mark.parametrize(
    "after", ["x", "~~", "2026-01-01~1~1", "2026-01-01T00:00:00+00:00~1~" + "9" * 40, "\0"]
)
def test_a_place_in_the_timeline_that_is_none_is_not_found(auditor, ada, after):
    assert auditor.get(timeline(ada), {"after": after}).status_code == 404


def test_the_page_asks_the_same_few_questions_however_much_there_is(
    auditor, ada, bob, event, account, django_assert_max_num_queries
):
    for _number in range(12):
        received(ada, builders.make_event(event.campaign))
        SubscriberEvent.objects.create(
            subscriber=ada, name="x", at=timezone.now(), key=f"k{Subscription.objects.count()}"
        )
        builders.make_subscription(ada, account, tags=["VIP", "Tea"])
    auditor.get(detail(bob))

    with django_assert_max_num_queries(30) as few:
        auditor.get(detail(bob))
    with django_assert_max_num_queries(30) as many:
        auditor.get(detail(ada))

    assert len(many) <= len(few) + 1  # what the twelve webhooks of others say, at most


def test_reading_changes_nothing_and_offers_auditors_nothing(auditor, ada, event):
    received(ada, event)
    before = Subscriber.objects.values().get()

    page = text(auditor, detail(ada))

    assert Subscriber.objects.values().get() == before
    for name in ("subscriber_suppress", "subscriber_export", "subscriber_erase", "subscriber_lift"):
        assert reverse(name, args=[ada.pk]) not in page


@pytest.mark.parametrize("name", ["subscriber_detail", "subscriber_timeline", "subscriber_why_choose"])
def test_strangers_ids_are_not_found(auditor, name):
    for pk in (0, 999_999, 10**30):
        assert auditor.get(reverse(name, args=[pk])).status_code == 404

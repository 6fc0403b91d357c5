"""Who joined, left or stayed since a moment, and why."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap64

from campaigns.models import Send, Snapshot, Subscriber, Subscription
from campaigns.templatetags.moments import utc
from tests import builders
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

AUSTRALIA = {"match": "all", "rules": [{"field": "country_code", "op": "is_any_of", "values": ["AU"]}]}


def remembered(segment, *people, version=1, **columns):
    ids = BitMap64(person if isinstance(person, int) else person.pk for person in people)
    given = {
        "taken_at": timezone.now(),
        "cause": "saved",
        "people": ids.serialize(),
        "people_count": len(ids),
        "version": version,
    }
    return Snapshot.objects.create(segment=segment, **{**given, **columns})


def drift(client, segment, **asked):
    response = client.get(reverse("segment_drift", args=[segment.pk]), asked)
    assert response.status_code == 200
    return response


def counts(response):
    return {tab.key: tab.people_count for tab in response.context["tabs"]}


@pytest.fixture
def aussies(people):
    """A segment in which a and b are, and c is not."""
    return builders.make_segment(AUSTRALIA, name="Aussies")


def person(user_id):
    return Subscriber.objects.get(external_id=user_id)


def test_joined_left_and_stayed_are_told_with_the_reason(marketer, aussies):
    later = timezone.now() + timedelta(minutes=1)
    kept = remembered(aussies, person("b"), person("c"), 999_999, taken_at=later)

    joined = drift(marketer, aussies)

    assert f"Compared with now: {utc(later)} · " in text_of(joined)
    assert counts(joined) == {"joined": 1, "left": 2, "stayed": 1}
    assert "A a country code is “AU” (is: “AU”) every condition" in text_of(joined)
    left = text_of(drift(marketer, aussies, since=f"snapshot-{kept.pk}", show="left"))
    assert "C c not so: country code is “AU” (is: “AT”)" in left
    assert "not here any more" in left
    assert "B b every condition" in text_of(drift(marketer, aussies, show="stayed"))


def test_people_who_are_new_or_may_receive_no_more_are_told_apart(marketer, aussies):
    remembered(aussies, person("b"))
    builders.make_subscription(builders.make_subscriber("new"), country_code="AU")
    Subscriber.objects.filter(external_id="b").update(is_active=False)
    Subscription.objects.filter(subscriber__external_id="b").update(is_live=False)

    assert "new First seen here since then." in text_of(drift(marketer, aussies, show="joined"))
    assert "This person is no longer active." in text_of(drift(marketer, aussies, show="left"))


def test_a_person_whose_subscriptions_fit_only_together_is_told_so(marketer, account):
    rule = {
        "match": "all",
        "rules": [*AUSTRALIA["rules"], {"field": "source", "op": "is_any_of", "values": ["x"]}],
    }
    segment = builders.make_segment(rule)
    ada = builders.make_subscriber("ada")
    builders.make_subscription(ada, account, country_code="AU")
    builders.make_subscription(ada, account, source="x")
    remembered(segment, ada)

    assert "No one subscription fits all of it." in text_of(drift(marketer, segment, show="left"))


def test_a_send_is_a_moment_of_its_account(marketer, aussies, event):
    send = builders.make_send(event, segment=aussies, state=Send.State.SENDING, started_at=timezone.now())
    builders.make_delivery(send, subscriber=person("c"))
    builders.make_subscription(builders.make_subscriber("d"), None, account_code="other", country_code="AU")

    response = drift(marketer, aussies, since=f"send-{send.pk}")

    assert counts(response) == {"joined": 2, "left": 1, "stayed": 0}
    assert "Only subscriptions to the account “shop” count here" in text_of(response)
    assert f"send #{send.pk} Summer sale · 1 person" in text_of(response)


def test_a_rule_that_has_changed_since_is_told(marketer, aussies):
    remembered(aussies, version=7)

    assert "The rule has changed since: then it was version 7." in text_of(drift(marketer, aussies))


def test_many_people_come_in_pages(marketer, aussies):
    for number in range(30):
        builders.make_subscription(builders.make_subscriber(f"x{number}"), country_code="AU")
    remembered(aussies)

    first = drift(marketer, aussies)
    second = drift(marketer, aussies, after=first.context["next"])

    seen = [row.person.external_id for page in (first, second) for row in page.context["people"]]
    assert seen == ["a", "b", *(f"x{number}" for number in range(30))]
    assert not second.context["next"]


def test_nothing_to_compare_with_is_said(marketer, aussies):
    assert "Nothing to compare with yet" in text_of(drift(marketer, aussies))


@pytest.mark.parametrize(
    "since", ["snapshot-99", "send-99", "x", "snapshot-", "send-x", "snapshot-" + "9" * 30]
)
def test_a_moment_that_is_none_is_not_found(marketer, aussies, since):
    assert marketer.get(reverse("segment_drift", args=[aussies.pk]), {"since": since}).status_code == 404


def test_a_rule_that_cannot_be_read_is_told(marketer, aussies):
    remembered(aussies)
    aussies.rule = {"match": "all", "rules": [{"segment": 999}]}
    aussies.save()

    assert "there is no such segment any more." in text_of(drift(marketer, aussies))


def test_who_is_in_it_now_is_remembered_by_hand(marketer, auditor, aussies):
    address = reverse("segment_drift", args=[aussies.pk])

    response = marketer.post(address, {"do": "remember"}, follow=True)

    assert "Remembered: 2 people are in it now." in text_of(response)
    assert counts(response) == {"joined": 0, "left": 0, "stayed": 2}
    assert Snapshot.objects.get().taken_by == marketer.user
    assert auditor.post(address, {"do": "remember"}).status_code == 403

"""A template that has changed after an event was made from it: shown, taken over beside the own text, or not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Event, EventWebhook
from campaigns.pipeline import compose
from tests import builders
from tests.pipeline.braze_webhook import BODY, URL
from tests.views.pasted import HEADERS, ONE, edit, raw_event, subscriber
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(account):
    return subscriber(account, "user-1", "Ada", ONE)


# a newer version of the template


@pytest.fixture
def template(admin):
    return builders.make_webhook_template(
        name="House style", url=URL, headers=[line.split(": ", 1) for line in HEADERS.split("\n")], body=BODY
    )


@pytest.fixture
def made(campaign, ada, template):
    """An event made from the first version of a template that has a second one."""
    event = raw_event(campaign)
    event.webhooks.update(origin=template.versions.get())
    newer = BODY.replace('"title": "{{eventTitle}}"', '"title": "{{eventTitle}} (new)"')
    builders.make_version(template, url=URL, headers=template.versions.get().headers, body=newer)
    return event


def origin_of(hook):
    assert hook.origin is not None
    return hook.origin.number


def newer(event, kind="create"):
    return f"{reverse('event_webhook_newer', args=[event.pk])}?kind={kind}"


def decide(client, event, do, **changes):
    data = {"do": do, "version": event.version, "newest": 2} | changes
    return client.post(newer(event), data, follow=True)


def test_a_newer_version_is_told_where_the_event_is(marketer, made):
    assert "has changed since (version 2, yours is 1)" in text_of(marketer.get(edit(made)))
    campaign_page = marketer.get(reverse("campaign_detail", args=[made.campaign_id]))
    assert "“House style” has changed since (version 2, yours is 1)" in text_of(campaign_page)
    assert newer(made) in campaign_page.content.decode()


def test_the_change_is_shown_and_taken_over_beside_what_the_event_says(marketer, made, template):
    said = text_of(marketer.get(newer(made)))
    assert "“House style” is at version 2 now; this event was made from version 1." in said
    assert "{{eventTitle}} (new)" in said

    assert "is taken over" in text_of(decide(marketer, made, "take"))

    hook = EventWebhook.objects.get()
    assert '"title": "{{eventTitle}} (new)"' in hook.body
    assert "{% capture eventTitle %}Summer sale{% endcapture %}" in hook.body
    assert hook.origin == template.versions.get(number=2)
    assert Event.objects.get().title == "Summer sale (new)"
    assert "The template says nothing newer." in text_of(marketer.get(newer(made), follow=True))


def test_the_text_can_be_kept(marketer, made, template):
    before = EventWebhook.objects.get().body

    assert "The event keeps its text." in text_of(decide(marketer, made, "keep"))

    hook = EventWebhook.objects.get()
    assert (hook.body, origin_of(hook)) == (before, 2)
    assert Event.objects.get().title == "Summer sale"


def test_where_both_have_changed_the_event_keeps_its_own_and_says_so(marketer, made, template):
    clash = BODY.replace("Event Title", "House title")
    builders.make_version(template, url=URL, headers=template.versions.first().headers, body=clash)

    said = text_of(marketer.get(newer(made)))

    assert "both the template and the event have changed" in said
    assert "House title" in said
    decide(marketer, made, "take", newest=3)
    assert "Summer sale" in EventWebhook.objects.get().body


def test_a_change_that_would_break_the_event_is_not_taken(marketer, made, template):
    broken = BODY.replace('"timezone"', '"zone"')
    builders.make_version(template, url=URL, headers=template.versions.first().headers, body=broken)

    said = text_of(decide(marketer, made, "take", newest=3))

    assert "Not taken over, because then: No event can be read from it." in said
    assert origin_of(EventWebhook.objects.get()) == 1


def test_a_decision_about_an_older_version_or_event_changes_nothing(marketer, made):
    assert "The template has changed once more meanwhile." in text_of(
        decide(marketer, made, "take", newest=1)
    )
    stale = decide(marketer, made, "keep", version=7)
    assert "Somebody else has changed this event since you opened it." in text_of(stale)
    assert origin_of(EventWebhook.objects.get()) == 1


def test_without_origin_or_webhook_nothing_is_newer(marketer, campaign, ada):
    event = raw_event(campaign)

    for kind in ("create", "update"):
        response = marketer.get(newer(event, kind), follow=True)
        assert "The template says nothing newer." in text_of(response)


def test_an_auditor_sees_the_change_and_decides_nothing(auditor, made):
    response = auditor.get(newer(made))
    assert "Take the change" not in text_of(response)
    assert decide(auditor, made, "take").status_code == 403


def test_more_events_take_no_more_queries(marketer, made, template):
    address = reverse("campaign_detail", args=[made.campaign_id])

    def count():
        with CaptureQueriesContext(
            connection,
        ) as found:
            marketer.get(address)
        return len(found)

    count()
    before = count()
    hook = EventWebhook.objects.get()
    for _time in range(3):
        copy = compose.duplicate_event(made)
        copy.webhooks.update(origin=hook.origin)
    assert marketer.get(address).content.decode().count("has changed since") == 4
    assert count() == before

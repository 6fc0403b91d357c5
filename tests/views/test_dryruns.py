"""Everybody checked before a send, on the page before it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import DryRun, DryRunCause, Event, Send
from campaigns.pipeline import dryrun
from tests import builders
from tests.views.checking import HTMX, NAMED, UPDATE, check, checked, draft, failing, form, review, text

pytestmark = pytest.mark.usefixtures("published")


def test_an_unchecked_page_starts_the_check_by_itself_and_offers_a_button(marketer, event, three_people):
    page = text(marketer, review(event))

    assert "Nothing has been checked yet" in page
    assert 'hx-trigger="submit, load"' in page
    assert "Check everybody now" in page
    assert 'type="submit" disabled' in page
    assert "It can be sent as soon as everybody has been checked." in page


def test_readers_see_the_state_and_start_nothing(auditor, event, three_people, published):
    page = text(auditor, review(event))

    assert "Nothing has been checked yet" in page
    assert "Check everybody now" not in page
    assert "load" not in page.split('id="everybody"')[1].split("</section>")[0]
    assert auditor.post(check(event)).status_code == 403
    assert not DryRun.objects.exists()
    assert "All 3 people can be sent to." in (checked(event) and text(auditor, review(event)))


def test_a_send_that_is_kept_back_anyway_does_not_start_the_check_by_itself(marketer, event):
    page = text(marketer, review(event))

    assert "Nobody in this account matches the audience." in page
    assert 'hx-trigger="submit"' in page
    assert "Check everybody now" in page


def test_without_javascript_the_button_starts_the_check_and_comes_back(
    marketer, event, three_people, published
):
    response = marketer.post(check(event))

    job = DryRun.objects.get()
    assert response["Location"] == review(event)
    assert (job.state, job.created_by, published) == ("waiting", marketer.user, [job.pk])
    page = text(marketer, review(event))
    assert "It starts as soon as a worker is free." in page
    assert f'hx-get="{check(event)}"' in page
    assert "See how far it is" in page
    assert marketer.get(check(event))["Location"] == review(event)


def test_two_tabs_a_double_click_and_a_reload_are_one_check(marketer, event, three_people):
    for _ in range(3):
        marketer.post(check(event), {"auto": "1"}, **HTMX)
        marketer.post(check(event))

    assert DryRun.objects.count() == 1


def test_a_page_that_begins_by_itself_never_repeats_a_check(marketer, event, three_people, published):
    checked(event)

    marketer.post(check(event), {"auto": "1"}, **HTMX)
    assert (DryRun.objects.count(), published) == (1, [])

    marketer.post(check(event), **HTMX)
    assert DryRun.objects.count() == 2


def test_a_check_under_way_shows_numbers_and_leaves_the_rest_of_the_page_alone(marketer, event, three_people):
    Event.objects.update(title=NAMED)
    job = dryrun.ask(draft(event), by=None)
    at = timezone.now()
    DryRun.objects.update(
        state="running",
        started_at=at - timedelta(seconds=10),
        moved_at=at,
        people_count=4_000,
        ready_count=990,
        failing_count=10,
    )

    page = text(marketer, check(event), **HTMX)

    assert "1,000 <small> of 4,000 checked, 25 % </small>" in page
    assert 'aria-valuenow="25"' in page
    assert "30 s" in page
    assert 'hx-trigger="every 1s"' in page
    assert "hx-swap-oob" not in page
    assert "<html" not in page
    assert dryrun.ask(draft(event), by=None) == job


def test_a_check_that_ends_brings_the_button_and_keeps_the_form(marketer, event, three_people):
    checked(event, by=marketer.user)

    page = text(marketer, check(event), **HTMX)

    assert "All 3 people can be sent to." in page
    assert f"by {marketer.user}." in page
    assert '<div id="choice" hx-swap-oob="true">' in page
    assert 'type="submit" disabled' not in page
    assert "Send to 3 people" in page
    assert 'name="when"' not in page
    assert "every 1s" not in page


def test_readers_are_given_no_button_by_the_live_part(auditor, event, three_people):
    checked(event)

    assert "choice" not in text(auditor, check(event), **HTMX)


def test_starting_again_takes_the_button_away_and_keeps_the_reason(marketer, event, three_people):
    failing(event)

    response = marketer.post(check(event), {"leave_out": 'they "left"'}, **HTMX)

    page = response.content.decode()
    assert 'type="submit" disabled' in page
    assert 'type="hidden" id="leave_out" name="leave_out" value="they &quot;left&quot;"' in page


def test_whom_the_text_leaves_out_and_who_has_it_already_are_counted(marketer, event, three_people):
    before = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    for person in three_people.values():
        builders.make_entry(builders.make_delivery(before, subscriber=person), body="{}")
    job = checked(event, UPDATE)
    DryRun.objects.filter(pk=job.pk).update(ready_count=1, left_out_count=1, unchanged_count=1)

    page = text(marketer, review(event, UPDATE))

    assert "1 of 3 gets the event; nobody fails." in page
    assert "<dt>Left out by the text</dt> <dd>1</dd>" in page
    assert "<dt>Have exactly this already</dt> <dd>1</dd>" in page


def test_what_was_found_is_grouped_with_people_and_the_way_to_mend_it(marketer, event, three_people):
    job = failing(event)
    cause = job.causes.get()
    DryRunCause.objects.create(dry_run=job, level="warning", text="An odd time", people_count=2_000)

    page = text(marketer, review(event))

    assert "1 person cannot be sent to" in page
    assert f"{reverse('dryrun_people', args=[job.pk])}?cause={cause.pk}" in page
    assert "Change the event" in page
    assert "An odd time" in page
    assert "2,000 people" in page
    assert "Send without this 1 person, because" in page
    assert "Send without this 1 person </button>" in page
    assert "2 people get the event; 1 is left out and stays in the history as such" in page


def test_a_send_is_queued_without_those_who_fail_only_with_a_reason(marketer, event, three_people):
    job = failing(event)

    refused = marketer.post(review(event), form(marketer, event, leave_out=" "))
    too_long = marketer.post(review(event), form(marketer, event, leave_out="x" * 301))

    assert "1 person cannot be sent to. Mend that, or say why" in refused.content.decode()
    assert "Say it in up to 300 characters." in too_long.content.decode()
    assert not Send.objects.exists()
    marketer.post(review(event), form(marketer, event, leave_out="No last name, so no letter"))
    send = Send.objects.get()
    assert (send.dry_run, send.leave_out_reason) == (job, "No last name, so no letter")


def test_a_send_that_nobody_was_checked_for_is_refused_at_the_form(marketer, event, three_people):
    response = marketer.post(review(event), form(marketer, event))

    assert "Everybody has to be checked before the send" in response.content.decode()
    assert not Send.objects.exists()


def test_a_check_that_broke_says_why_and_is_started_again(marketer, event, three_people):
    job = checked(event)
    DryRun.objects.update(state="failed", reason="The audience is not understood.")

    page = text(marketer, review(event))

    assert "The check broke off: The audience is not understood." in page
    assert "Check again" in page
    assert 'hx-trigger="submit"' in page
    assert 'type="submit" disabled' in page
    assert str(job) == f"#{job.pk}"


def test_a_check_of_something_else_does_not_count_and_begins_again(marketer, event, three_people):
    checked(event)
    Event.objects.update(title="Another")

    page = text(marketer, review(event))

    assert "has changed since everybody was checked." in page
    assert 'hx-trigger="submit, load"' in page


def test_a_check_of_yesterday_does_not_count(marketer, event, three_people):
    checked(event)
    DryRun.objects.update(created_at=timezone.now() - timedelta(hours=25))

    assert "more than a day ago" in text(marketer, review(event))


def test_people_who_came_since_are_told_of_and_block_nothing(marketer, event, three_people):
    checked(event)
    builders.make_subscription(account=event.account)

    assert "1 person more than when everybody was checked" in text(marketer, review(event))
    assert marketer.post(review(event), form(marketer, event)).status_code == 302


def test_people_who_went_since_are_told_of_and_block_nothing(marketer, event, three_people):
    checked(event)
    three_people["ada"].delete()

    assert "1 person fewer than when everybody was checked." in text(marketer, review(event))
    assert marketer.post(review(event), form(marketer, event)).status_code == 302


@pytest.mark.parametrize("kind", ["delete", "x" * 300])
def test_there_is_no_check_of_another_kind(marketer, event, kind):
    assert marketer.get(check(event, kind)).status_code == 404
    assert marketer.post(check(event, kind)).status_code == 404


def test_an_event_without_a_known_zone_leads_back_to_the_event(marketer, event):
    Event.objects.update(timezone="Nowhere")

    assert marketer.post(check(event))["Location"] == reverse("event_edit", args=[event.pk])

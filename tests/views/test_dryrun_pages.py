"""What a check found: its page, the people behind each finding, the spreadsheet, and the send that relies on it."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import reports
from campaigns.models import Account, DryRun, DryRunCause, DryRunPerson, Event, Send, Subscriber
from campaigns.pipeline import dryrun
from campaigns.reports import dryruns as spreadsheet
from campaigns.views import dryruns
from tests import builders
from tests.views.checking import (
    HTMX,
    check,
    checked,
    draft,
    failing,
    form,
    review,
    text,
)

pytestmark = pytest.mark.usefixtures("published")


def test_the_page_of_a_check_shows_what_was_checked_and_the_sends_that_rely_on_it(
    marketer, event, three_people
):
    job = failing(event, by=marketer.user)
    marketer.post(review(event), form(marketer, event, leave_out="Later"))
    send = Send.objects.get()
    Event.objects.update(title="Changed since")

    page = text(marketer, reverse("dryrun_detail", args=[job.pk]))

    assert "Hello {{ ${last_name} }}" in page
    assert "1 person cannot be sent to" in page
    assert reverse("send_detail", args=[send.pk]) in page
    assert reverse("dryrun_csv", args=[job.pk]) in page
    assert "every 2s" not in page


def test_the_page_of_a_check_is_live_while_it_runs(auditor, event, three_people):
    job = dryrun.ask(draft(event), by=None)
    address = reverse("dryrun_detail", args=[job.pk])

    whole = text(auditor, address)
    assert "every 2s" in whole
    assert 'data-old-of="everybody"' in whole
    assert f'data-at="{timezone.now():%Y-%m-%d}' in whole
    live = text(auditor, address, **HTMX)
    assert live.startswith("<section")
    dryrun.run(job.pk)
    assert "every 2s" not in text(auditor, address, **HTMX)


def test_the_people_behind_a_finding_are_shown_page_by_page(auditor, event, three_people, monkeypatch):
    monkeypatch.setattr(dryruns, "SHOWN_COUNT", 2)
    Event.objects.update(title="{{ ${phone} }}")
    job = checked(event)
    address = f"{reverse('dryrun_people', args=[job.pk])}?cause={job.causes.get().pk}"

    first = auditor.get(address)
    page = first.content.decode()
    assert [row.subscriber.external_id for row in first.context["rows"]] == ["ada", "bob"]
    assert f"{reverse('event_edit', args=[event.pk])}?show={three_people['ada'].pk}" in page
    assert reverse("subscriber_detail", args=[three_people["ada"].pk]) in page
    assert "From the beginning" not in page

    second = auditor.get(f"{address}&after={first.context['next']}")
    assert [row.subscriber.external_id for row in second.context["rows"]] == ["cyd"]
    assert second.context["next"] == 0
    assert "From the beginning" in second.content.decode()
    assert "Nobody more is kept here." in auditor.get(f"{address}&after=999999").content.decode()


def test_only_the_first_people_of_a_warning_are_kept_and_the_page_says_so(marketer, event, three_people):
    job = checked(event)
    cause = DryRunCause.objects.create(dry_run=job, level="warning", text="Odd", people_count=101)
    DryRunPerson.objects.create(cause=cause, subscriber=three_people["ada"])

    page = text(marketer, f"{reverse('dryrun_people', args=[job.pk])}?cause={cause.pk}")

    assert "Only the first 100 people of this finding are kept." in page


def test_without_a_finding_the_list_leads_to_the_check(marketer, event, three_people):
    job = checked(event)

    response = marketer.get(reverse("dryrun_people", args=[job.pk]))

    assert response["Location"] == reverse("dryrun_detail", args=[job.pk])


@pytest.mark.parametrize("cause", ["0", "-1", "x", "9" * 18, "9" * 60, "1 or 1"])
def test_a_finding_that_is_not_there_is_not_found(marketer, event, three_people, cause):
    job = failing(event)

    for name in ("dryrun_people", "dryrun_csv"):
        assert marketer.get(reverse(name, args=[job.pk]), {"cause": cause}).status_code == 404


def test_a_finding_of_another_check_is_not_found(marketer, event, three_people):
    job, other = failing(event), failing(event)

    address = reverse("dryrun_csv", args=[job.pk])

    assert marketer.get(address, {"cause": other.causes.get().pk}).status_code == 404


def test_the_spreadsheet_names_everybody_and_is_safe_to_open(auditor, event, three_people, monkeypatch):
    monkeypatch.setattr(spreadsheet, "PAGE_COUNT", 1)
    Subscriber.objects.filter(external_id="cyd").update(first_name="=cmd()")
    Event.objects.update(title="{{ ${phone} }}")
    job = checked(event)
    DryRunCause.objects.create(dry_run=job, level="warning", text="@odd", people_count=1)
    odd = DryRunPerson.objects.create(cause=job.causes.get(level="warning"), subscriber=three_people["ada"])

    response = auditor.get(reverse("dryrun_csv", args=[job.pk]))

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="dry-run-{job.pk}.csv"'
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode().lstrip("\ufeff"))))
    assert rows[0] == ["level", "what was found", "user id", "first name", "last name", "detail"]
    assert [row[2] for row in rows[1:]] == ["ada", "bob", "cyd", "ada"]
    assert rows[1][0] == "cannot be sent"
    assert rows[3][3] == "'=cmd()"
    assert rows[4][:2] == ["should be looked at", "'@odd"]
    one = auditor.get(reverse("dryrun_csv", args=[job.pk]), {"cause": odd.cause_id})
    assert len(b"".join(one.streaming_content).splitlines()) == 2


def test_the_pages_are_for_those_who_may_read_them(event, three_people):
    job, nobody = checked(event), builders.make_client("")

    for name in ("dryrun_detail", "dryrun_people", "dryrun_csv"):
        assert nobody.get(reverse(name, args=[job.pk])).status_code == 403
        assert nobody.post(reverse(name, args=[job.pk])).status_code == 403
    assert nobody.get(check(event)).status_code == 403


def test_nothing_can_be_said_of_the_pace_before_anybody_was_checked(event, three_people):
    job = dryrun.ask(draft(event), by=None)

    pace = reports.pace(job)

    assert (pace.percent, pace.rate, pace.time_left) == (0, 0, None)


def test_the_approver_sees_the_check_and_who_is_left_out_before_releasing(
    marketer, approver, event, three_people
):
    Account.objects.update(needs_approval=True)
    job = failing(event, by=marketer.user)
    marketer.post(review(event), form(marketer, event, leave_out="Their names come next week"))
    send = Send.objects.get()

    page = text(approver, reverse("send_detail", args=[send.pk]))

    assert send.state == Send.State.REQUESTED
    assert reverse("dryrun_detail", args=[job.pk]) in page
    assert "1 person is left out, because: <q>Their names come next week</q>" in page


def test_the_page_of_a_send_without_failures_says_so_and_an_old_one_says_nothing(
    marketer, event, three_people
):
    checked(event)
    marketer.post(review(event), form(marketer, event))
    send = Send.objects.get()
    assert "Nobody failed." in text(marketer, reverse("send_detail", args=[send.pk]))

    Send.objects.update(dry_run=None)
    assert "Everybody checked" not in text(marketer, reverse("send_detail", args=[send.pk]))


def test_a_send_is_moved_without_another_check(marketer, event, three_people):
    checked(event)
    day = builders.in_days(2, 9).isoformat()[:16]
    marketer.post(review(event), form(marketer, event, when="at", at_local=day, zone="UTC"))
    DryRun.objects.update(created_at=timezone.now() - timedelta(days=3))
    Event.objects.update(title="Changed since")
    send = Send.objects.get()

    later = builders.in_days(3, 9).isoformat()[:16]
    response = marketer.post(
        reverse("send_move", args=[send.pk]), {"when": "at", "at_local": later, "zone": "UTC"}
    )

    assert response.status_code == 302
    send.refresh_from_db()
    assert send.scheduled_at.day == builders.in_days(3).day
    assert DryRun.objects.count() == 1

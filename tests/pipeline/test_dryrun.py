"""The dry run: what it says of everybody is what the send then does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns import tasks
from campaigns.models import (
    Account,
    Delivery,
    DryRun,
    DryRunCause,
    DryRunPerson,
    Event,
    Segment,
    Send,
    Subscriber,
)
from campaigns.pipeline import compose, dryrun, findings
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.record import books
from tests.builders import checked, make_entry, make_subscriber
from tests.pipeline import braze_webhook
from tests.pipeline.running import CANCEL, CREATE, UPDATE, queue, run, states, subscription

pytestmark = pytest.mark.django_db

ONE = "06423672-b6ba-4536-aa36-f5733866ade2"
TWO = "9a9007c7-f5a4-4811-b13c-ff10919f1078"
NAMED = "Hi {{${last_name}}}"
YOUNG = "{% if ${last_name} == 'Young' %}{% abort_message('too young') %}{% endif %}"


@pytest.fixture
def crowd(account) -> list[Subscriber]:
    """Two with a last name, one without, one whom the text leaves out, one without an id."""
    people = [
        make_subscriber(external_id=user_id, last_name=last_name)
        for user_id, last_name in [("ann", "Ash"), ("bob", "Bay"), ("cyd", ""), ("dan", "Young")]
    ]
    for person in people:
        subscription(person)
    subscription(make_subscriber(external_id="eve", last_name="Elm"), rokt_id="")
    return people


def write(event: Event, title: str) -> Event:
    Event.objects.filter(pk=event.pk).update(title=title)
    event.refresh_from_db()
    return event


def check(event: Event, kind: Send.Kind = CREATE) -> DryRun:
    return dryrun.run(dryrun.ask(compose.draft(event, kind), by=None).pk)


def counts(job: DryRun) -> dict[str, int]:
    """The counts that are not zero."""
    names = [name for name in dryrun.COUNTS if getattr(job, name)]
    return {name.removesuffix("_count"): getattr(job, name) for name in names}


def people_of(job: DryRun) -> dict[str, str]:
    """What was found about each person."""
    rows = DryRunPerson.objects.filter(cause__dry_run=job)
    return {row.subscriber.external_id: row.cause.level for row in rows}


def test_a_new_event_goes_to_exactly_those_whom_the_check_called_ready(event, staff, crowd, rokt):
    write(event, YOUNG + NAMED)

    job = check(event)
    send = run(queue(event, staff, leave_out="Their last names are not known"))

    assert counts(job) == {"people": 4, "ready": 2, "failing": 1, "left_out": 1}
    assert people_of(job) == {"cyd": "error", "dan": "left_out"}
    assert states(send) == {
        "ann": "accepted",
        "bob": "accepted",
        "cyd": "skipped",
        "dan": "skipped",
        "eve": "skipped",
    }
    assert send.deliveries.get(external_id="cyd").reason == Delivery.Reason.SET_ASIDE
    assert send.deliveries.get(external_id="dan").reason == Delivery.Reason.LEFT_OUT
    assert rokt.summary()["events"] == job.ready_count


def test_people_who_have_the_event_are_not_counted(event, staff, crowd, rokt):
    run(queue(event, staff))
    subscription(make_subscriber(external_id="new"))

    assert counts(check(event)) == {"people": 1, "ready": 1}


def test_an_update_skips_those_for_whom_nothing_changes_as_the_check_said(event, staff, crowd, rokt):
    run(queue(event, staff))
    write(event, "Summer Sale{% if ${last_name} == 'Ash' %}, and more{% endif %}")

    job = check(event, UPDATE)
    send = run(queue(event, staff, UPDATE))

    assert counts(job) == {"people": 4, "ready": 1, "unchanged": 3}
    assert states(send) == {"ann": "accepted", "bob": "skipped", "cyd": "skipped", "dan": "skipped"}


def test_a_removal_needs_no_text_and_is_ready_for_everybody(event, staff, crowd, rokt):
    run(queue(event, staff))
    write(event, NAMED)

    job = check(event, CANCEL)
    send = run(queue(event, staff, CANCEL))

    assert counts(job) == {"people": 4, "ready": 4}
    assert set(states(send).values()) == {"accepted"}


def test_what_is_wrong_is_grouped_by_cause_with_what_is_particular_to_each(event, crowd):
    write(event, "{% for _ in (1..400) %}{{ ${last_name} | default: 'no' }}{% endfor %}")

    job = check(event)

    cause = job.causes.get()
    assert (cause.level, cause.text, cause.people_count) == (
        "error",
        "title: longer than 1,000 characters",
        3,
    )
    details = {row.subscriber.external_id: row.detail for row in cause.people.all()}
    assert details == {"ann": "1,200", "bob": "1,200", "dan": "2,000"}
    assert counts(job) == {"people": 4, "ready": 1, "failing": 3}


def test_past_the_most_causes_all_others_share_one(event, crowd, monkeypatch):
    monkeypatch.setattr(findings, "MOST_CAUSES_COUNT", 1)
    reasons = "".join(
        f"{{% if ${{user_id}} == '{name}' %}}{{% abort_message('no {name}') %}}{{% endif %}}"
        for name in ("ann", "bob", "cyd", "dan")
    )
    write(event, reasons)

    job = check(event)

    assert dict(job.causes.values_list("text", "people_count")) == {
        "title: the text asked to leave this person out: no ann": 1,
        "Other causes": 3,
    }
    others = job.causes.get(text="Other causes").people.order_by("pk")
    assert [row.detail.strip().rpartition(": ")[2] for row in others] == ["no bob", "no cyd", "no dan"]


def test_everybody_behind_an_error_is_kept_and_the_first_behind_anything_else(event, crowd, monkeypatch):
    monkeypatch.setattr(findings, "SHOWN_COUNT", 1)
    write(event, "{% abort_message('not today') %}")
    left_out = check(event).causes.get()
    write(event, "{{${phone}}}")
    error = check(event).causes.get()

    assert (left_out.people_count, left_out.people.count()) == (4, 1)
    assert (error.people_count, error.people.count()) == (4, 4)


def test_a_killed_run_begins_again_once_it_has_shown_no_life(event, crowd, monkeypatch):
    monkeypatch.setattr(dryrun, "BATCH_SIZE", 1)
    write(event, NAMED)
    job = dryrun.ask(compose.draft(event, CREATE), by=None)
    stopped = dryrun.steps(job.pk)
    for _ in range(3):
        next(stopped)
    assert dryrun.forgotten() == []
    assert dryrun.run(job.pk).state == DryRun.State.RUNNING  # somebody is at it

    DryRun.objects.update(moved_at=timezone.now() - timedelta(minutes=4))

    assert dryrun.forgotten() == [job.pk]
    assert counts(dryrun.run(job.pk)) == {"people": 4, "ready": 3, "failing": 1}
    assert DryRunCause.objects.get().people_count == 1


def test_a_run_that_was_taken_over_writes_nothing_more(event, crowd, monkeypatch):
    monkeypatch.setattr(dryrun, "BATCH_SIZE", 1)
    write(event, NAMED)
    job = dryrun.ask(compose.draft(event, CREATE), by=None)
    slow = dryrun.steps(job.pk)
    next(slow)
    DryRun.objects.update(moved_at=timezone.now() - timedelta(minutes=4))
    dryrun.run(job.pk)

    assert list(slow) == []

    job.refresh_from_db()
    assert (job.state, counts(job)) == ("finished", {"people": 4, "ready": 3, "failing": 1})
    assert people_of(job) == {"cyd": "error"}


def test_somebody_who_is_erased_meanwhile_is_counted_and_not_shown(event, crowd, monkeypatch):
    write_rows = Calls.write

    def erase_then_write(calls, rows):
        Subscriber.objects.filter(external_id="cyd").delete()
        return write_rows(calls, rows)

    monkeypatch.setattr(Calls, "write", erase_then_write)
    write(event, NAMED)

    job = check(event)

    assert (job.state, counts(job)) == ("finished", {"people": 4, "ready": 3, "failing": 1})
    assert job.causes.get().people_count == 1
    assert people_of(job) == {}


def test_somebody_who_was_erased_before_their_turn_is_left_out(event, crowd, monkeypatch):
    monkeypatch.setattr(dryrun, "BATCH_SIZE", 1)
    steps = dryrun.steps(dryrun.ask(compose.draft(event, CREATE), by=None).pk)
    next(steps)
    monkeypatch.setattr(Subscriber.objects, "in_bulk", lambda _pks: {})

    job = list(steps)[-1]

    assert counts(job) == {"people": 4, "ready": 1, "left_out": 3}
    assert people_of(job) == {}


def test_a_lost_wake_up_is_made_good_by_the_next_tick(event, crowd, monkeypatch):
    given: list[int] = []
    monkeypatch.setattr(tasks, "start_dry_run", given.append)
    job = dryrun.ask(compose.draft(event, CREATE), by=None)
    DryRun.objects.update(created_at=timezone.now() - timedelta(minutes=1))

    tasks.tick()
    assert given == [job.pk]
    tasks.run_dry_run(job.pk)

    job.refresh_from_db()
    assert job.state == DryRun.State.FINISHED
    assert dryrun.forgotten() == []


def test_a_finished_check_is_not_made_again_by_a_second_message(event, crowd):
    job = check(event)

    again = dryrun.run(job.pk)

    assert again.finished_at == job.finished_at


def test_an_audience_that_is_not_understood_fails_the_check_with_its_reason(event, crowd):
    Segment.objects.update(rule={"match": "some"})
    event.campaign.segment.refresh_from_db()

    job = check(event)

    assert (job.state, bool(job.reason)) == ("failed", True)


def test_a_check_that_breaks_says_so_and_may_be_run_again(event, crowd, monkeypatch):
    job = dryrun.ask(compose.draft(event, CREATE), by=None)
    with monkeypatch.context() as patch:
        patch.setattr(Calls, "write", lambda _self, _rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            dryrun.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("failed", "Something went wrong; the log says more. Check again.")

    assert dryrun.run(job.pk).state == DryRun.State.FINISHED


def change_title(event: Event) -> None:
    Event.objects.update(title="Another")


def change_rule(event: Event) -> None:
    rule = {"match": "all", "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["offers"]}]}
    Segment.objects.update(rule=rule)


def change_account(event: Event) -> None:
    Account.objects.update(base_url="http://127.0.0.1:9")


@pytest.mark.parametrize("change", [change_title, change_rule, change_account])
def test_a_check_counts_only_for_what_was_checked(change, event, staff, crowd):
    checked(compose.draft(event, CREATE))

    change(event)

    with pytest.raises(compose.NotPossibleError, match="Everybody has to be checked"):
        queue_unchecked(Event.objects.get(pk=event.pk), staff)


def queue_unchecked(event: Event, staff, **options) -> Send:
    return compose.queue(
        compose.draft(event, CREATE), by=staff, scheduled_at=timezone.now(), submit_token=uuid4(), **options
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "waiting"},
        {"state": "running"},
        {"state": "failed"},
        {"created_at": timezone.now() - timedelta(hours=25)},
    ],
)
def test_only_a_finished_check_of_today_lets_a_send_go(columns, event, staff, crowd):
    checked(compose.draft(event, CREATE))
    DryRun.objects.update(**columns)

    with pytest.raises(compose.NotPossibleError, match="Everybody has to be checked"):
        queue_unchecked(event, staff)

    assert not Send.objects.exists()


def test_people_who_fail_keep_the_send_back_until_somebody_says_why_not(event, staff, crowd, rokt):
    write(event, NAMED)
    checked(compose.draft(event, CREATE))
    with pytest.raises(compose.NotPossibleError, match="1 person cannot be sent to"):
        queue_unchecked(event, staff, leave_out=compose.LeaveOut("   "))

    send = run(queue(event, staff, leave_out="  No last name  "))

    assert send.dry_run is not None
    assert (send.leave_out_reason, send.dry_run.failing_count) == ("No last name", 1)
    action = send.actions.get(verb="queued")
    assert (action.note, action.delivery_count) == ("No last name", 1)
    cyd = send.deliveries.get(external_id="cyd")
    assert (cyd.state, cyd.reason) == ("skipped", "set_aside")
    assert cyd.reason_text.startswith("left out on purpose, for it cannot be sent: ")
    assert "last_name" in cyd.reason_text
    assert books.check(send).holds
    assert send.state == Send.State.FINISHED


def test_a_reason_that_is_not_needed_is_not_kept(event, staff, crowd):
    send = queue(event, staff, leave_out="for nothing")

    assert send.leave_out_reason == ""
    assert send.actions.get(verb="queued").note == ""


def test_what_a_test_left_on_a_calendar_does_not_count_as_the_event(event, staff, crowd, rokt):
    send = run(queue(event, staff))
    ann = send.deliveries.get(external_id="ann")
    event.entries.all().delete()
    make_entry(ann, is_test=True)

    assert counts(check(event)) == {"people": 4, "ready": 4}


def test_what_should_be_looked_at_is_a_warning_and_a_later_end_of_ones_own_moves_the_deadline(
    event, staff, account
):
    for name, rokt_id in (("ann", ONE), ("bob", TWO)):
        attributes = {"rokt:account_code": ["acme/x"], "rokt:subscription_id": [rokt_id]}
        subscription(make_subscriber(external_id=name, attributes=attributes), rokt_id=rokt_id)
    start, later = (
        moment.isoformat(timespec="seconds")
        for moment in (event.start_local, event.end_local + timedelta(days=3))
    )
    own_end = f"{{% if ${{user_id}} == 'bob' %}}{later}{{% else %}}{start}{{% endif %}}"
    end = event.end_local.isoformat(timespec="seconds")
    braze_webhook.use(event, body=braze_webhook.body(event).replace(end, own_end))

    job = check(event)
    send = queue(event, staff)

    assert counts(job) == {"people": 2, "ready": 2}
    assert people_of(job) == {"ann": "warning"}
    assert job.latest_end_at == compose.draft(event, CREATE).deliver_until + timedelta(days=3)
    assert send.deliver_until == job.latest_end_at

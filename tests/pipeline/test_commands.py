"""`manage.py send`, `books` and `tick`, as somebody at a terminal uses them."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Account, Delivery, Event, Segment, Send
from campaigns.pipeline import deliver
from tests.builders import make_account, make_campaign, make_event, make_segment, make_subscriber, make_user
from tests.pipeline.running import queue, run, subscription

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def admin_user(db):
    return make_user("admin", username="root")


@pytest.fixture
def instant_worker(monkeypatch):
    """A worker that runs while the command looks at its clock."""
    from campaigns.pipeline import clockwork

    def work(_seconds: float) -> None:
        clockwork.start_due()
        deliver.drain(Account.objects.get(code="acme"), seconds=10)

    monkeypatch.setattr("campaigns.management.commands.send.time.sleep", work)


def test_send_and_wait_shows_progress_and_balanced_books(event, admin_user, instant_worker):
    subscription(make_subscriber())
    subscription(make_subscriber())

    output = command("send", "Event_0001", "--wait")

    assert "2 / 2 finished" in output
    assert "2 people = 2 accepted" in output
    assert Send.objects.get().created_by == admin_user


def test_send_and_wait_fails_when_somebody_did_not_get_it(event, admin_user, instant_worker, rokt):
    subscription(make_subscriber())
    rokt.fault("400")

    with pytest.raises(CommandError, match="Not everybody got the event"):
        command("send", "acme/Event_0001", "--wait")


def test_send_takes_a_segment_by_name_and_a_time(event, admin_user):
    subscription(make_subscriber())
    few = make_segment(name="The few")

    tomorrow = timezone.now() + timedelta(days=1)

    command("send", "Event_0001", "--segment", "The few", "--at", tomorrow.isoformat())

    send = Send.objects.get()
    assert (send.segment, send.scheduled_at) == (few, tomorrow)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "There is no event “nothing”"),
        (["Event_0001", "--segment", "nobody"], "There is no segment “nobody”"),
        (["Event_0001", "--user", "nobody"], "no such member of staff"),
        (["Event_0001"], "Nobody in this account matches"),
    ],
)
def test_send_says_what_is_wrong(arguments, message, event, admin_user):
    with pytest.raises(CommandError, match=message):
        command("send", *arguments)

    assert not Send.objects.exists()


def test_send_checks_everybody_first_and_says_what_was_found(event, admin_user, instant_worker):
    Event.objects.update(title="Hi {{${last_name}}}")
    subscription(make_subscriber(external_id="ann", last_name="Ash"))
    subscription(make_subscriber(external_id="bob"))
    out = StringIO()

    with pytest.raises(CommandError, match="1 person cannot be sent to"):
        call_command("send", "Event_0001", stdout=out)

    assert "Checked 2 people: 1 ready, 1 cannot be sent to." in out.getvalue()
    assert "cannot be sent: title: ${last_name} is empty and has no default (1)" in out.getvalue()
    assert not Send.objects.exists()

    output = command("send", "Event_0001", "--leave-out", "No last name", "--wait")

    assert "2 people = 1 accepted + 1 skipped" in output
    assert Send.objects.get().leave_out_reason == "No last name"


def test_a_check_that_fails_is_said_and_queues_nothing(event, admin_user):
    subscription(make_subscriber())
    Segment.objects.update(rule={"match": "some"})

    with pytest.raises(CommandError):
        command("send", "Event_0001")

    assert not Send.objects.exists()


def test_send_asks_which_event_where_accounts_share_an_id(event, admin_user):
    make_event(make_campaign(account=make_account("other")), event_id="Event_0001")

    with pytest.raises(CommandError, match="acme/Event_0001, other/Event_0001"):
        command("send", "Event_0001")


def test_send_does_not_wait_for_a_release(event, admin_user):
    subscription(make_subscriber())
    Account.objects.update(needs_approval=True)

    with pytest.raises(CommandError, match="has to release"):
        command("send", "Event_0001", "--wait")


@pytest.mark.parametrize("at", ["tomorrow", "2031-05-01T10:00:00", "2031-13-01T10:00:00Z"])
def test_a_time_without_offset_or_sense_is_refused(at, event, admin_user):
    with pytest.raises(CommandError, match="an offset, as in 2027-05-01"):
        command("send", "Event_0001", "--at", at)


def test_books_that_balance_are_said_to(event, staff):
    subscription(make_subscriber())
    run(queue(event, staff))

    assert "1 sends, and the books of all balance." in command("books")


def test_books_that_do_not_balance_are_an_error_that_names_the_send(event, staff):
    subscription(make_subscriber())
    send = run(queue(event, staff))
    Delivery.objects.update(state=Delivery.State.FAILED)

    with pytest.raises(CommandError, match=f"#{send.pk}"):
        command("books", str(send.pk))


def test_a_tick_starts_what_is_due(event, staff, monkeypatch, django_capture_on_commit_callbacks):
    published = []
    monkeypatch.setattr(tasks, "_try", lambda task, args: published.append((task.name, args)))
    subscription(make_subscriber())
    queue(event, staff)

    with django_capture_on_commit_callbacks(execute=True):
        command("tick")

    assert ("campaigns.tasks.send_for_account", (event.account_id,)) in published

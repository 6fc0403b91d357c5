"""An event's id: free to change until something goes out under it, then it stays for good."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from campaigns.models import Account, Event, Send
from campaigns.pipeline import compose, validate
from campaigns.pipeline.render import Content
from tests.builders import (
    checked,
    make_account,
    make_campaign,
    make_delivery,
    make_entry,
    make_event,
    make_send,
    make_subscriber,
    make_user,
)
from tests.pipeline.running import CREATE, subscription

pytestmark = pytest.mark.django_db

STARTED: dict[str, Any] = {"state": Send.State.FINISHED, "started_at": timezone.now()}


@pytest.fixture
def event():
    return make_event(make_campaign(account=make_account("acme")), event_id="Old")


def saved_as(event: Event, event_id: str, **columns: object) -> Event:
    mine = Event.objects.get(pk=event.pk)
    mine.event_id = event_id
    for name, value in columns.items():
        setattr(mine, name, value)
    return compose.save_event(mine, expected_version=mine.version)


def refusal(event: Event) -> str:
    """Why the id cannot change; the checks of the forms say the same as the one that cannot be passed."""
    with pytest.raises(compose.NotPossibleError) as refused:
        saved_as(event, "New")
    assert Event.objects.get(pk=event.pk).event_id == "Old"
    typed = replace(Content.of(event), event_id="New")
    found = validate.content_problems(typed, account=event.account, event_pk=event.pk)
    assert [(problem.field, problem.code, problem.message) for problem in found] == [
        ("event_id", "stays", str(refused.value))
    ]
    return str(refused.value)


def test_an_id_that_nothing_went_out_under_can_change(event):
    make_send(event, state=Send.State.CANCELLED)

    assert saved_as(event, "New").event_id == "New"


@pytest.mark.parametrize("is_test", [True, False])
def test_the_id_stays_once_people_have_the_event(is_test, event):
    send = make_send(event, **STARTED)
    make_entry(make_delivery(send), is_test=is_test)
    assert refusal(event) == (
        "The id stays: 1 person has the event under it. Duplicate the event to use another."
    )
    make_entry(make_delivery(send), is_test=is_test)
    assert "2 people have the event under it." in refusal(event)


def test_the_id_stays_when_the_event_was_removed_from_every_calendar(event):
    make_entry(make_delivery(make_send(event)), state="cancelled")
    Send.objects.update(state=Send.State.CANCELLED, started_at=None)

    assert refusal(event) == (
        "The id stays: the event was sent under it. Duplicate the event to use another."
    )


def test_the_id_stays_once_a_send_has_started(event):
    make_send(event, **STARTED | {"state": Send.State.CANCELLED})

    assert "the event was sent under it" in refusal(event)


@pytest.mark.parametrize("state", [Send.State.REQUESTED, Send.State.SCHEDULED])
def test_the_id_stays_while_a_send_waits_for_its_time(state, event):
    send = make_send(event, state=state)

    assert refusal(event) == (
        f"The id stays: send #{send.pk} goes out under it. Cancel that send, or duplicate the event."
    )


def test_everything_else_can_change_under_an_id_that_stays(event):
    make_send(event, **STARTED)

    assert saved_as(event, "Old", title="Another title").title == "Another title"


def test_a_colleagues_save_is_told_before_the_id(event):
    make_send(event, **STARTED)
    mine = Event.objects.get(pk=event.pk)
    mine.event_id = "New"
    saved_as(event, "Old", title="Another title")

    with pytest.raises(compose.StaleEventError, match="Somebody else has changed"):
        compose.save_event(mine, expected_version=mine.version)


def test_the_account_stays_with_the_id(event):
    make_send(event, **STARTED)
    other = make_account("other")
    event.campaign.account = other
    event.campaign.save()

    with pytest.raises(compose.NotPossibleError, match="The id stays"):
        saved_as(event, "Old")
    assert Event.objects.get().account == Account.objects.get(code="acme")


def test_a_send_drafted_under_an_id_that_has_changed_since_does_not_go(event):
    ann, staff = subscription(make_subscriber("ann")), make_user("marketer")
    draft = checked(compose.draft(event, CREATE), by=staff)
    saved_as(event, "New")

    with pytest.raises(compose.NotPossibleError, match="The event has another id since"):
        compose.queue(draft, by=staff, scheduled_at=timezone.now(), submit_token=uuid4())
    with pytest.raises(compose.NotPossibleError, match="The event has another id since"):
        compose.send_test(
            event, CREATE, to={ann.subscriber_id: {ann.rokt_id}}, by=staff, submit_token=uuid4()
        )
    assert not Send.objects.exists()

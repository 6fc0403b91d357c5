"""Test sends: really sent, at once, to a few people that somebody chose; never to the audience."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Account, Delivery, Entry, Event, SavedRecipient, Send, Subscriber, Subscription
from campaigns.models.clock import now
from campaigns.pipeline import audience, record, validate
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose.actions import Verb, enter, one_decision_at_a_time
from campaigns.pipeline.compose.errors import NotPossibleError
from campaigns.pipeline.compose.queue import draft

MOST_PEOPLE = 20

Choice = Mapping[int, Collection[str]]  # a person's row id: the ids of the subscriptions that were chosen


def draft_test(event: Event, kind: Send.Kind) -> Send:
    """Return a test send of the event as it is now, not saved: for the page, and to be sent."""
    send = draft(event, kind)
    send.segment = send.rule = None
    send.is_test, send.state = True, Send.State.SENDING
    return send


def send_test(event: Event, kind: Send.Kind, *, to: Choice, by: User, submit_token: uuid.UUID) -> Send:
    """Send a test to these people; the same ``submit_token`` twice is one test (double click, reload, two tabs).

    An update or a removal, and whatever a webhook writes, goes to all of a person's subscriptions: for them only
    the person is chosen. Raises ``NotPossibleError`` with every reason that keeps the test back.
    """
    if before := Send.objects.filter(submit_token=submit_token).first():
        return before
    send = draft_test(event, kind)
    send.submit_token, send.created_by = submit_token, by
    _refuse_at_fault(send)
    ends_at = _tried(send, rows_for(send, to))  # here, for it may ask other addresses: no row is locked yet
    send.deliver_until = max([send.deliver_until, *ends_at])
    return _start(send, to)


def rows_for(send: Send, to: Choice) -> list[Delivery]:
    """Return one delivery for each chosen person, not saved; raises ``NotPossibleError`` with names."""
    if not to:
        raise NotPossibleError(_("Choose at least one person."))
    if len(to) > MOST_PEOPLE:
        message = ngettext(
            "A test goes to at most %(count)s person. Choose fewer.",
            "A test goes to at most %(count)s people. Choose fewer.",
            MOST_PEOPLE,
        )
        raise NotPossibleError(message % {"count": MOST_PEOPLE})
    people = Subscriber.objects.in_bulk(to)
    if len(people) < len(to):
        raise NotPossibleError(_("Somebody whom you chose is not known any more. Look again, then send."))
    chosen = [people[pk] for pk in sorted(people)]
    _refuse(
        *(
            _("%(name)s is not active any more.") % {"name": person}
            for person in chosen
            if not person.may_receive
        )
    )
    places = (
        _places_to_create(send, to, chosen) if send.kind == Send.Kind.CREATE else _places_now(send, chosen)
    )
    return [
        Delivery(
            send=send, subscriber=person, external_id=person.external_id, subscriptions=places[person.pk]
        )
        for person in chosen
    ]


def _places_to_create(send: Send, to: Choice, people: Sequence[Subscriber]) -> dict[int, str]:
    """Return the frozen subscriptions of each person; a webhook's are all that the account has of them."""
    having = audience.who_have_it(send).filter(subscriber__in=people).select_related("subscriber", "delivery")
    _refuse(*map(_has_it, having))
    known = Subscription.objects.open_to(send.account).filter(subscriber__in=people).exclude(rokt_id="")
    theirs: dict[int, list[Subscription]] = {person.pk: [] for person in people}
    for subscription in known.order_by("subscriber", "position"):
        if send.content.get("webhook") or subscription.rokt_id in to[subscription.subscriber_id]:
            theirs[subscription.subscriber_id].append(subscription)
    _refuse(*(_without_subscription(person) for person in people if not theirs[person.pk]))
    return {
        pk: " ".join(f"{found.position}:{found.rokt_id}" for found in rows) for pk, rows in theirs.items()
    }


def _places_now(send: Send, people: Sequence[Subscriber]) -> dict[int, str]:
    """Return the subscriptions that each person's test entry is on."""
    places = dict(
        entries_by_tests(send.event).filter(subscriber__in=people).values_list("subscriber", "subscriptions")
    )
    message = _("%(name)s has no test entry of this event, so there is nothing to change.")
    _refuse(*(message % {"name": person} for person in people if person.pk not in places))
    return places


def entries_by_tests(event: Event) -> QuerySet[Entry]:
    """Return the entries that tests of an event have left on calendars."""
    return Entry.objects.filter(event=event, state=Entry.State.PRESENT, is_test=True)


def _has_it(entry: Entry) -> str:
    words = {"name": entry.subscriber, "number": entry.delivery.send_id}
    return (
        _(
            "%(name)s already has this event from send #%(number)s: a test would change the real entry."
            " Choose somebody else."
        )
        % words
    )


def _without_subscription(person: Subscriber) -> str:
    return _("Choose a subscription of %(name)s whose id is known.") % {"name": person}


def _tried(send: Send, rows: Sequence[Delivery]) -> list[datetime]:
    """Write every call as the worker will; return the ends that are people's own."""
    for number, row in enumerate(rows):
        row.pk = number  # the writer tells rows apart by it
    calls = Calls(send)
    if calls.asks_first:
        calls.prepare(rows)
    written = list(zip(rows, calls.write(rows), strict=True))
    _refuse(*(_unwritten(row, why) for row, why in written if isinstance(why, record.Unfit)))
    intents = (intent for _row, intent in written if isinstance(intent, record.Intent))
    return [intent.ends_at for intent in intents if intent.ends_at is not None]


def _unwritten(row: Delivery, why: record.Unfit) -> str:
    reason = why.text or why.reason.label
    return _("Nothing would be sent to %(name)s: %(reason)s.") % {"name": row.subscriber, "reason": reason}


@transaction.atomic
def _start(send: Send, to: Choice) -> Send:
    """Queue the test unless the event has got busy since, with its deliveries and its books in one commit."""
    one_decision_at_a_time(send)
    audience.nobody_is_erased_meanwhile()
    if before := Send.objects.filter(submit_token=send.submit_token).first():
        return before
    _refuse_at_fault(send)
    rows = rows_for(send, to)
    send.scheduled_at = send.started_at = now()
    send.audience_count = send.queued_count = len(rows)
    send.save()
    for row in rows:
        row.send, row.due_at, row.changed_at = send, send.started_at, send.started_at
    Delivery.objects.bulk_create(rows)
    assert send.created_by is not None  # noqa: S101 - send_test has just given it
    enter(send, Verb.QUEUED, send.created_by, note=_("a test"), delivery_count=len(rows))
    return send


def _refuse_at_fault(send: Send) -> None:
    _refuse(*(problem.message for problem in validate.trial_problems(send) if problem.blocks))


def _refuse(*reasons: str) -> None:
    if reasons:
        raise NotPossibleError(" ".join(reasons))


@transaction.atomic
def save_recipients(account: Account, to: Choice, *, by: User) -> None:
    """Keep subscriptions for the next test; those kept already stay as they are, and whoever was erased is left out."""
    people = Subscriber.objects.filter(pk__in=list(to)).order_by("pk").select_for_update(no_key=True)
    there = set(people.values_list("pk", flat=True))
    SavedRecipient.objects.bulk_create(
        (
            SavedRecipient(account=account, subscriber_id=person, rokt_id=rokt_id, saved_by=by)
            for person, chosen in to.items()
            for rokt_id in sorted(chosen)
            if person in there
        ),
        ignore_conflicts=True,
    )


def forget_recipient(account: Account, pk: int) -> None:
    """Drop a subscription from those kept for tests."""
    SavedRecipient.objects.filter(account=account, pk=pk).delete()

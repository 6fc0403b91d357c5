"""People who must not get anything any more: their waiting deliveries end; an erased person leaves no data behind.

What Rokt may still tell afterwards finds nothing to write to: every call is written anew without its content, so
that an answer that comes late belongs to no row.
"""

import secrets
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns import audit
from campaigns.models import (
    Attempt,
    CheckCrash,
    Delivery,
    DryRunPerson,
    Entry,
    ErasedSubscription,
    ImportProblem,
    Notice,
    PersonList,
    PersonListMatch,
    PersonListMember,
    SavedRecipient,
    Subscriber,
    SubscriberAction,
    SubscriptionStatus,
    Suppression,
    bulk,
    standing,
)
from campaigns.models.clock import now
from campaigns.models.keyed import keys_of_subscription
from campaigns.models.turns import insistently, turn
from campaigns.pipeline.record import books
from campaigns.pipeline.record.mentions import Names, ids_of, names_of, notices_naming
from campaigns.segments import lists

OUT = (Delivery.State.SENDING, Delivery.State.IN_DOUBT)
FIELDS = ["subscriber", "external_id", "subscriptions", "state", "reason", "detail", "due_at", "changed_at"]
REST = ["state", "reason", "detail", "due_at", "changed_at"]


class StillOutError(Exception):
    """A call for this person has left and nobody knows yet what came of it; ``deliveries`` are their ids."""

    def __init__(self, deliveries: Sequence[int]) -> None:
        super().__init__(f"deliveries {deliveries} are still out")
        self.deliveries = deliveries


@dataclass(frozen=True, slots=True)
class Marks:
    """By whom and why, and the keys under which a workspace remembers the user id: the present one first."""

    by: User
    note: str
    keys: Sequence[str] = field(default=())


@transaction.atomic
def suppress(person: Subscriber, marks: Marks) -> int:
    """See to it that nothing is sent to a person from now on; return how many deliveries ended by it.

    Raises ``Subscriber.DoesNotExist``, as all of these do, where the person was erased meanwhile.
    """
    rows = list(_locked(person).filter(state=Delivery.State.QUEUED))
    _keep_imports_out(person)
    _hold(person)
    Subscriber.objects.filter(pk=person.pk).update(is_suppressed=True)
    standing.settle([person.pk])
    _remember(person, marks, Suppression.Cause.SUPPRESSED)
    count = _take_out(rows, at=now())
    _trace(SubscriberAction.Verb.SUPPRESSED, marks, subscriber=person)
    return count


@transaction.atomic
def lift(person: Subscriber, marks: Marks) -> None:
    """Let a person receive again; what ended meanwhile does not come back."""
    _keep_imports_out(person)
    _hold(person)
    Suppression.objects.filter(workspace=person.workspace_id, key__in=marks.keys).delete()
    Subscriber.objects.filter(pk=person.pk).update(is_suppressed=False)
    standing.settle([person.pk])
    _trace(SubscriberAction.Verb.LIFTED, marks, subscriber=person)


def erase(person: Subscriber, marks: Marks) -> str:
    """Erase a person everywhere; return the pseudonym under which their deliveries stay in the history.

    Raises ``StillOutError`` while a call for them is unanswered.
    """
    pseudonym, known = insistently(partial(_erase, person, marks))
    for names in known:
        insistently(partial(_forget_what_came_meanwhile, names, pseudonym=pseudonym))
    return pseudonym


@transaction.atomic
def _erase(person: Subscriber, marks: Marks) -> tuple[str, Sequence[Names]]:
    """Do so but for webhooks that come in this moment; return the pseudonym, and by what those may name the person.

    Locks come as everywhere: webhooks, deliveries, entries, people, then the books; imports into the workspace wait
    meanwhile. One that had its turn before may have brought other names.
    """
    ids = ids_of(person)
    before = names_of(person, ids)
    notices = _hold_notices(before, person.pk)  # before anything that working through them locks
    rows = list(_locked(person))
    _keep_imports_out(person)
    _hold_entries(person)
    person = Subscriber.objects.select_for_update().get(pk=person.pk)
    newer = person.deliveries.exclude(pk__in=[row.pk for row in rows])  # frozen this very moment
    if out := [row.pk for row in rows if is_out(row)] or list(newer.values_list("pk", flat=True)):
        raise StillOutError(out)
    at, pseudonym = now(), f"erased-{secrets.token_hex(6)}"
    ids |= ids_of(person)
    names = names_of(person, ids)
    _forget_notices(notices, pseudonym=pseudonym, at=at)
    _forget_what_was_said(person, ids, pseudonym=pseudonym)
    _forget_calls([row.pk for row in rows])
    waiting = _blank(rows, pseudonym=pseudonym, at=at)
    _remember(person, marks, Suppression.Cause.ERASED)
    SubscriberAction.objects.filter(subscriber=person).update(pseudonym=pseudonym)
    person.delete()
    lists.look_again_from_the_newest()
    _move({send_id: Counter({Delivery.State.SKIPPED: count}) for send_id, count in waiting.items()}, at=at)
    _trace(SubscriberAction.Verb.ERASED, marks, pseudonym=pseudonym)
    return pseudonym, [names] if names == before else [before, names]


@transaction.atomic
def _forget_what_came_meanwhile(names: Names, *, pseudonym: str) -> None:
    """Forget webhooks that came, or were worked through, while their person was erased; later ones find out."""
    _forget_notices(_hold_notices(names), pseudonym=pseudonym, at=now())
    _forget_statuses(names.others)


def is_out(delivery: Delivery) -> bool:
    """Whether a call has left and nobody knows yet what came of it."""
    repeats = delivery.state == Delivery.State.QUEUED and delivery.reason in Delivery.UNANSWERED
    return delivery.state in OUT or repeats


def _keep_imports_out(person: Subscriber) -> None:
    """Imports into a workspace take turns with this, batch by batch; and so does freezing an audience."""
    turn(person.workspace_id)


def _hold(person: Subscriber) -> None:
    """Nobody erases the person until this transaction ends; rows that point to them may come."""
    Subscriber.objects.select_for_update(no_key=True).get(pk=person.pk)


def _hold_notices(names: Names, noted_for: int | None = None) -> list[int]:
    """Return the webhooks that name a person, once nobody is working through them, nor through those noted for one."""
    found = notices_naming(names)
    theirs = Q(pk__in=found) if noted_for is None else Q(pk__in=found) | Q(subscriber=noted_for)
    list(
        Notice.objects.select_for_update(no_key=True)
        .filter(theirs)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return found


def _hold_entries(person: Subscriber) -> None:
    """Wait for who is writing what became of a person's entries; they will ask whether the person is there."""
    theirs = Entry.objects.select_for_update().filter(subscriber=person.pk)
    list(theirs.order_by("event_id").values_list("pk", flat=True))


def _locked(person: Subscriber) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(subscriber=person.pk).order_by("pk")
    return rows.select_for_update(of=("self",))


def _take_out(rows: Sequence[Delivery], *, at: datetime) -> int:
    """End what waits; where a call without an answer was to be repeated, people decide what became of it."""
    moves: dict[int, Counter[Delivery.State]] = defaultdict(Counter)
    for row in rows:
        unclear = is_out(row)
        row.state = Delivery.State.IN_DOUBT if unclear else Delivery.State.SKIPPED
        row.reason = row.reason if unclear else Delivery.Reason.SUPPRESSED
        row.detail, row.due_at, row.changed_at = "", None, at
        moves[row.send_id][Delivery.State(row.state)] += 1
    bulk.update(rows, REST)
    _move(moves, at=at)
    return len(rows)


def _move(moves: Mapping[int, Counter[Delivery.State]], *, at: datetime) -> None:
    for send_id in sorted(moves):  # one order for everybody, so that two cannot block each other
        taken = moves[send_id].total()
        books.move(send_id, {**moves[send_id], Delivery.State.QUEUED: -taken})
        books.finish(send_id, at=at)


def _blank(rows: Sequence[Delivery], *, pseudonym: str, at: datetime) -> Counter[int]:
    """Take the person out of their deliveries, and end those that wait; return how many those are, by send."""
    waiting: Counter[int] = Counter()
    for row in rows:
        if row.state == Delivery.State.QUEUED:
            waiting[row.send_id] += 1
            row.state, row.reason = Delivery.State.SKIPPED, Delivery.Reason.LEFT
            row.due_at, row.changed_at = None, at
        row.subscriber, row.external_id, row.subscriptions, row.detail = None, pseudonym, "", ""
    bulk.update(rows, FIELDS)
    return waiting


def _forget_calls(deliveries: Collection[int]) -> None:
    """Write the calls anew without what they said: a worker that was frozen knows only the old rows."""
    calls = list(Attempt.objects.filter(delivery__in=deliveries).order_by("pk"))
    Attempt.objects.filter(pk__in=[call.pk for call in calls]).delete()
    for call in calls:
        call.pk, call.lease_token = None, uuid.uuid4()
        call.url = call.body = call.answer = call.reason = ""
    Attempt.objects.bulk_create(calls)


def _forget_notices(notices: Collection[int], *, pseudonym: str, at: datetime) -> None:
    Notice.objects.filter(pk__in=notices, done_at=None).update(done_at=at, state=Notice.State.IGNORED)
    Notice.objects.filter(pk__in=notices).update(body="", reason=pseudonym, due_at=None)


def _forget_statuses(ids: Collection[str]) -> None:
    SubscriptionStatus.objects.filter(subscriber=None, rokt_id__in=[each.lower() for each in ids]).delete()


def _forget_what_was_said(person: Subscriber, ids: Collection[str], *, pseudonym: str) -> None:
    _forget_statuses(ids)
    keys = sorted({keys_of_subscription(each)[0] for each in ids})  # others may erase who has them, too
    late = [ErasedSubscription(key=key) for key in keys]
    ErasedSubscription.objects.bulk_create(late, ignore_conflicts=True)
    SavedRecipient.objects.filter(subscriber=person).delete()
    DryRunPerson.objects.filter(subscriber=person).delete()
    CheckCrash.objects.filter(subscriber=person).delete()
    Entry.objects.filter(subscriber=person).delete()
    problems = ImportProblem.objects.filter(
        batch__workspace=person.workspace_id, external_id=person.external_id
    )
    problems.update(external_id=pseudonym, message="")
    _forget_lists(person)


def _forget_lists(person: Subscriber) -> None:
    """Take a person off every list; the user id stays where it means somebody of another workspace as well."""
    others = Subscriber.objects.filter(external_id=person.external_id).exclude(pk=person.pk)
    is_shared = others.exists()
    for pk in PersonList.objects.order_by("pk").values_list("pk", flat=True):
        PersonListMatch.objects.filter(list=pk, subscriber=person).delete()
        if is_shared:
            continue
        gone, _each = PersonListMember.objects.filter(list=pk, external_id=person.external_id).delete()
        if gone:
            PersonList.objects.filter(pk=pk).update(people_count=F("people_count") - gone)


def _remember(person: Subscriber, marks: Marks, cause: Suppression.Cause) -> None:
    """Keep one suppression, under the present key."""
    Suppression.objects.filter(workspace=person.workspace_id, key__in=marks.keys).delete()
    Suppression.objects.create(
        workspace_id=person.workspace_id, key=marks.keys[0], cause=cause, note=marks.note, made_by=marks.by
    )


def _trace(
    verb: SubscriberAction.Verb, marks: Marks, *, subscriber: Subscriber | None = None, pseudonym: str = ""
) -> None:
    """Write down what was done, last in its transaction: the audit chain is locked from here on."""
    action = SubscriberAction.objects.create(
        subscriber=subscriber, pseudonym=pseudonym, verb=verb, by=marks.by, note=marks.note
    )
    audit.on_person(action)

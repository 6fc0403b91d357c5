"""Stage 3, audience: which people a send means, frozen into one delivery each by a single statement."""

from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import (
    Aggregate,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Concat

from campaigns import audit
from campaigns.models import Delivery, Entry, Event, Send, SendAction, Subscription
from campaigns.models.clock import now
from campaigns.models.turns import turn_of_all
from campaigns.pipeline.hold import next_hold
from campaigns.segments import compile as segments
from campaigns.segments import rules


class Joined(Aggregate):
    """Joins texts with a blank between them, in either database."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ' ')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Use SQLite's name for it."""
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **extra)


def matching(send: Send) -> QuerySet[Subscription]:
    """Return the subscriptions that a new event goes to: those of the account that the rule picks."""
    if send.rule is None:
        return Subscription.objects.none()
    return segments.subscriptions(rules.parse(send.rule), account_code=send.account.code)


def one_decision_at_a_time(send: Send) -> None:
    """Lock the event of a send until the commit; workers, who only refer to it, go on."""
    Event.objects.select_for_update(no_key=True).get(pk=send.event_id)


def nobody_is_erased_meanwhile() -> None:
    """Take turns with erasing a person until the commit; imports wait, too.

    New deliveries refer to people without asking the database whether they are still there.
    """
    turn_of_all()


@transaction.atomic
def freeze(send: Send) -> bool:
    """Start a scheduled send: make its deliveries, once; False when somebody else started or stopped it.

    The conditional update locks the send: a second tick finds it started, and a crash leaves it scheduled.
    While a test of the event is on its way the send stays scheduled, for the next tick.
    """
    at = now()
    one_decision_at_a_time(send)  # no test begins meanwhile
    if tests_on_their_way(send).exists():
        return False
    nobody_is_erased_meanwhile()
    due = Send.objects.filter(pk=send.pk, state=Send.State.SCHEDULED)
    if not due.update(state=Send.State.SENDING, started_at=at):
        return False
    people = people_to_create(send) if send.kind == Send.Kind.CREATE else people_to_change(send)
    _insert(people, send=send, at=at)
    if send.kind == Send.Kind.CREATE:
        _skip_those_who_have_it(send)
    people_count = _open_the_books(send, at=at)
    started = SendAction.objects.create(
        send=send, verb=SendAction.Verb.STARTED, by=None, delivery_count=people_count
    )
    audit.on_send(started)  # last: the audit chain is locked from here on
    return True


def tests_on_their_way(send: Send) -> QuerySet[Send]:
    """Return the other tests of a send's event that may still call by themselves."""
    calling = Q(queued_count__gt=0) | Q(sending_count__gt=0)
    looked_into = Delivery.objects.filter(
        send=OuterRef("pk"), state=Delivery.State.IN_DOUBT, due_at__isnull=False
    )
    tests = Send.objects.filter(event=send.event_id, is_test=True).exclude(pk=send.pk)
    return tests.filter(calling | Exists(looked_into))


def people_to_create(send: Send) -> QuerySet[Any]:
    """Return (person, user id, subscriptions) of everybody whose subscriptions the rule picks.

    A webhook names all subscriptions of a person by itself, so a delivery by webhook is for all of this account.
    """
    place = Concat(Cast("position", CharField()), Value(":"), "rokt_id", output_field=TextField())
    picked = matching(send).order_by()
    if send.content.get("webhook"):
        theirs = Subscription.objects.filter(traits__account_code=send.account.code, is_live=True).order_by()
        picked = theirs.filter(subscriber__in=picked.values("subscriber"))
    people = picked.values(person=F("subscriber_id"), external=F("subscriber__external_id"))
    return people.annotate(ids=Joined(place, filter=~Q(rokt_id="")))


def people_to_change(send: Send) -> QuerySet[Any]:
    """Return (person, user id, subscriptions) of everybody who has the event now.

    With a rule, only those it still picks. What test sends left is removed with the rest, and never updated.
    """
    entries = Entry.objects.filter(event=send.event, state=Entry.State.PRESENT)
    if send.kind == Send.Kind.UPDATE:
        entries = entries.filter(is_test=False)
    if send.rule is not None:
        entries = entries.filter(subscriber__in=matching(send).order_by().values("subscriber"))
    return entries.order_by().values(
        person=F("subscriber_id"), external=F("subscriber__external_id"), ids=F("subscriptions")
    )


def who_have_it(send: Send) -> QuerySet[Entry]:
    """Return the entries of those who have the event itself, or took it off; a test is not the event."""
    had = (Entry.State.PRESENT, Entry.State.DROPPED)
    return Entry.objects.filter(event=send.event, state__in=had, is_test=False)


def _insert(people: QuerySet[Any], *, send: Send, at: datetime) -> None:
    try:
        select, parameters = people.query.sql_with_params()
    except EmptyResultSet:  # nobody: Django knows without asking
        return
    table = Delivery._meta.db_table
    _make_room_for_sorting()
    moment = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (send_id, subscriber_id, external_id, subscriptions, state, reason,"  # noqa: S608 - names are ours, values are parameters
            " due_at, changed_at, detail, attempt_count, retry_count)"
            " SELECT %s, person, external, COALESCE(ids, ''),"
            " CASE WHEN ids IS NULL THEN %s ELSE %s END, CASE WHEN ids IS NULL THEN %s ELSE '' END,"
            " CASE WHEN ids IS NULL THEN NULL ELSE %s END, %s, '', 0, 0"
            f" FROM ({select}) AS people ORDER BY person",
            [
                send.pk,
                Delivery.State.SKIPPED,
                Delivery.State.QUEUED,
                Delivery.Reason.NO_SUBSCRIPTION_ID,
                moment,
                moment,
                *parameters,
            ],
        )


def _make_room_for_sorting() -> None:
    """Let PostgreSQL sort people in memory, in this transaction alone; on disk a million take half as long again."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '256MB'")


def _skip_those_who_have_it(send: Send) -> None:
    reasons = {
        Entry.State.PRESENT: Delivery.Reason.ALREADY_RECEIVED,
        Entry.State.DROPPED: Delivery.Reason.TAKEN_OFF,
    }
    for state, reason in reasons.items():
        people = who_have_it(send).filter(state=state).values("subscriber")
        if people.exists():  # seldom; the update alone takes half a second for a million people
            theirs = send.deliveries.filter(state=Delivery.State.QUEUED, subscriber__in=people)
            theirs.update(state=Delivery.State.SKIPPED, reason=reason, due_at=None)


def _open_the_books(send: Send, *, at: datetime) -> int:
    counts = dict(send.deliveries.order_by().values_list("state").annotate(Count("pk")))
    columns: dict[str, Any] = {f"{state}_count": count for state, count in counts.items()}
    if send.canary_count:
        columns["held_after_id"] = next_hold(send, count=send.canary_count)
    if not counts.get(Delivery.State.QUEUED):
        columns |= {"state": Send.State.FINISHED, "finished_at": at}
    Send.objects.filter(pk=send.pk).update(audience_count=sum(counts.values()), **columns)
    return sum(counts.values())

"""What is worth waking somebody for, as it stands now; each costs little, however much is being sent."""

from collections import Counter
from datetime import datetime, timedelta
from functools import reduce
from operator import add

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet

from campaigns.alerts.found import Found
from campaigns.models import Account, Breaker, Delivery, Send, SendAction
from campaigns.models.keeping import open_halt
from campaigns.pipeline.hold import not_held

BREAKER_PATIENCE = timedelta(minutes=15)
RECENT = timedelta(days=1)


def stopped(at: datetime) -> list[Found]:
    """Accounts that stopped, with the reason."""
    rows = Account.objects.exclude(stopped_at=None).values_list("pk", "stopped_at", "stopped_reason")
    return [Found(pk, since or at, facts={"reason": own_words(reason)}) for pk, since, reason in rows]


def own_words(reason: str) -> str:
    """Return a reason without what Rokt answered, which follows a colon and may name a person."""
    return reason.partition(": ")[0]


def held(at: datetime) -> list[Found]:
    """All sends, from when they are held until somebody releases them."""
    halt = open_halt()
    if halt is None:
        return []
    marks = {"back_to": halt.back_to, "known_until": halt.known_until}
    return [
        Found(None, halt.made_at, facts={name: mark and mark.isoformat() for name, mark in marks.items()})
    ]


def broken(at: datetime) -> list[Found]:
    """Accounts whose breaker has been open for 15 minutes while people wait.

    A breaker opens within a minute of ``window_started_at``, which stays until it closes.
    """
    waiting = Send.objects.filter(account=OuterRef("account"), state=Send.State.SENDING)
    waiting = waiting.filter(Q(queued_count__gt=0) | Q(in_doubt_count__gt=0))
    rows = Breaker.objects.filter(Exists(waiting), open_until__isnull=False, account__stopped_at=None)
    rows = rows.filter(window_started_at__lte=at - BREAKER_PATIENCE)
    return [Found(row.account_id, row.window_started_at or at) for row in rows]


def paused(at: datetime) -> list[Found]:
    """Sends that nobody paused: the last that stopped them, by their history, names no person."""
    turns = (SendAction.Verb.PAUSED, SendAction.Verb.RESUMED, SendAction.Verb.STOPPED)
    actions = SendAction.objects.filter(verb__in=turns, send__state=Send.State.PAUSED)
    newest: dict[int, SendAction] = {
        action.send_id: action
        for action in actions.select_related("send").defer("send__content", "send__rule").order_by("pk")
    }
    return [
        Found(action.send.account_id, action.at, action.send_id, {"reason": action.note[:300]})
        for action in newest.values()
        if action.by_id is None
    ]


def doubtful(at: datetime) -> list[Found]:
    """Sends that cannot go on, or are through, but for people in doubt who wait until somebody decides."""
    of_send = Delivery.objects.filter(send=OuterRef("pk"))
    undecided = of_send.filter(state=Delivery.State.IN_DOUBT, due_at__isnull=True)
    moving = of_send.filter(not_held(), state=Delivery.State.QUEUED)
    sends = Send.objects.filter(in_doubt_count__gt=0, sending_count=0, is_test=False)
    sends = sends.filter(Exists(undecided), ~Exists(moving))
    return [_doubts_of(send, at) for send in sends.only("pk", "account_id", "audience_count")]


def _doubts_of(send: Send, at: datetime) -> Found:
    rows = send.deliveries.filter(state=Delivery.State.IN_DOUBT).order_by()
    first = rows.aggregate(at=Min("changed_at"))["at"]
    return Found(send.account_id, first or at, send.pk, by_reason(rows, of=send.audience_count))


def by_reason(rows: QuerySet[Delivery], *, of: int) -> dict[str, object]:
    """Return how many there are, of how many people, and how many for each reason, most frequent first."""
    counts = Counter(dict(rows.order_by().values_list("reason").annotate(count=Count("pk"))))
    return {
        "count": counts.total(),
        "people": of,
        "reasons": [
            [reason, count] for reason, count in sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))
        ],
    }


def unbalanced(at: datetime) -> list[Found]:
    """Sends whose kept counts do not add up to their audience; the database should make that impossible."""
    kept = reduce(add, (F(f"{state.value}_count") for state in Delivery.State))
    current = Q(state__in=(Send.State.SENDING, Send.State.PAUSED)) | Q(finished_at__gt=at - RECENT)
    rows = Send.objects.filter(current, ~Q(audience_count=kept)).defer("content", "rule")
    return [
        Found(
            send.account_id,
            at,
            send.pk,
            {"people": send.audience_count, "count": sum(send.books.values())},
        )
        for send in rows
    ]

"""Deliveries in doubt, settled by hand: it arrived, send it again, look again now, or give up."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from campaigns import audit
from campaigns.models import Delivery, Send, SendAction
from campaigns.models.clock import now
from campaigns.pipeline import record
from campaigns.pipeline.compose.actions import Verb, enter, one_decision_at_a_time
from campaigns.pipeline.compose.errors import NotPossibleError
from campaigns.pipeline.render import content_of

Verdict = SendAction.Verdict
AT_ONCE = 1_000  # in one transaction: workers of the send wait no longer than that takes


def decide_doubts(send: Send, *, doubts: QuerySet[Delivery], verdict: Verdict, by: User, note: str) -> int:
    """Settle all ``doubts`` (deliveries of one send) in the same way; return how many were still to be decided.

    It goes in steps, each complete in itself: what a crash leaves undecided is still in doubt. Whatever was decided,
    found out or is being looked into meanwhile is left alone, so a second click finds nothing.
    """
    if not note.strip():
        raise NotPossibleError(_("Say why: the history keeps it."))
    action: SendAction | None = None
    after_id = count = 0
    while True:
        with transaction.atomic():
            one_decision_at_a_time(send)
            if verdict == Verdict.AGAIN:
                _refuse_a_test_that_was_overtaken(send)
            rows = record.take_doubts(doubts, after_id=after_id, limit=AT_ONCE)
            if not rows:
                return count
            action = action or enter(send, Verb.DECIDED, by, note=note, delivery_count=0, verdict=verdict)
            record.decide(rows, action, content_of=content_of)
            audit.on_send(action, delivery_count=len(rows))
        after_id, count = rows[-1].pk, count + len(rows)


def verdicts(send: Send) -> list[Verdict]:
    """Return what may be decided about deliveries of a send; nothing is sent again once it would be wrong."""
    is_over = send.state == Send.State.CANCELLED or send.deliver_until <= now()
    again = [] if is_over or (send.is_test and _sent_since(send)) else [Verdict.AGAIN]
    return [Verdict.ARRIVED, *again, Verdict.LOOK, Verdict.GIVEN_UP]


def _refuse_a_test_that_was_overtaken(send: Send) -> None:
    if send.is_test and _sent_since(send):
        raise NotPossibleError(
            _("The event itself has been sent since: what is left of this test is not sent again.")
        )


def _sent_since(test: Send) -> bool:
    """Whether any send of the event has begun, or was tried again, after a test."""
    retried = Q(actions__verb=Verb.RETRIED, actions__at__gt=test.started_at)
    return test.event.sends.filter(Q(started_at__gt=test.started_at) | retried, is_test=False).exists()

"""A webhook comes in: stored before it is answered, each event of Rokt's once, whatever it says."""

import hashlib
import logging
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from campaigns.inbound import erased
from campaigns.inbound.notices_fate import Fate, Heard, failed, ignored
from campaigns.models import Account, HookAddress, Notice
from integrations.rokt.notice import EventType
from integrations.rokt.notice import Notice as Message

log = logging.getLogger(__name__)

TYPE_LENGTH = Notice._meta.get_field("event_type").max_length or 0


def take_in(address: HookAddress, message: Message, body: bytes, *, at: datetime) -> Notice | None:
    """Store what came in; return None where this event is here already: the first one counts, what it said too."""
    account = address.account
    digest = hashlib.sha256(body).hexdigest()
    fate, is_erased = verdict(account, message), False
    is_plain = fate.state != Notice.State.WAITING  # nobody looks at it again
    if is_plain:
        (is_erased,) = erased.among([account.pk], [message])
    fate = erased.fate() if is_erased else fate
    row = Notice(
        account=account,
        event_id=message.event_id,
        event_type=message.event_type.value or message.stated_type[:TYPE_LENGTH],
        body="" if is_erased else body.decode(),
        digest=digest,
        state=fate.state,
        reason=fate.reason,
        received_at=at,
        due_at=None if is_plain else at,
        done_at=at if is_plain else None,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        first = Notice.objects.filter(account=account, event_id=message.event_id)
        if not first.exists():
            raise
        _note_again(first, digest)
        return None
    if is_plain and not is_erased:
        _forget_if_erased(row, message)
    return row


def _forget_if_erased(row: Notice, message: Message) -> None:
    """Look once more, now that who erases somebody can see it: neither may miss the other."""
    (gone,) = erased.fates([Heard(row, message)])
    if gone:
        row.state, row.reason = gone
        row.save(update_fields=["body", "state", "reason"])


def verdict(account: Account, message: Message) -> Fate:
    """Return what is plain at first sight: what is for another account is never applied, what asks nothing is done."""
    stated = message.account_code
    if stated and stated.casefold() != account.code.casefold():
        text = _("It speaks of account “%(stated)s”, but came in by an address of “%(code)s”.")
        return failed(text % {"stated": stated[:100], "code": account.code})
    if message.event_type is EventType.TEST:
        return ignored(_("A test from Rokt's dashboard: it came in."))
    if message.event_type is EventType.UNKNOWN:
        return ignored(_("This kind of webhook is not known here."))
    return Fate(Notice.State.WAITING)


def _note_again(first: QuerySet[Notice], digest: str) -> None:
    if first.exclude(digest=digest).update(conflict_count=F("conflict_count") + 1):
        pks = list(first.values_list("pk", flat=True))
        log.warning("webhook %s came again with another text; the first one counts", pks)

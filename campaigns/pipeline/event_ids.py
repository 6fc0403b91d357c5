"""Event ids: what one may look like, what it must not be taken for, and when it stays for good."""

import re
from collections.abc import Iterator

from django.db.models import F, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Account, Entry, Event, Send

EVENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


def faults(event_id: str, *, account: Account, event_pk: int | None) -> Iterator[tuple[str, str]]:
    """Yield (code, message) of everything that is wrong with an id; ``event_pk`` is the event that wants it."""
    if not EVENT_ID.match(event_id):
        yield (
            "charset",
            _(
                "Use up to 100 letters, digits, dots, hyphens and underscores, and begin with a letter or digit."
            ),
        )
        return
    stored = Event.objects.filter(pk=event_pk or 0).exclude(event_id=event_id).first()
    if stored is not None and stays(stored):
        yield "stays", why_it_stays(stored)
        return
    yield from _clashes(event_id, others=Event.objects.filter(account=account).exclude(pk=event_pk or 0))


def _clashes(event_id: str, *, others: QuerySet[Event]) -> Iterator[tuple[str, str]]:
    alike = others.annotate(mine=Value(event_id)).filter(
        Q(event_id=event_id) | Q(event_id__startswith=f"{event_id}_") | Q(mine__startswith=F("event_id"))
    )
    for other in alike.values_list("event_id", flat=True):
        if other == event_id:
            yield "taken", _("“%(id)s” is taken by another event of this account.") % {"id": other}
        elif event_id.startswith(f"{other}_") or other.startswith(f"{event_id}_"):
            # "A" for person "1_2" and "A_1" for person "2" would be one and the same calendar entry.
            text = _(
                "“%(id)s” could not be told apart from event “%(other)s” for some people."
                " Use a hyphen instead of the underscore."
            )
            yield "collision", text % {"id": event_id, "other": other}


def stays(event: Event) -> bool:
    """Whether anything went out under the stored id, or will: under another one it would never be found again."""
    return event.entries.exists() or _carrying(event).exists()


def _carrying(event: Event) -> QuerySet[Send]:
    """Return the sends that carry the id: all but those that were cancelled before they began."""
    return event.sends.exclude(state=Send.State.CANCELLED, started_at=None)


def why_it_stays(event: Event) -> str:
    """Return why the id of an event for which ``stays`` holds cannot change, and what to do instead."""
    if count := event.entries.filter(state=Entry.State.PRESENT).count():
        text = ngettext(
            "The id stays: %(count)s person has the event under it. Duplicate the event to use another.",
            "The id stays: %(count)s people have the event under it. Duplicate the event to use another.",
            count,
        )
        return text % {"count": f"{count:,}"}
    waiting = _carrying(event).filter(started_at=None).first()
    if waiting is None or event.entries.exists() or event.sends.exclude(started_at=None).exists():
        return _("The id stays: the event was sent under it. Duplicate the event to use another.")
    text = _("The id stays: send #%(number)s goes out under it. Cancel that send, or duplicate the event.")
    return text % {"number": waiting.pk}

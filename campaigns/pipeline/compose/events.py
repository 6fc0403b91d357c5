"""Events: written, saved so that nobody overwrites a colleague, copied."""

import itertools
import re

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Event
from campaigns.pipeline import event_ids
from campaigns.pipeline.compose.errors import NotPossibleError, StaleEventError

COPIED = (
    "title", "description", "location", "start_local", "end_local", "start_fold", "end_fold", "timezone",
    "notify_before_minutes",
)  # fmt: skip


@transaction.atomic
def save_event(event: Event, *, expected_version: int | None = None) -> Event:
    """Save an event; ``expected_version`` is the one that the form was opened with.

    Raises ``StaleEventError`` when the event has changed since then, or has gone out under the id that it would
    lose; nothing is lost on either side.
    """
    event.account = event.campaign.account
    if event.pk is not None:
        stored = Event.objects.select_for_update().get(pk=event.pk)  # no send begins meanwhile
        if stored.version != expected_version:
            raise StaleEventError(_("Somebody else has changed this event since you opened it."))
        is_same = (stored.account_id, stored.event_id) == (event.account_id, event.event_id)
        if not is_same and event_ids.stays(stored):
            raise StaleEventError(event_ids.why_it_stays(stored))
        event.version = stored.version + 1
    event.save()
    return event


def free_event_id(campaign: Campaign, *, like: str = "Event_0001") -> str:
    """Return ``like``, or the next id counted up from it that is free in the account."""
    taken = set(Event.objects.filter(account=campaign.account).values_list("event_id", flat=True))
    stem = like.rstrip("0123456789")
    digits = like[len(stem) :]
    counted = (
        f"{stem}{number:0{len(digits)}}" if digits else f"{stem}-{number}"
        for number in itertools.count(int(digits or 1) + 1)
    )
    return next(event_id for event_id in itertools.chain([like], counted) if event_id not in taken)


@transaction.atomic
def duplicate_event(event: Event) -> Event:
    """Copy an event within its campaign, under a free id, with its webhooks.

    Raises ``NotPossibleError`` where the id of a webhook cannot be changed without guessing.
    """
    event_id = free_event_id(event.campaign, like=event.event_id)
    copy = Event.objects.create(
        campaign=event.campaign,
        account=event.account,
        event_id=event_id,
        uses_webhook=event.uses_webhook,
        **{name: getattr(event, name) for name in COPIED},
    )
    for hook in event.webhooks.all():
        hook.body = _renamed(hook.body, event.event_id, event_id)
        hook.pk, hook.event = None, copy
        hook.save(force_insert=True)
    return copy


def _renamed(body: str, old: str, new: str) -> str:
    """Return a webhook's body with another event id in its capture line."""
    captured = rf"({{%-?\s*capture\s+eventId\s*-?%}}\s*){re.escape(old)}(\s*{{%-?\s*endcapture\s*-?%}})"
    text, count = re.subn(captured, rf"\g<1>{new}\g<2>", body)
    if count != 1:
        message = _(
            "The copy needs an event id of its own, and “%(id)s” does not stand in the webhook exactly once as"
            " {%% capture eventId %%}%(id)s{%% endcapture %%}. Make the copy from the template instead."
        )
        raise NotPossibleError(message % {"id": old})
    return text

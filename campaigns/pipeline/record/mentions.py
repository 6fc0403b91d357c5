"""Where a person is spoken of in texts: the ids that Rokt gave their subscriptions, and webhooks that name them."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from campaigns.models import Entry, Notice, SavedRecipient, Subscriber
from campaigns.models.ledger import ids_in


def ids_of(person: Subscriber) -> set[str]:
    """Return every subscription id that is known of a person."""
    ids = set(person.subscriptions.values_list("rokt_id", flat=True))
    ids |= set(person.subscription_statuses.values_list("rokt_id", flat=True))
    ids |= set(SavedRecipient.objects.filter(subscriber=person).values_list("rokt_id", flat=True))
    for frozen in person.deliveries.values_list("subscriptions", flat=True):
        ids.update(ids_in(frozen))
    for there in Entry.objects.filter(subscriber=person).values_list("subscriptions", flat=True):
        ids.update(ids_in(there))
    return ids - {""}


@dataclass(frozen=True, slots=True)
class Names:
    """By what texts name a person: user id and entry ids as they are, e-mail and subscription ids in any letters."""

    external_id: str
    entries: frozenset[str]
    others: frozenset[str]


def names_of(person: Subscriber, ids: Collection[str]) -> Names:
    """Return by what texts may name a person who has these subscription ids."""
    events = person.deliveries.order_by().values_list("send__event__event_id", flat=True).distinct()
    entries = frozenset(f"{event_id}_{person.external_id}" for event_id in events)
    return Names(person.external_id, entries, frozenset({person.email, *ids} - {""}))


def notices_about(person: Subscriber, ids: Collection[str]) -> list[int]:
    """Return the webhooks of Rokt's that name a person: by user id, subscription id, entry id or e-mail."""
    return notices_naming(names_of(person, ids))


def notices_naming(names: Names) -> list[int]:
    """Return the webhooks of Rokt's that hold any of these names."""
    asked = Q()
    for text in _spellings({names.external_id, *names.others}):
        asked |= Q(body__contains=text)
    found = Notice.objects.filter(asked).order_by().values_list("pk", "body")
    exactly, folded = {names.external_id, *names.entries}, {name.casefold() for name in names.others}
    return [pk for pk, body in found.iterator() if _names(body, exactly, folded)]


def _spellings(texts: Collection[str]) -> set[str]:
    """Return texts as they may stand in JSON; letters in any case would be read many times slower."""
    cased = {spelled for text in texts for spelled in (text, text.lower(), text.upper())}
    return cased | {json.dumps(text)[1:-1] for text in cased}


def _names(body: str, exactly: Collection[str], names: Collection[str]) -> bool:
    """Whether a text of Rokt's holds one of these; one that is no JSON was found by them, which is enough."""
    try:
        texts = list(_texts(json.loads(body)))
    except (ValueError, RecursionError):
        return True
    return any(text in exactly or text.casefold() in names for text in texts)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)

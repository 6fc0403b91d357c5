"""Several rows of a table for one person: where a later one says something else than those before it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.importing.export import Row
from campaigns.importing.mapping import CUSTOM, USER_ID
from campaigns.importing.overlay import ATTRIBUTES, suffix
from campaigns.importing.parts import Part
from campaigns.importing.seen import Seen
from integrations.braze.profile import NAMES, SUBSCRIPTION_ID, TAGS

ADDING = {SUBSCRIPTION_ID, TAGS}  # of these a row adds to what there is


def corrections(batch: list[Row], seen: Seen) -> dict[int, list[str]]:
    """Return place in the batch -> the meanings of which that row says something else than earlier rows of its person.

    What the rows say is remembered in ``seen``. The same file gives the same, wherever a batch ends.
    """
    rows: dict[str, dict[int, Part]] = defaultdict(dict)
    for place, row in enumerate(batch):
        if isinstance(row.person, Part):
            rows[row.person.external_id][place] = row.person
    found: dict[int, list[str]] = {}
    # one by one: what was told of many may be more than memory should hold
    for external_id, parts in rows.items():
        told = seen.told(external_id)
        for place, part in parts.items():
            says = dict(facts(part.said))
            if other := [fact for fact, value in says.items() if told.get(fact, value) != value]:
                found[place] = list(dict.fromkeys(fact.partition("/")[2] for fact in other))
            told |= says
        seen.tell(external_id, told)
    return found


def facts(said: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield (suffix of a subscription or nothing, a slash and a meaning; a number that stands for the value)."""
    for name, value in said.items():
        if name not in (USER_ID, ATTRIBUTES):
            yield f"/{name}", hash(repr(value))
    for name, value in (said.get(ATTRIBUTES) or {}).items():
        if name not in NAMES:
            yield f"/{CUSTOM}{name}", hash(repr(value))
        elif name not in ADDING and isinstance(value, list):
            yield from ((f"{suffix(item)}/{name}", hash(repr(without_suffix(item)))) for item in value)


def without_suffix(item: object) -> object:
    """Return the value itself; suffixes are the same in capitals and small letters."""
    return item.rpartition("/")[0] if isinstance(item, str) else item

"""Several rows of a table for one person: where a later one says something else than those before it."""

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
    parts = [(place, row.person) for place, row in enumerate(batch) if isinstance(row.person, Part)]
    if not parts:
        return {}
    told = seen.told([part.external_id for _place, part in parts])
    found: dict[int, list[str]] = {}
    for place, part in parts:
        before, says = told.setdefault(part.external_id, {}), dict(facts(part.said))
        other = [fact for fact, value in says.items() if before.get(fact, value) != value]
        if other:
            found[place] = list(dict.fromkeys(fact.partition("/")[2] for fact in other))
        before |= says
    seen.tell(told)
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

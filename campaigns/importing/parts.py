"""People of whom a file tells only a part: what it says is laid over what is known, and nothing is wiped."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from campaigns.importing.mapping import assembled
from campaigns.importing.overlay import ATTRIBUTES, overlaid
from campaigns.importing.person import Person, person
from campaigns.models import Subscriber
from integrations.braze.profile import LIQUID_NAMES, NAMES, SUBSCRIPTION_ID, parse, unmatched

EXPORTED_AS = {tag: name for name, tag in LIQUID_NAMES.items()}
PLAIN = ("external_id", "first_name", "last_name", "email")  # named in an export as in our table


@dataclass(slots=True)
class Part(Person):
    """A person as far as one row tells; ``said`` is that row in the shape of a Braze export.

    ``earlier`` is the same of the rows before it that tell of this person.
    """

    said: Mapping[str, Any] = field(kw_only=True)
    earlier: tuple[Mapping[str, Any], ...] = field(default=(), kw_only=True)


def part(meant: Mapping[str, Any]) -> Part:
    """Return what a row (meaning -> value) tells; PersonError where it is of no use."""
    problems: list[str] = []
    said = assembled(meant, problems)
    alone = person(said)
    for name in PLAIN:  # what cannot be taken must not empty what is known
        if said.get(name) and not getattr(alone, name):
            del said[name]
    given = {each.name: getattr(alone, each.name) for each in fields(Person)}
    beside = beside_the_point(said)
    given["remarks"] = problems + [each for each in alone.problems if each not in beside]
    given["is_vouched"] = True  # the remarks hold all that is to be told
    return Part(**given, said=said)


def beside_the_point(said: Mapping[str, Any]) -> list[str]:
    """Return the complaints about ids and values that do not match, for a row that has only one of them."""
    attributes = said.get(ATTRIBUTES) or {}
    has_ids, has_values = (
        SUBSCRIPTION_ID in attributes,
        not (NAMES - {SUBSCRIPTION_ID}).isdisjoint(attributes),
    )
    if has_ids == has_values:
        return []
    count = len(parse(attributes).subscriptions)
    return list(unmatched(count, 0) if has_ids else unmatched(0, count))


def after(earlier: Person | None, later: Person) -> Person:
    """Return what two rows for one person tell: a part is laid over the one before, whoever is whole counts alone."""
    if isinstance(earlier, Part) and isinstance(later, Part):
        return replace(later, earlier=(*earlier.earlier, earlier.said))
    return later


def whole(workspace_id: int, people: Mapping[str, Person]) -> dict[str, Person]:
    """Return the people (user id -> person) with every part completed by what is stored.

    Call it in the transaction that writes them, after the workspace is locked.
    """
    partial = [external_id for external_id, each in people.items() if isinstance(each, Part)]
    known = stored(workspace_id, partial) if partial else {}
    return {
        external_id: completed(each, known.get(external_id, {})) if isinstance(each, Part) else each
        for external_id, each in people.items()
    }


def stored(workspace_id: int, external_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return user id -> what is stored, in the shape of a Braze export."""
    found = Subscriber.objects.filter(
        external_id__in=external_ids
    ).order_by()  # by user id alone, as in ``rows``
    columns = found.values_list("workspace_id", "profile", "attributes", *PLAIN)
    return {
        plain[0]: {
            **{EXPORTED_AS[tag]: value for tag, value in profile.items() if tag in EXPORTED_AS},
            **dict(zip(PLAIN, plain, strict=True)),
            ATTRIBUTES: attributes,
        }
        for owner_id, profile, attributes, *plain in columns
        if owner_id == workspace_id
    }


def completed(each: Part, known: Mapping[str, Any]) -> Person:
    """Return the whole person: what the rows say, one after the other, and for the rest what is known."""
    document, is_full = overlaid(known, (*each.earlier, each.said))
    return replace(person(document), is_full=is_full)

"""A batch of people into the database: what is new or changed is written, the rest is left alone."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import transaction

from campaigns.importing import stored, suppressed
from campaigns.importing.change import Change
from campaigns.importing.fingerprint import NO_ATTRIBUTES
from campaigns.importing.parts import whole
from campaigns.importing.person import Person
from campaigns.importing.shared import Finder
from campaigns.models import Suppression
from campaigns.models.turns import turn


class Taken(NamedTuple):
    """What became of a batch, in people.

    ``kept`` are those whose attributes the export did not mention, ``full`` those of whom it told more than is kept.
    """

    new_count: int
    changed_count: int
    unchanged_count: int
    kept: list[str]
    erased: Collection[str] = frozenset()  # not stored again; nobody may name them
    full: Collection[str] = ()


def take(
    workspace_id: int, people: Mapping[str, Person], finder: Finder, *, is_dry_run: bool = False
) -> Taken:
    """Store these people (user id -> person; some thousand at most), all or nothing; or only say what would happen.

    Whoever has a person as Braze would export them, whole, may call this, within a transaction or not, for one person
    or many: those who are there get what is given, and what a person does not mention stays where it is None. Writers
    of one workspace take turns, so that two at once cannot disagree, and so does who only asks: what
    is told of somebody must not be kept after they were erased. The ``finder`` must not outlive a transaction that was
    rolled back.
    """
    with transaction.atomic():
        turn(workspace_id)
        causes = suppressed.causes(workspace_id, people)
        erased = {external_id for external_id, cause in causes.items() if cause == Suppression.Cause.ERASED}
        welcome = {external_id: people[external_id] for external_id in people if external_id not in erased}
        changes = compared(workspace_id, whole(workspace_id, welcome), banned=causes)
        written = [change for change in changes if change.is_changed]
        if not is_dry_run:
            stored.write(workspace_id, written, finder)
            stored.rename([change for change in changes if change.before and not change.before.is_named])
    new_count = sum(change.before is None for change in written)
    return Taken(
        new_count=new_count,
        changed_count=len(written) - new_count,
        unchanged_count=len(changes) - len(written),
        kept=[change.person.external_id for change in changes if change.keeps_attributes],
        erased=erased,
        full=tuple(change.person.external_id for change in changes if change.person.is_full),
    )


def compared(workspace_id: int, people: Mapping[str, Person], *, banned: Collection[str]) -> list[Change]:
    """Return everybody beside what is stored; of those who are unchanged nobody needs to read the attributes."""
    known = stored.known(workspace_id, people)
    changes = []
    for external_id, person in people.items():
        before = known.get(external_id)
        attributes = person.attributes_name or (before.attributes if before else NO_ATTRIBUTES)
        names = (person.profile_name, attributes)
        if before and not before.is_marked and names == (before.profile, before.attributes):
            person.vouch()
        changes.append(Change(person, before, external_id in banned, *names))
    return changes

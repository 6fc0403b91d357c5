"""A batch of people into the database: what is new or changed is written, the rest is left alone."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast

from campaigns.importing import rows
from campaigns.importing.document import dumps
from campaigns.importing.person import Person
from campaigns.models import Workspace


class Known(NamedTuple):
    """What is stored of a person."""

    id: int
    first_name: str
    last_name: str
    email: str
    profile: str  # JSON, as the database spells it
    attributes: str


class Taken(NamedTuple):
    """What became of a batch, in people; ``kept`` are those whose attributes the export did not mention."""

    new_count: int
    changed_count: int
    unchanged_count: int
    kept: list[str]


class Change(NamedTuple):
    """A person as exported beside what is stored of them."""

    person: Person
    before: Known | None

    @property
    def keeps_attributes(self) -> bool:
        """Whether the export says nothing about attributes, but something is stored.

        Whoever has a subscription has attributes, so an export without them did not ask for them.
        """
        return self.person.attributes is None and self.before is not None and self.before.attributes != "{}"

    @property
    def has_other_attributes(self) -> bool:
        """Whether attributes, and with them subscriptions, are to be written."""
        if self.before is None or self.person.attributes is None:
            return self.before is None
        return not is_same(self.person.attributes, self.before.attributes)

    def has_other_profile(self, before: Known) -> bool:
        """Return whether names, e-mail or profile differ from what is stored."""
        names = (self.person.first_name, self.person.last_name, self.person.email)
        return names != before[1:4] or not is_same(self.person.profile, before.profile)

    def row(self) -> tuple[str, ...]:
        """Return user id and ``rows.CONTENT``; what the export says nothing about stays as it is."""
        person, before = self
        attributes = person.attributes or (before.attributes if before else "{}")
        names = (person.external_id, person.first_name, person.last_name, person.email)
        return (*names, person.profile, attributes)


def take(workspace_id: int, people: Mapping[str, Person]) -> Taken:
    """Store these people (user id -> person; some thousand at most) in one transaction.

    Imports into one workspace take turns, batch by batch, so that two at once cannot disagree.
    """
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        known = stored(workspace_id, people)
        changes = [Change(person, known.get(external_id)) for external_id, person in people.items()]
        relisted: list[Change] = []
        renamed: list[Change] = []
        for change in changes:
            if change.has_other_attributes:
                relisted.append(change)
            elif change.before and change.has_other_profile(change.before):
                renamed.append(change)
        rows.write_subscribers(workspace_id, [change.row() for change in (*relisted, *renamed)])
        rows.forget_subscriptions([change.before.id for change in relisted if change.before])
        rows.write_subscriptions(
            workspace_id, {change.person.external_id: change.person.subscriptions for change in relisted}
        )
    new_count, written_count = len(people) - len(known), len(relisted) + len(renamed)
    return Taken(
        new_count=new_count,
        changed_count=written_count - new_count,
        unchanged_count=len(people) - written_count,
        kept=[change.person.external_id for change in changes if change.keeps_attributes],
    )


def stored(workspace_id: int, external_ids: Iterable[str]) -> dict[str, Known]:
    """Return user id -> what is stored, for those who are there."""
    names = ("first_name", "last_name", "email")
    texts = (Cast("profile", TextField()), Cast("attributes", TextField()))
    found = rows.find(workspace_id, external_ids, "external_id", "id", *names, *texts)
    return {external_id: Known(*content) for external_id, *content in found}


def is_same(text: str, stored_text: str) -> bool:
    """Return whether this is what the database holds, which may have spelled it in its own way."""
    return text == stored_text or text == dumps(json.loads(stored_text))

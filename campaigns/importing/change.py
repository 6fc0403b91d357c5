"""A person as Braze has them beside what is stored of them: what has changed, and what that makes of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from campaigns.importing.fingerprint import MARK, NO_ATTRIBUTES
from campaigns.importing.person import Person, own_bucket


class Known(NamedTuple):
    """What is stored of a person; ``is_named`` where a fingerprint was stored too."""

    id: int
    profile: str  # the two halves of the fingerprint
    attributes: str
    is_marked: bool
    is_named: bool
    has_left: bool
    is_suppressed: bool
    subscribed_at: datetime | None
    random_bucket: int


@dataclass(slots=True)
class Change:
    """A person as exported beside what is stored of them."""

    person: Person
    before: Known | None
    is_banned: bool
    profile: str
    attributes: str

    @property
    def keeps_attributes(self) -> bool:
        """Whether the export says nothing about attributes, but something is stored.

        Whoever has a subscription has attributes, so an export without them did not ask for them.
        """
        return self.person.attributes is None and self.attributes != NO_ATTRIBUTES

    @property
    def has_other_attributes(self) -> bool:
        """Whether the attributes are to be written."""
        return self.before is None or self.attributes != self.before.attributes

    @property
    def is_changed(self) -> bool:
        """Whether anything is to be written."""
        before, since = self.before, self.person.subscribed_at
        if before is None or self.profile != before.profile or self.attributes != before.attributes:
            return True
        if since and (before.subscribed_at is None or before.subscribed_at < since):
            return True
        return before.has_left or (self.is_banned and not before.is_suppressed)

    @property
    def fingerprint(self) -> str:
        """What names this person's content from now on."""
        has_mark = self.keeps_attributes and self.before and self.before.is_marked
        return self.profile + self.attributes + (MARK if has_mark or self.person.problems else "")

    @property
    def random_bucket(self) -> int:
        """Where this person is in samples; as before where Braze does not say."""
        if self.person.random_bucket is not None:
            return self.person.random_bucket
        return self.before.random_bucket if self.before else own_bucket(self.person.external_id)

    @property
    def subscribed_at(self) -> datetime | None:
        """When this person subscribed last, by all that is known."""
        known = self.before.subscribed_at if self.before else None
        said = self.person.subscribed_at
        return max(known, said) if known and said else known or said

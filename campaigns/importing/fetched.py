"""A few people fetched from Braze at once, by their user ids: for somebody who cannot wait for the next sync."""

from collections.abc import Collection
from dataclasses import dataclass

from campaigns.importing.document import dumps, loads
from campaigns.importing.people import Taken, take
from campaigns.importing.person import Person, PersonError, person
from campaigns.importing.shared import Finder
from campaigns.importing.sync_steps import FIELDS, braze
from campaigns.models import Workspace

SECONDS = 20.0  # somebody is waiting for the page


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it: what was taken over, whom Braze does not know, and what could not be read, by user id."""

    taken: Taken
    unknown: tuple[str, ...]
    faults: dict[str, str]


def fetch(workspace: Workspace, external_ids: Collection[str]) -> Fetched:
    """Fetch these people from Braze, 50 to a call, and store them as an import would. Nobody is deactivated.

    Raises:
        UnsetError: the workspace has no endpoint or key.
        BrazeError: Braze was not asked, or did not answer with people; nothing was stored.
    """
    people: dict[str, Person] = {}
    unknown: list[str] = []
    faults: dict[str, str] = {}
    with braze(workspace, timeout_seconds=SECONDS) as client:
        for found in client.export_ids(external_ids, FIELDS):
            unknown += found.invalid_ids
            for user in found.users:
                external_id = str(user.get("external_id"))
                try:
                    people[external_id] = person(loads(dumps(user).encode()))  # as strict as with a file
                except (PersonError, ValueError) as fault:
                    faults[external_id] = str(fault)
    return Fetched(take(workspace.pk, people, Finder()), tuple(unknown), faults)

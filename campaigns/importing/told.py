"""What Rokt has told of the subscriptions in a batch, which an import must not undo; where it told nothing, no cost."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeAlias

from campaigns.importing.rows import listed, listed_ids
from campaigns.models import SubscriptionStatus

Times: TypeAlias = tuple[datetime | None, datetime | None]


class Told:
    """When subscriptions began and ended, by their Rokt id; and those that Rokt told of certain people.

    It asks for the Rokt ids in question only where anything was told at all.
    """

    def __init__(self, rokt_ids: Callable[[], Collection[str]], subscriber_ids: Collection[int]) -> None:
        self.times: dict[str, Times] = {}
        self.of_people: dict[int, list[tuple[str, int]]] = defaultdict(list)
        statuses = SubscriptionStatus.objects.order_by("pk")
        if not statuses.exists():
            return
        theirs = statuses.filter(subscriber__in=listed_ids(subscriber_ids))
        columns = ("rokt_id", "subscribed_at", "ended_at")
        for *times, owner_id, traits_id in theirs.values_list(*columns, "subscriber", "traits"):
            self.note(*times)
            if traits_id is not None:
                self.of_people[owner_id].append((times[0], traits_id))
        for row in statuses.filter(rokt_id__in=listed(rokt_ids())).values_list(*columns):
            self.note(*row)

    def note(self, rokt_id: str, subscribed_at: datetime | None, ended_at: datetime | None) -> None:
        """Remember the times of one subscription."""
        self.times[rokt_id] = (subscribed_at, ended_at)

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.times)

    def unlisted(self, subscriber_id: int, rokt_ids: Collection[str]) -> list[tuple[str, int]]:
        """Return (Rokt id, traits) of a person's subscriptions that are not among those, in the order told."""
        if subscriber_id not in self.of_people:
            return []
        return [each for each in self.of_people[subscriber_id] if each[0] not in rokt_ids]

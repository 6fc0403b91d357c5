"""What Rokt has told of the subscriptions in a batch, which an import must not undo; where it told nothing, no cost."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TypeAlias

from campaigns.models import SubscriptionStatus

Times: TypeAlias = tuple[datetime | None, datetime | None]
Claim: TypeAlias = tuple[str, int]  # Rokt id, traits: an account's word describes a subscription as its own


class Told:
    """When subscriptions began and ended, by their Rokt id in small letters; and those told of certain people.

    ``accounts`` gives the Rokt ids in question, each with its account code as far as Braze says; it is asked only where
    anything was told at all. What another account has told of a subscription does not count: those are ``foreign``.
    Of one that Braze does not describe everybody's word counts, and whoever claims it keeps their own (``claimed``).
    """

    def __init__(self, accounts: Callable[[], Mapping[str, str]], subscriber_ids: Collection[int]) -> None:
        self.times: dict[str, Times] = {}
        self.claimed: dict[Claim, Times] = {}
        self.foreign: set[str] = set()
        self.of_people: dict[int, list[Claim]] = defaultdict(list)
        statuses = SubscriptionStatus.objects.order_by("pk")
        if not statuses.exists():
            return
        codes = {rokt_id.lower(): code for rokt_id, code in accounts().items()}
        theirs = statuses.filter(subscriber__listed=subscriber_ids)
        columns = ("rokt_id", "account__code", "subscribed_at", "ended_at")
        for *row, owner_id, traits_id in theirs.values_list(*columns, "subscriber", "traits"):
            self.note(codes, *row)
            if traits_id is not None:
                self.of_people[owner_id].append((row[0], traits_id))
                self.claimed[row[0], traits_id] = (row[2], row[3])
        for row in statuses.filter(rokt_id__listed=codes).values_list(*columns):
            self.note(codes, *row)

    def note(
        self,
        codes: Mapping[str, str],
        rokt_id: str,
        code: str,
        since: datetime | None,
        until: datetime | None,
    ) -> None:
        """Remember the times of one subscription, unless it is another account's."""
        if codes.get(rokt_id) not in (None, "", code):
            self.foreign.add(rokt_id)
            return
        before = self.times.get(rokt_id, (None, None))
        self.times[rokt_id] = (
            min(filter(None, (before[0], since)), default=None),
            max(filter(None, (before[1], until)), default=None),
        )

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.times)

    def when(self, rokt_id: str, traits_id: int) -> Times | None:
        """Return when a subscription with these traits began and ended, if anybody has told."""
        return self.claimed.get((rokt_id, traits_id)) or self.times.get(rokt_id)

    def unlisted(self, subscriber_id: int, rokt_ids: Collection[str]) -> list[Claim]:
        """Return (Rokt id, traits) of a person's subscriptions that are not among those, in the order told."""
        if subscriber_id not in self.of_people:
            return []
        return [each for each in self.of_people[subscriber_id] if each[0] not in rokt_ids]

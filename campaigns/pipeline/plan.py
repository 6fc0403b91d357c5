"""Stage 4, plan: who would get what if a send started now, and why the others would not. Writes nothing."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q

from campaigns.models import Send
from campaigns.pipeline import audience


@dataclass(frozen=True, slots=True)
class Plan:
    """People by what would happen to them; the counts are exact at this moment."""

    people_count: int
    without_id_count: int
    already_received_count: int
    rate_per_second: int

    @property
    def to_send_count(self) -> int:
        """How many calls would be made."""
        return self.people_count - self.without_id_count - self.already_received_count

    @property
    def duration(self) -> timedelta:
        """How long the calls take at the account's rate."""
        return timedelta(seconds=self.to_send_count / self.rate_per_second)


def plan(send: Send) -> Plan:
    """Count the audience of a send that need not be saved."""
    rate = send.account.rate_per_second
    if send.kind != Send.Kind.CREATE:
        return Plan(audience.people_to_change(send).count(), 0, 0, rate)
    people = audience.matching(send).order_by().values("subscriber")
    with_id = people.filter(~Q(rokt_id=""))
    present = audience.who_have_it(send)
    counts = people.aggregate(
        people=Count("subscriber", distinct=True),
        with_id=Count("subscriber", distinct=True, filter=~Q(rokt_id="")),
    )
    return Plan(
        people_count=counts["people"],
        without_id_count=counts["people"] - counts["with_id"],
        already_received_count=present.filter(subscriber__in=with_id).count(),
        rate_per_second=rate,
    )

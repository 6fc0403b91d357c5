"""What is stored of the subscriptions that a batch of webhooks speaks of: read once, changed here, written once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max

from campaigns.importing.shared import TRAITS, Combination, Finder, home_of
from campaigns.inbound.notices_fate import Heard
from campaigns.models import Subscriber, Subscription, SubscriptionStatus, bulk
from campaigns.models.standing import settle
from campaigns.models.turns import turn_of

WHOSE = ("external_id", "workspace", "profile", "random_bucket")
OF_A_ROW = ("rokt_id", "suffix", "subscribed_at", "ended_at", "traits__account_code")
STATUS_FIELDS = ["subscriber", "traits", "subscribed_at", "ended_at", "told_at"]
SUBSCRIPTION_FIELDS = ["traits", "subscribed_at", "ended_at"]


@dataclass(slots=True)
class Line:
    """One subscription of a person; ``told_by`` is the account whose word alone made it, if Braze does not list it."""

    row: Subscription
    account_code: str
    told_by: int | None


class Stored:
    """The subscriptions that webhooks speak of, what each account has told of them, and the people they name."""

    def __init__(self, heard: Sequence[Heard]) -> None:
        """Read them; imports into the workspaces of these people wait until the transaction ends."""
        self.ids = {each.message.subscription_id for each in heard}
        self.names = {each.message.subscriber_id for each in heard} - {""}
        self.people = people(self.names)
        rows = listed_rows(self.ids)
        if wait_for_imports([*(row.subscriber for row in rows), *flat(self.people)]):
            self.people, rows = people(self.names), listed_rows(self.ids)  # as they are now
        self.statuses: dict[tuple[str, int], SubscriptionStatus] = {}
        self.said: dict[int, Combination] = {}  # how each status describes its subscription now
        self._read_statuses()
        self.all_lines: dict[str, list[Line]] = defaultdict(list)
        told = {(each.rokt_id, each.traits_id): each.account_id for each in self.statuses.values()}
        for row in rows:
            by = None if row.suffix else told.get((row.rokt_id.lower(), row.traits_id))
            self.all_lines[row.rokt_id.lower()].append(Line(row, row.traits.account_code, by))
        self.changed: list[Line] = []
        self.opened: list[tuple[str, int]] = []

    def _read_statuses(self, *, for_update: bool = False) -> None:
        rows = SubscriptionStatus.objects.filter(rokt_id__listed=self.ids).order_by("pk")
        rows = rows.select_for_update(of=("self",)) if for_update else rows
        for status in rows.select_related("traits") if self.ids else ():
            self.statuses[status.rokt_id, status.account_id] = status
            if known := status.traits:
                self.said[status.pk] = (*(getattr(known, name) for name in TRAITS), ())

    def open(self, heard: Sequence[Heard]) -> None:
        """Lock what is known of these, each with a status of its account; in one order, as all workers do."""
        at = {
            (each.message.subscription_id, each.row.account_id): each.row.received_at
            for each in reversed(heard)
        }
        self.ids, self.opened = {rokt_id for rokt_id, _account in at}, sorted(at)
        SubscriptionStatus.objects.bulk_create(
            (
                SubscriptionStatus(rokt_id=rokt_id, account_id=account_id, told_at=at[rokt_id, account_id])
                for rokt_id, account_id in sorted(at.keys() - self.statuses.keys())
            ),
            ignore_conflicts=True,
        )
        self._read_statuses(for_update=True)

    def lines(self, account_id: int, rokt_id: str) -> list[Line]:
        """Return a subscription's rows, without those that another account's word alone has made."""
        return [line for line in self.all_lines.get(rokt_id, ()) if line.told_by in (None, account_id)]

    def status(self, account_id: int, rokt_id: str) -> SubscriptionStatus:
        """Return what an account has told of a subscription."""
        return self.statuses[rokt_id, account_id]

    def describe(self, status: SubscriptionStatus, values: Combination) -> None:
        """Take over a description that is fuller than the one before."""
        if fullness(values) > fullness(self.said.get(status.pk, ())):
            self.said[status.pk] = values

    def add(self, status: SubscriptionStatus, person: Subscriber, *, email: str) -> None:
        """List a subscription that Braze does not, behind the others of its person, as imports keep it."""
        row = Subscription(
            subscriber=person,
            rokt_id=status.rokt_id,
            email=email,
            random_bucket=person.random_bucket,
            is_live=False,  # until it is settled
        )
        self.all_lines[status.rokt_id].append(Line(row, self.said[status.pk][0], status.account_id))

    def repeat(self, status: SubscriptionStatus) -> None:
        """Have the subscription's rows say what was told; of one that nobody describes, everybody's word counts."""
        everybody = [each for (rokt_id, _account), each in self.statuses.items() if rokt_id == status.rokt_id]
        for line in self.lines(status.account_id, status.rokt_id):
            voices = [status] if line.account_code else everybody
            row = line.row
            row.subscribed_at = min(
                filter(None, (each.subscribed_at for each in voices)), default=row.subscribed_at
            )
            row.ended_at = max(filter(None, (each.ended_at for each in voices)), default=row.ended_at)
            self.changed.append(line)

    def write(self) -> None:
        """Write what has become of all of them."""
        statuses = [self.statuses[key] for key in self.opened]
        ids = Finder().traits([self.said[each.pk] for each in statuses if each.pk in self.said])
        for status in statuses:
            status.traits_id = ids[self.said[status.pk]] if status.pk in self.said else None
        bulk.update(statuses, STATUS_FIELDS)
        for line in self.changed:
            if line.told_by:  # Braze's own word stays
                status = self.statuses[line.row.rokt_id.lower(), line.told_by]
                line.row.traits_id = status.traits_id or 0
        rows = {id(line): line.row for line in self.changed}.values()
        known = [row for row in rows if not row._state.adding]
        add([row for row in rows if row._state.adding])
        bulk.update(known, SUBSCRIPTION_FIELDS)
        settle({row.subscriber_id for row in rows})


def spellings(rokt_id: str) -> tuple[str, str]:
    """Return how Braze may list an id; other mixtures of letters no index would find."""
    return rokt_id.lower(), rokt_id.upper()


def listed_rows(rokt_ids: Collection[str]) -> list[Subscription]:
    """Return the rows of these subscriptions, with what they say and whose they are."""
    spelled = {spelling for rokt_id in rokt_ids for spelling in spellings(rokt_id)}
    rows = Subscription.objects.filter(rokt_id__listed=spelled).select_related("traits", "subscriber")
    whose = (f"subscriber__{name}" for name in WHOSE)
    return list(rows.only(*OF_A_ROW, *whose).order_by("pk")) if rokt_ids else []


def people(names: Collection[str]) -> dict[str, list[Subscriber]]:
    """Return user id -> who is known by it, in whatever workspace."""
    known: dict[str, list[Subscriber]] = {name: [] for name in names}
    found = Subscriber.objects.filter(external_id__listed=names).only(*WHOSE).order_by("pk")
    for person in found if names else ():
        known[person.external_id].append(person)
    return known


def flat(known: dict[str, list[Subscriber]]) -> Iterable[Subscriber]:
    """Return them all."""
    return (person for people in known.values() for person in people)


def wait_for_imports(whose: Iterable[Subscriber]) -> bool:
    """Take turns with imports, as they do among themselves: both write the subscriptions of people."""
    wanted = {person.workspace_id for person in whose}
    return bool(wanted) and bool(turn_of(wanted))


def add(rows: Sequence[Subscription]) -> None:
    """Store new rows, each at the last place of its person."""
    if not rows:
        return
    owners = [row.subscriber_id for row in rows]
    theirs = Subscription.objects.filter(subscriber__listed=owners).order_by()
    last = dict(theirs.values_list("subscriber").annotate(last=Max("position")))
    homes = Finder().homes([home_of(row.subscriber.profile) for row in rows])
    for row in rows:
        row.position = last[row.subscriber_id] = last.get(row.subscriber_id, -1) + 1
        row.home_id = homes[home_of(row.subscriber.profile)]
    Subscription.objects.bulk_create(rows)


def fullness(values: Combination) -> tuple[int, str]:
    """Return how much a description says; of two that say as much, one counts, always the same."""
    return sum(bool(value) for value in values), repr(values) if values else ""

"""One run: an audience, two sends, four workers and a clock, and everything that is done to them."""

import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

from django.conf import settings

from campaigns.models import Account, Delivery, Send, Subscriber, Subscription
from campaigns.models.clock import now
from campaigns.pipeline import compose
from tests.builders import (
    home_id,
    make_account,
    make_campaign,
    make_event,
    make_segment,
    make_send,
    make_user,
    make_workspace,
    traits_id,
)
from tests.chaos import report
from tests.chaos.acts import Night, patiently
from tests.chaos.door import Door
from tests.chaos.mischief import schedule
from tests.chaos.stack import Broker, Database
from tests.faults import invariants
from tests.sandbox_process import Sandbox
from tests.workers import Workers

WORKERS = 4
AT_ONCE, BURST, TOKEN_SECONDS = 32, 50, 15
SETTINGS = {"ANSWER_SECONDS": "1", "LEASE_SECONDS": "4", "SETTLE_SECONDS": "0.5", "TICK_SECONDS": "1"}
SLOWEST_RATE, SENDING_SECONDS = 150, 40
ACCOUNT, SECRET, EMAIL = "acme", token_hex(16), "@people.example"
OVER = (Send.State.FINISHED, Send.State.CANCELLED)
DEATHS = ("kill", "kill_child", "terminate", "freeze", "started again", "restart_database")
UNSETTLED = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.IN_DOUBT)


def make_people(count: int, *, calendar: str) -> None:
    """Store people with an e-mail address and one subscription each."""
    workspace, home = make_workspace(), home_id()
    traits = traits_id(account_code=ACCOUNT, calendar_code=calendar)
    people = Subscriber.objects.bulk_create(
        (
            Subscriber(
                workspace=workspace,
                external_id=f"{calendar}-{n}",
                first_name=f"Name {n}",
                email=f"{n}{EMAIL}",
            )
            for n in range(count)
        ),
        batch_size=1_000,
    )
    Subscription.objects.bulk_create(
        (
            Subscription(
                subscriber=person,
                position=0,
                rokt_id=f"06423672-b6ba-4536-aa36-{person.pk:012x}",
                traits_id=traits,
                home_id=home,
            )
            for person in people
        ),
        batch_size=1_000,
    )


class Stage:
    """Two sends: a large one that staff pause, and a small one that is updated, and its update cancelled."""

    def __init__(self, *, deliveries: int, url: str, policy: Account.WhenInDoubt) -> None:
        self.rate = max(SLOWEST_RATE, deliveries // SENDING_SECONDS)
        self.account = make_account(
            ACCOUNT,
            base_url=url,
            client_secret=SECRET,
            rate_per_second=self.rate,
            burst_count=BURST,
            at_once_count=AT_ONCE,
            when_in_doubt=policy,
        )
        self.staff = make_user()
        self.large = self._send("offers", deliveries)
        self.small = self._send("club", deliveries // 10)
        self.update: Send | None = None
        self.cancelled_at: datetime | None = None

    def _send(self, calendar: str, count: int) -> Send:
        make_people(count, calendar=calendar)
        rule = {
            "match": "all",
            "rules": [{"field": "calendar_code", "op": "is_any_of", "values": [calendar]}],
        }
        campaign = make_campaign(account=self.account, segment=make_segment(rule))
        return make_send(make_event(campaign, event_id=f"Event_{calendar}"))

    @property
    def sends(self) -> list[Send]:
        return [self.large, self.small, *([self.update] if self.update else [])]

    def share(self) -> float:
        """How much of the large send is final."""
        self.large.refresh_from_db()
        waiting = sum(self.large.books[state] for state in UNSETTLED)
        return 1 - waiting / self.large.audience_count if self.large.audience_count else 0.0

    def go_on(self) -> None:
        """Queue the update once the small send is through, and cancel it half way."""
        self.small.refresh_from_db()
        if self.update is None and self.small.state == Send.State.FINISHED:
            event = self.small.event
            event.title = "Winter sale"
            event.save()
            self.update = make_send(event, Send.Kind.UPDATE)
        if self.update is not None:
            self.update.refresh_from_db()
            waiting = self.update.queued_count
            if self.update.state == Send.State.SENDING and waiting < self.update.audience_count * 0.6:
                self._cancel(self.update)

    def _cancel(self, send: Send) -> None:
        with suppress(compose.NotPossibleError):  # it was through sooner
            compose.cancel(send, by=self.staff)
            self.cancelled_at = now()

    def is_over(self) -> bool:
        """Whether nothing is left to do but what people have to decide."""
        if self.update is None or any(send.state not in OVER for send in self.sends):
            return False
        rows = Delivery.objects.filter(send__in=self.sends, state__in=UNSETTLED)
        undecided = rows.filter(send=self.update, state=Delivery.State.IN_DOUBT, due_at=None)
        return rows.count() == undecided.count()


def run(
    *, seed: int, deliveries: int, stack: str, database: Database, broker: Broker, keep: Path
) -> report.Report:
    """Run one seed in the database that is connected, and say how it went."""
    policy = (Account.WhenInDoubt.VERIFY, Account.WhenInDoubt.RESEND)[seed % 2]
    with (
        Sandbox("--people=0", f"--token-seconds={TOKEN_SECONDS}", f"--client=a-client:{SECRET}") as rokt,
        Door(rokt.url) as door,
    ):
        settings.ROKT_HOSTS = [door.host]
        stage = Stage(deliveries=deliveries, url=f"http://{door.host}", policy=policy)
        environment = {
            **SETTINGS,
            "ROKT_HOSTS": door.host,
            "BROKER_URL": broker.url,
            "QUEUE_NAME": settings.CELERY_TASK_DEFAULT_QUEUE,
            "DATA_DIR": str(settings.DATA_DIR),
        }
        told = report.Report(seed=seed, stack=stack, deliveries=deliveries, policy=policy.value)
        with Workers(WORKERS, **environment) as workers:
            night = Night(
                send=stage.large,
                staff=stage.staff,
                database=database,
                broker=broker,
                rokt=rokt,
                door=door,
                workers=workers,
            )
            told.violations += live_through(night, stage, seed=seed, deliveries=deliveries, told=told)
            night.end()
            log = workers.log.read_text(errors="replace")
            shutil.copy(workers.log, keep / f"workers-{seed}.log")
        told.done = night.done
        (keep / f"story-{seed}.log").write_text("\n".join(told.story))
        told.look_at(stage, rokt)
        told.violations += broken(stage, rokt, log=log, told=told)
        return told


def live_through(night: Night, stage: Stage, *, seed: int, deliveries: int, told: report.Report) -> list[str]:
    """Do everything on the schedule, until nothing is left to send; return what went wrong on the way."""
    acts = deque(schedule(seed, deliveries=deliveries))
    started, looked_at, wrong = time.monotonic(), 0.0, list[str]()
    limit = 180 + deliveries / 50
    while acts or not patiently(stage.is_over):
        share = patiently(stage.share)
        if acts and share >= acts[0].share:
            told.tell(f"{share:4.0%} {acts[0]}")
            night.do(acts.popleft())
        patiently(stage.go_on)
        night.look_after()
        if time.monotonic() - looked_at > 1:
            looked_at = time.monotonic()
            wrong += patiently(lambda: invariants.imbalance(stage.sends))
            told.progress(share, time.monotonic() - started)
        if time.monotonic() - started > limit:
            told.seconds = time.monotonic() - started
            return [*wrong, f"not through within {limit:g} s: {patiently(lambda: report.state_of(stage))}"]
        time.sleep(0.05)
    told.seconds = time.monotonic() - started
    return wrong


def broken(stage: Stage, rokt: Sandbox, *, log: str, told: report.Report) -> list[str]:
    """Return the promises that were not kept."""
    deaths = sum(told.done[verb] for verb in DEATHS)
    failures = 10 + 2 * told.done["fault 401"] + 4 * told.done["fault 500"]
    most_tokens = told.seconds / (0.9 * TOKEN_SECONDS) + deaths + failures
    at_once = BURST + AT_ONCE * (WORKERS + told.done["freeze"])
    checks: list[Callable[[], None]] = [
        partial(invariants.assert_created_before_updated, rokt),
        partial(invariants.assert_rate_kept, rokt, rate=stage.rate, at_once=at_once),
        partial(invariants.assert_tokens_are_few, rokt, most=most_tokens),
        partial(invariants.assert_nothing_private, log, secrets=[SECRET, EMAIL, "Bearer "]),
        partial(_everybody_got_it, stage.large),
        partial(_everybody_got_it, stage.small),
    ]
    for send in stage.sends:
        kept = invariants.assert_nothing_lost_and_nothing_silently_doubled
        checks += [
            partial(kept, send, rokt, undecided=send == stage.update),
            partial(invariants.assert_accepted_means_told_so, send, rokt),
        ]
    if stage.update is not None and stage.cancelled_at is not None:
        checks.append(partial(invariants.assert_no_call_after, stage.update, stage.cancelled_at, rokt))
    return [str(error) for check in checks if (error := _error(check)) is not None]


def _everybody_got_it(send: Send) -> None:
    calendar = send.content["event_id"].removeprefix("Event_")
    people = Subscription.objects.filter(traits__calendar_code=calendar).count()
    assert send.audience_count == people, f"{people} people, {send.audience_count} in the books"
    others = send.deliveries.exclude(state__in=(Delivery.State.ACCEPTED, Delivery.State.CONFIRMED))
    found = list(others.values_list("external_id", "state", "reason", "detail")[:5])
    assert not found, f"{others.count()} did not get the event, and nothing was wrong with them: {found}"


def _error(check: Callable[[], None]) -> AssertionError | None:
    try:
        check()
    except AssertionError as error:
        return error
    return None

"""More than one machine: a host loses its network in the middle of a send, hears nothing any more, and comes back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Q

from campaigns.models import Account, Attempt, Event, Send
from tests.builders import make_account, make_campaign, make_event, make_segment, make_user
from tests.faults.conftest import make_crowd
from tests.faults.invariants import assert_nothing_lost_and_nothing_silently_doubled, posted
from tests.hosts import Host, HostWorkers, Network, broker, database_at, door, need_namespaces, postgresql
from tests.pipeline.running import queue
from tests.sandbox_process import Sandbox
from tests.workers import ROOT, database_url, wait_until

pytestmark = pytest.mark.skipif(settings.IS_SQLITE, reason="hosts share a database: PostgreSQL")

PEOPLE, RATE, BURST, AT_ONCE = 5_000, 250, 50, 16
ANSWER_SECONDS, LEASE_SECONDS, SILENCE_SECONDS = 2, 6, 4
SHORT = {
    "ANSWER_SECONDS": str(ANSWER_SECONDS),
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "SILENCE_SECONDS": str(SILENCE_SECONDS),
    "SETTLE_SECONDS": "0.5",
}
HOLD = """
from django.db import transaction
from campaigns.models import RateLimit
with transaction.atomic():
    RateLimit.objects.select_for_update().get()
    print("held", flush=True)
    input()
"""


class Place:
    """Two hosts with two workers and a clock each, and what they share: database, broker and Rokt."""

    def __init__(self, stack: ExitStack, rokt: Sandbox, event: Event) -> None:
        self.rokt, self.event, self.stack = rokt, event, stack
        self.send: Send | None = None
        self.workers: dict[Host, HostWorkers] = {}

    def sent(self) -> int:
        assert self.send
        self.send.refresh_from_db()
        return self.send.accepted_count + self.send.confirmed_count

    def has_sent(self, count: int) -> bool:
        return self.sent() >= count

    def finished(self) -> bool:
        assert self.send
        self.send.refresh_from_db()
        return self.send.state == Send.State.FINISHED

    def busiest(self) -> Host:
        """The host that has the most connections to the database: cutting off an idle one would prove nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT host(client_addr) FROM pg_stat_activity WHERE client_addr IS NOT NULL")
            found = [address for (address,) in cursor.fetchall()]
        return max(self.workers, key=lambda host: found.count(host.address))

    def end(self, host: Host) -> None:
        """End every process on a host."""
        self.workers.pop(host).__exit__(None, None, None)

    def in_a_transaction(self, host: Host) -> None:
        """Leave a process on a host in the middle of a transaction that holds the account's rate."""
        process = self.stack.enter_context(
            subprocess.Popen(
                [*host.inside, sys.executable, "manage.py", "shell", "--no-imports", "-c", HOLD],
                cwd=ROOT,
                env=self.workers[host].environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        self.stack.callback(process.kill)
        assert process.stdout
        assert process.stdout.readline() == b"held\n"


@pytest.fixture(scope="module")
def network(django_db_setup, django_db_blocker) -> Iterator[Network]:
    """A network whose near end has an empty database, which everything here uses."""
    need_namespaces()
    with django_db_blocker.unblock(), Network() as network, postgresql() as url:
        copy_tables(url)
        with database_at(url):
            yield network


def copy_tables(to: str) -> None:
    """Spare a new database the migrations that the one under test has been through: they take as long as a test."""
    command = ["pg_dump", "--no-owner", "--no-privileges", database_url()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as dump:
        subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", to],
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    assert dump.returncode == 0


@pytest.fixture
def place(network, settings) -> Iterator[Place]:
    call_command("flush", interactive=False, verbosity=0)
    with ExitStack() as stack:
        rokt = stack.enter_context(Sandbox())
        near = urlsplit(rokt.url).netloc
        settings.ROKT_HOSTS = [near]
        far = stack.enter_context(door(near))
        account = make_account(
            "acme", base_url=rokt.url, rate_per_second=RATE, burst_count=BURST, at_once_count=AT_ONCE
        )
        event = make_event(make_campaign(account=account, segment=make_segment()), event_id="Event_0001")
        place = Place(stack, rokt, event)
        environment = {
            "ROKT_HOSTS": near,
            "BROKER_URL": stack.enter_context(broker()),
            "QUEUE_NAME": f"test-{uuid4().hex}",
            **SHORT,
        }
        for host in (stack.enter_context(network.host()) for _ in range(2)):
            stack.enter_context(door(far, at=near, inside=host.inside))
            place.workers[host] = stack.enter_context(HostWorkers(host, 2, **environment))
        yield place


def busy(place: Place, *, people: int, sent: int) -> Host:
    """Queue a send, wait until so many have it, and return the host that does the most."""
    make_crowd(people)
    place.send = queue(place.event, make_user())
    wait_until(partial(place.has_sent, sent), seconds=90, what=f"{sent} people")
    return place.busiest()


def test_a_host_that_is_cut_off_and_comes_back_costs_nothing_but_time(place):
    host = busy(place, people=PEOPLE, sent=PEOPLE // 5)

    host.cut()
    cut_at, before = time.monotonic(), place.sent()
    enough = before + 2 * (BURST + len(place.workers) * AT_ONCE)  # more than what was on its way
    wait_until(partial(place.has_sent, enough), seconds=60, what="the other host going on")
    wait_until(lambda: time.monotonic() > cut_at + LEASE_SECONDS + 3, seconds=60, what="the lease to run out")
    host.mend()
    wait_until(place.finished, seconds=120, what="the end of the send")

    assert place.sent() == PEOPLE
    assert_nothing_lost_and_nothing_silently_doubled(place.send, place.rokt)
    most = most_in_a_second(place.rokt)
    assert most <= RATE + BURST + 4 * AT_ONCE, "a worker may be late with a batch it was granted, and no more"
    doubled = sum(count > 1 for count in posted(place.rokt).values())
    assert doubled <= Attempt.objects.filter(Q(outcome=Attempt.Outcome.UNKNOWN) | Q(is_late=True)).count()


def test_a_host_cut_off_in_a_transaction_does_not_keep_the_others_waiting(place):
    Account.objects.update(
        rate_per_second=20, burst_count=10
    )  # or all of it might be sent before anybody is cut off
    busy(place, people=PEOPLE, sent=30)  # a slow machine takes its time until somebody is in a transaction
    host, _other = place.workers
    place.in_a_transaction(host)

    host.cut()
    before = place.sent()
    wait_until(partial(place.has_sent, before + 100), seconds=60, what="the other host going on")

    assert before + 100 <= place.sent() < PEOPLE, "while the host is still cut off"


def test_a_host_whose_connections_are_dead_for_ever_works_again(place):
    host = busy(place, people=1_500, sent=200)
    other = next(one for one in place.workers if one is not host)

    host.cut()
    host.move(99)
    place.end(other)
    wait_until(place.finished, seconds=120, what="the end of the send, by the host that was cut off")

    assert place.sent() == 1_500
    assert_nothing_lost_and_nothing_silently_doubled(place.send, place.rokt)


def most_in_a_second(rokt: Sandbox) -> int:
    """The most creates that Rokt got within one second, wherever that begins."""
    times, after = [], 0
    while lines := rokt.log(after=after):
        after = lines[-1]["n"]
        times += [
            datetime.fromisoformat(line["at"]).timestamp()
            for line in lines
            if line["method"] == "POST" and line["path"].startswith("/v1/subscriptionevent")
        ]
    first, most = 0, 0
    for last, moment in enumerate(times):
        while moment - times[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most

"""The sample data of the demo: accounts, staff, people, segments, campaigns, and one send that is really sent."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, User
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import importing, tasks
from campaigns.models import Account, Campaign, Event, Import, Segment, Send, Sync, Workspace
from campaigns.models.roles import ROLES
from campaigns.pipeline import compose, dryrun
from integrations.sandbox.people import write_export

PASSWORD = "demo"  # noqa: S105 - a demo on loopback, as the greeting says
PEOPLE_COUNT = 2_400
SEGMENT_ID = "9a1c3f52-7d0e-4b7a-8f43-2c5e6d7b8a90"  # as the sandbox has it
SEGMENT_NAME = "Everyone with a calendar"

ACCOUNTS = (
    {"code": "acme-events", "name": "ACME Events", "timezone": "Eastern Standard Time"},
    {"code": "northwind", "name": "Northwind Club", "timezone": "GMT Standard Time", "needs_approval": True},
)
# Sent at a rate that a person can watch.
LIMITS = {"rate_per_second": 500, "burst_count": 100, "at_once_count": 64}

SEGMENTS = {
    "Summer sale, opted in": [
        {"field": "calendar_code", "op": "is_any_of", "values": ["summer-sale"]},
        {"field": "opt_in_1", "op": "is_true"},
    ],
    "Match days": [{"field": "calendar_code", "op": "is_any_of", "values": ["match-days"]}],
    "Northwind, VIP": [
        {"field": "account_code", "op": "is_any_of", "values": ["northwind"]},
        {"field": "tags", "op": "has_any_of", "values": ["VIP/Gold", "VIP/Silver"]},
    ],
}


class InUseError(Exception):
    """The database holds somebody's work; the demo does not mix with it."""


def make(*, sandbox: str) -> None:
    """Make what is missing of the sample data; ``sandbox`` is the address that stands in for Rokt.

    May be interrupted and called again. Raises ``InUseError`` before anything is written.
    """
    is_ours = Account.objects.filter(code=ACCOUNTS[0]["code"]).exists()
    if not is_ours and (User.objects.exists() or Account.objects.exists()):
        raise InUseError(_("This database is in use. The demo needs one of its own: unset DATABASE_URL."))
    for account in ACCOUNTS:
        make_account(sandbox, **account)
    for role in ROLES:
        make_user(role)
    import_people(sandbox)
    for name, conditions in SEGMENTS.items():
        rule = {"match": "all", "rules": conditions}
        Segment.objects.get_or_create(name=name, defaults={"rule": rule, "created_by": staff("marketer")})
    make_campaigns()


def staff(role: str) -> User:
    """Return the sample person of a role."""
    return User.objects.get(username=role)


def make_account(sandbox: str, *, code: str, **columns: Any) -> None:
    """Make an account; its address follows the sandbox, which may have moved since the last time."""
    secrets = {"client_id": f"{code}-demo", "client_secret": "demo"}
    Account.objects.update_or_create(
        code=code,
        defaults={"base_url": sandbox},
        create_defaults={"base_url": sandbox, **secrets, **LIMITS, **columns},
    )


def make_user(role: str) -> None:
    """Make the member of staff who is called like their role."""
    user, is_new = User.objects.get_or_create(username=role, defaults={"is_staff": True})
    if is_new:
        user.set_password(PASSWORD)
        user.save()
        user.groups.add(Group.objects.get(name=role))


def import_people(sandbox: str) -> None:
    """Bring the people in the way staff do: a Braze export is uploaded and read. A sync would bring the same."""
    workspace, _is_new = Workspace.objects.update_or_create(
        name="Braze (sample)",
        defaults={"rest_endpoint": sandbox},
        create_defaults={"rest_endpoint": sandbox, "rest_key": "demo"},
    )
    Sync.objects.get_or_create(
        workspace=workspace, defaults={"segment_id": SEGMENT_ID, "segment_name": SEGMENT_NAME}
    )
    if Import.objects.filter(workspace=workspace, state=Import.State.FINISHED).exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "sample-export.zip"
        write_export(export, people=PEOPLE_COUNT)
        importing.run(importing.start(export, workspace=workspace, by=staff("marketer")).pk)


def make_campaigns() -> None:
    """Make two campaigns to play with, and one that is on its way when the demo opens."""
    make_event(
        make_campaign("Summer sale", "acme-events", "Summer sale, opted in"),
        event_id="Event_0001",
        title="{{${first_name} | default: 'Friend'}}, the sale opens early for you",
        description="Your {{custom_attribute.${loyalty_tier} | default: 'bronze'}} card opens the door an hour early.",
        location="All shops",
        start_local=in_days(30, hour=8),
    )
    make_event(
        make_campaign("VIP tasting night", "northwind", "Northwind, VIP"),
        event_id="Tasting-1",
        title="Cheese and coffee with the makers",
        description="Hello {{${first_name} | default: 'there'}}, we have kept a seat for you.",
        location="Northwind House, 3 Dock Road",
        start_local=in_days(21, hour=19),
        timezone="GMT Standard Time",
    )
    opener = make_event(
        make_campaign("Season opener", "acme-events", "Match days"),
        event_id="Match-1",
        title="Season opener: be there, {{${first_name} | default: 'fan'}}!",
        description="Gates open an hour before kick-off.",
        location="ACME Arena",
        start_local=in_days(14, hour=18),
    )
    if not opener.sends.exists():
        queue_now(opener)


def make_campaign(name: str, account: str, segment: str) -> Campaign:
    """Return the campaign of this name."""
    campaign, _is_new = Campaign.objects.get_or_create(
        name=name,
        account=Account.objects.get(code=account),
        defaults={"segment": Segment.objects.get(name=segment), "created_by": staff("marketer")},
    )
    return campaign


def make_event(campaign: Campaign, *, event_id: str, start_local: datetime, **columns: Any) -> Event:
    """Return the event of this id, two hours long where it is new."""
    event = campaign.events.filter(event_id=event_id).first()
    if event is None:
        times = {"start_local": start_local, "end_local": start_local + timedelta(hours=2)}
        zone = {"timezone": campaign.account.timezone}
        event = compose.save_event(Event(campaign=campaign, event_id=event_id, **times, **zone | columns))
    return event


def queue_now(event: Event) -> None:
    """Queue a new event for everybody in its segment, as the marketer would; the worker takes it from here."""
    send = compose.draft(event, Send.Kind.CREATE)
    by = staff("marketer")
    dryrun.run(dryrun.ask(send, by=by).pk)
    compose.queue(send, by=by, scheduled_at=timezone.now(), submit_token=uuid4())
    tasks.look_now()


def in_days(days: int, *, hour: int) -> datetime:
    """Return a wall time so many days from today."""
    return datetime.combine(timezone.now() + timedelta(days=days), datetime.min.time()).replace(hour=hour)

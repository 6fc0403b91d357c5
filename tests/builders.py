"""Plain builders: one row of each table, with everything filled in that a test does not care about."""

import itertools
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import F
from django.test import Client
from django.utils import timezone

from campaigns.importing.shared import TRAITS, Finder, home_of, traits_of
from campaigns.models import (
    Account,
    Attempt,
    Campaign,
    Delivery,
    Entry,
    Event,
    Import,
    PersonList,
    PersonListMember,
    Segment,
    Send,
    Subscriber,
    Subscription,
    WebhookTemplate,
    WebhookVersion,
    Workspace,
)
from campaigns.pipeline import compose, dryrun
from campaigns.pipeline.render import WebhookText
from integrations.braze.profile import Values

EVERYONE: dict[str, Any] = {"match": "all", "rules": []}
WEBHOOK_TOKEN = (
    "Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post :basic_auth rokt"
    " :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
)
WEBHOOK_BODY = """{
  "event": {
    "eventId": "Event_0001_{{${user_id}}}",
    "title": "For {{${first_name}}}",
    "start": "2027-02-21T15:00:00",
    "end": "2027-02-21T16:00:00",
    "timezone": "Eastern Standard Time",
    "notifyBefore": "15"
  },
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id} | join: '","'}}"]
}"""
_numbers = itertools.count(1)


def make_user(role: str = "marketer", *, username: str = "") -> User:
    """Make a member of staff; ``role`` is one of auditor, marketer, approver and admin, or "" for none."""
    user = User.objects.create_user(username or f"{role or 'nobody'}-{next(_numbers)}", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_client(role: str = "marketer") -> Client:
    """Return a browser in which somebody of this role has signed in (``client.user``)."""
    client = Client()
    client.user = make_user(role)  # type: ignore[attr-defined]  # a test asks who clicked
    client.force_login(client.user)  # type: ignore[attr-defined]  # as above
    return client


def make_account(code: str = "", **columns: Any) -> Account:
    """Make an account that could send."""
    code = code or f"account-{next(_numbers)}"
    defaults = {"name": f"{code.title()} account", "client_id": "a-client", "client_secret": "a-secret"}
    return Account.objects.create(code=code, **{**defaults, **columns})


def make_workspace(**columns: Any) -> Workspace:
    """Make a Braze workspace."""
    return Workspace.objects.create(**{"name": f"Workspace {next(_numbers)}", **columns})


def make_subscriber(external_id: str = "", **columns: Any) -> Subscriber:
    """Make a person without subscriptions."""
    if "workspace" not in columns:
        columns["workspace"] = Workspace.objects.first() or make_workspace()
    defaults = {"external_id": external_id or f"user-{next(_numbers)}", "first_name": "Ada"}
    return Subscriber.objects.create(**{**defaults, **columns})


def make_subscription(
    subscriber: Subscriber | None = None, account: Account | None = None, **columns: Any
) -> Subscription:
    """Make a subscription that can receive events; ``tags`` takes names."""
    subscriber = subscriber or make_subscriber()
    number = next(_numbers)
    defaults = {
        "position": subscriber.subscriptions.count(),
        "suffix": f"{number:012x}",
        "rokt_id": f"06423672-b6ba-4536-aa36-{number:012x}",
    }
    mine = {name: columns.pop(name) for name in (*TRAITS, "tags") if name in columns}
    described = {"calendar_code": "offers", "calendar_title": "Offers"} | mine
    if account and "account_code" not in described:
        described["account_code"] = account.code
    repeated = {
        "traits_id": traits_id(**described),
        "home_id": home_id(subscriber.profile),
        "random_bucket": subscriber.random_bucket,
        "is_live": subscriber.may_receive and not columns.get("ended_at"),
    }
    return Subscription.objects.create(subscriber=subscriber, **{**defaults, **repeated, **columns})


def traits_id(*, tags: Iterable[str] = (), **columns: Any) -> int:
    """Find or make the traits with these values."""
    values = traits_of(Values(position=0, tags=tuple(tags), **columns))
    return Finder().traits([values])[values]


def home_id(profile: dict[str, Any] | None = None) -> int:
    """Find or make the home that a Liquid profile names."""
    values = home_of(profile or {})
    return Finder().homes([values])[values]


def make_segment(rule: dict[str, Any] | None = None, **columns: Any) -> Segment:
    """Make a segment, of everyone unless ``rule`` says otherwise."""
    defaults = {"name": f"Segment {next(_numbers)}", "rule": EVERYONE if rule is None else rule}
    return Segment.objects.create(**{**defaults, **columns})


def make_list(name: str, *external_ids: str) -> PersonList:
    """Create a list of user ids."""
    people = PersonList.objects.create(name=name, people_count=len(external_ids))
    PersonListMember.objects.bulk_create(
        PersonListMember(list=people, external_id=each) for each in external_ids
    )
    return people


def make_campaign(**columns: Any) -> Campaign:
    """Make a campaign for everyone, with an account of its own unless one is given."""
    defaults: dict[str, Any] = {"name": f"Campaign {next(_numbers)}"}
    defaults["account"] = columns.pop("account", None) or make_account()
    defaults["segment"] = columns.pop("segment") if "segment" in columns else make_segment()
    return Campaign.objects.create(**{**defaults, **columns})


def in_days(days: int, hour: int = 15) -> datetime:
    """Return a wall time so many days from today."""
    return datetime.combine(timezone.now().date() + timedelta(days=days), datetime.min.time()).replace(
        hour=hour
    )


def make_event(campaign: Campaign | None = None, **columns: Any) -> Event:
    """Make an event of one hour, thirty days from now, in New York."""
    campaign = campaign or make_campaign()
    start = columns.pop("start_local", None) or in_days(30)
    defaults = {
        "campaign": campaign,
        "account": campaign.account,
        "event_id": f"Event-{next(_numbers):04}",
        "title": "Summer sale",
        "description": "Three days only.",
        "location": "Open for 50 % off",
        "start_local": start,
        "end_local": start + timedelta(hours=1),
        "timezone": "Eastern Standard Time",
    }
    return Event.objects.create(**{**defaults, **columns})


def make_raw_event(campaign: Campaign | None = None, **texts: WebhookText) -> Event:
    """Make an event whose calls webhooks make, by kind: ``create=…``, ``update=…``; read as it would be saved."""
    campaign = campaign or make_campaign()
    event = Event(campaign=campaign, account=campaign.account)
    compose.read_event(campaign, texts["create"]).fill(event)
    return compose.save_raw_event(event, texts, origins={})


def make_send(event: Event | None = None, kind: Send.Kind = Send.Kind.CREATE, **columns: Any) -> Send:
    """Make a scheduled send of an event, due now; its audience is not frozen yet."""
    send = compose.draft(event or make_event(), kind)
    defaults = {"state": Send.State.SCHEDULED, "scheduled_at": timezone.now()}
    for name, value in {**defaults, **columns}.items():
        setattr(send, name, value)
    send.save()
    return send


def checked(send: Send, *, by: User | None = None) -> Send:
    """Check everybody of a drafted send, so that it may be queued; returns the draft."""
    dryrun.run(dryrun.ask(send, by=by).pk)
    return send


def make_delivery(
    send: Send | None = None, state: Delivery.State = Delivery.State.ACCEPTED, **columns: Any
) -> Delivery:
    """Make one delivery of a running send and enter it into the books; a person comes along unless given."""
    send = send or make_send(state=Send.State.SENDING, started_at=timezone.now())
    person = columns.pop("subscriber") if "subscriber" in columns else make_subscriber()
    defaults = {"subscriber": person, "external_id": person.external_id if person else "erased"}
    if state == Delivery.State.SENDING:
        defaults |= {"lease_token": uuid.uuid4(), "lease_until": timezone.now() + timedelta(minutes=2)}
    defaults |= {"subscriptions": "0:06423672-b6ba-4536-aa36-70788a7a0a36", "changed_at": timezone.now()}
    made = Delivery.objects.create(send=send, state=state, **{**defaults, **columns})
    name = f"{state.value}_count"
    Send.objects.filter(pk=send.pk).update(**{"audience_count": F("audience_count") + 1, name: F(name) + 1})
    send.refresh_from_db()
    return made


def make_attempt(
    delivery: Delivery | None = None, outcome: str = Attempt.Outcome.ACCEPTED, **columns: Any
) -> Attempt:
    """Make one call for a delivery, answered now unless ``outcome`` is "" (open)."""
    delivery = delivery or make_delivery()
    at = timezone.now()
    defaults = {
        "number": delivery.attempts.count() + 1,
        "operation": Attempt.Operation.CREATE,
        "method": "POST",
        "url": "https://api.roktcalendar.com/v1/subscriptionevent/shop",
        "body": '{"event":{"eventId":"Event_0001_ada","title":"Summer sale"},"subscriptionIds":["a"]}',
        "lease_token": uuid.uuid4(),
        "opened_at": at,
        "closed_at": at if outcome else None,
        "elapsed_ms": 180 if outcome else None,
        "status": 202 if outcome == Attempt.Outcome.ACCEPTED else None,
    }
    return Attempt.objects.create(delivery=delivery, outcome=outcome, **{**defaults, **columns})


def make_entry(delivery: Delivery, **columns: Any) -> Entry:
    """Put the event of a delivery on its person's calendar."""
    defaults = {
        "event": delivery.send.event,
        "subscriber": delivery.subscriber,
        "subscriptions": delivery.subscriptions,
        "body": '{"eventId":"Event_0001_ada","title":"Summer sale"}',
        "accepted_at": timezone.now(),
    }
    return Entry.objects.create(**{"delivery": delivery, **defaults, **columns})


def make_import(**columns: Any) -> Import:
    """Make an import that waits."""
    workspace = columns.pop("workspace", None) or Workspace.objects.first() or make_workspace()
    defaults = {"file_name": "export.zip", "path": "/nowhere/export", "byte_count": 1_000}
    return Import.objects.create(workspace=workspace, **{**defaults, **columns})


def make_version(template: WebhookTemplate, **columns: Any) -> WebhookVersion:
    """Make the next version of a webhook template: an event whose title is a first name."""
    template.version += 1
    template.save()
    defaults = {
        "url": "https://api.roktcalendar.com/v1/subscriptionevent/shop",
        "headers": [["Authorization", WEBHOOK_TOKEN], ["Content-Type", "application/json"]],
        "body": WEBHOOK_BODY,
    }
    return WebhookVersion.objects.create(
        template=template, number=template.version, **{**defaults, **columns}
    )


def make_webhook_template(**columns: Any) -> WebhookTemplate:
    """Make a webhook template with one version; ``url``, ``method``, ``headers`` and ``body`` go into that."""
    text = {name: columns.pop(name) for name in ("method", "url", "headers", "body") if name in columns}
    template = WebhookTemplate.objects.create(**{"name": f"Template {next(_numbers)}", **columns})
    make_version(template, **text)
    return template

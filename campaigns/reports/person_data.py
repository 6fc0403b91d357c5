"""All that is held of one person, under names that people can read: for the person, who may ask for it."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Model, QuerySet

from campaigns.models import (
    DryRunPerson,
    Entry,
    ImportProblem,
    Notice,
    PersonList,
    PersonListMember,
    SavedRecipient,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Traits,
)

HIDDEN = {"id", "digest", "fingerprint", "key", "lease_token", "lease_until", "subscriber", "delivery"}


def everything(person: Subscriber, *, notices: Collection[int]) -> dict[str, Any]:
    """Return what is held of a person; ``notices`` are the webhooks of Rokt's that name them."""
    return {
        "person": {**_row(person), "workspace": person.workspace.name},
        "subscriptions": [_subscription(row) for row in _subscriptions(person)],
        "custom_events": _rows(person.events.order_by("at", "pk")),
        "told_by_rokt": [_status(row) for row in person.subscription_statuses.select_related("traits")],
        "on_the_calendar": [_entry(row) for row in _entries(person)],
        "deliveries": _deliveries(person),
        "webhooks_from_rokt": _rows(Notice.objects.filter(pk__in=notices).order_by("pk")),
        "test_recipient_for": _rows(SavedRecipient.objects.filter(subscriber=person)),
        "findings_of_dry_runs": _findings(person),
        "import_problems": _rows(
            ImportProblem.objects.filter(batch__workspace=person.workspace_id, external_id=person.external_id)
        ),
        "in_lists": _lists(person),
        "done_by_staff": _rows(person.actions.order_by("pk")),
    }


def _row(row: Model) -> dict[str, Any]:
    """Return the columns of a row by their names; numbers that only a database understands are left out."""
    return {
        field.name: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if field.name not in HIDDEN
    }


def _rows(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _subscriptions(person: Subscriber) -> QuerySet[Subscription]:
    related = person.subscriptions.select_related("traits", "home")
    return related.prefetch_related("traits__tags").order_by("position")


def _traits(traits: Traits | None) -> dict[str, Any]:
    return _row(traits) if traits else {}


def _subscription(row: Subscription) -> dict[str, Any]:
    tags = [tag.name for tag in row.traits.tags.all()]
    return {**_row(row), "traits": {**_traits(row.traits), "tags": tags}, "home": _row(row.home)}


def _status(row: SubscriptionStatus) -> dict[str, Any]:
    return {**_row(row), "traits": _traits(row.traits)}


def _entries(person: Subscriber) -> QuerySet[Entry]:
    return Entry.objects.filter(subscriber=person).select_related("event").order_by("pk")


def _entry(row: Entry) -> dict[str, Any]:
    return {**_row(row), "event": row.event.event_id}


def _deliveries(person: Subscriber) -> list[dict[str, Any]]:
    rows = person.deliveries.select_related("send__event").defer("send__content", "send__rule")
    return [
        {
            **_row(row),
            "number": row.pk,
            "event": row.send.event.event_id,
            "calls": _rows(row.attempts.all()),
        }
        for row in rows.prefetch_related("attempts").order_by("pk")
    ]


def _findings(person: Subscriber) -> list[dict[str, Any]]:
    found = DryRunPerson.objects.filter(subscriber=person).order_by("pk")
    return [
        {"dry_run": run, "finding": text, "detail": detail}
        for run, text, detail in found.values_list("cause__dry_run", "cause__text", "detail")
    ]


def _lists(person: Subscriber) -> list[str]:
    lists = list(PersonList.objects.values_list("pk", flat=True))  # few, and each is found by its index
    members = PersonListMember.objects.filter(list__in=lists, external_id=person.external_id)
    return list(members.order_by("list__name").values_list("list__name", flat=True))

"""What is stored of people: found for a batch with one narrow question, and written where it has changed."""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from campaigns.importing import rows, subscriptions
from campaigns.importing.change import Change, Known
from campaigns.importing.document import dumps
from campaigns.importing.fingerprint import HALF, MARK, name_of, name_of_profile
from campaigns.importing.shared import Finder
from campaigns.importing.subscriptions import Owner
from campaigns.models import Subscriber
from campaigns.models.clock import now

STATE = ("id", "fingerprint", "is_active", "left_at", "is_suppressed", "subscribed_at", "random_bucket")
CONTENT = (
    "first_name",
    "last_name",
    "email",
    "profile",
    "fingerprint",
    "random_bucket",
    "subscribed_at",
    "changed_at",
)
NEW = (
    "id",
    "workspace_id",
    "external_id",
    "is_active",
    "is_suppressed",
    "created_at",
    *CONTENT,
    "attributes",
)


def known(workspace_id: int, external_ids: Collection[str]) -> dict[str, Known]:
    """Return user id -> what is stored, for those who are there."""
    found = {each: state for each, *state in rows.find(workspace_id, external_ids, "external_id", *STATE)}
    nameless = {state[0] for state in found.values() if not state[1]}
    names = dict(named(nameless)) if nameless else {}
    return {
        external_id: Known(
            id=pk,
            profile=(fingerprint or names[pk])[:HALF],
            attributes=(fingerprint or names[pk])[HALF : 2 * HALF],
            is_marked=not fingerprint or fingerprint.endswith(MARK),
            is_named=fingerprint != "",
            has_left=not is_active and left_at is not None,
            is_suppressed=is_suppressed,
            subscribed_at=subscribed_at,
            random_bucket=random_bucket,
        )
        for external_id, (
            pk,
            fingerprint,
            is_active,
            left_at,
            is_suppressed,
            subscribed_at,
            random_bucket,
        ) in found.items()
    }


def named(pks: Collection[int]) -> Iterator[tuple[int, str]]:
    """Yield (id, fingerprint) of people who were stored without one, from what is stored."""
    texts = (Cast("profile", TextField()), Cast("attributes", TextField()))
    found = Subscriber.objects.filter(pk__listed=pks).order_by()
    columns = ("id", "first_name", "last_name", "email", *texts)
    for pk, first_name, last_name, email, profile, attributes in found.values_list(*columns):
        content = (dumps(json.loads(profile)), dumps(json.loads(attributes)))
        yield pk, name_of_profile(first_name, last_name, email, content[0]) + name_of(content[1])


def rename(changes: Sequence[Change]) -> None:
    """Give these people, who are otherwise unchanged, their fingerprints."""
    rows.update(
        Subscriber,
        ["fingerprint"],
        [(change.fingerprint, change.before.id) for change in changes if change.before],
    )


def write(workspace_id: int, changes: Collection[Change], finder: Finder) -> None:
    """Write these people and their subscriptions."""
    new = [change for change in changes if change.before is None]
    old = [change for change in changes if change.before is not None]
    owners = [*overwrite(old), *insert(workspace_id, new)]
    if owners:
        subscriptions.write(owners, finder)


def insert(workspace_id: int, changes: Sequence[Change]) -> Iterator[Owner]:
    """Insert people, and yield whose subscriptions are to be written."""
    if not changes:
        return
    pks = rows.next_ids(Subscriber, len(changes))
    at = rows.adapted(now())
    people = (
        (
            *(pk, workspace_id, change.person.external_id, True, change.is_banned, at),
            *content(change, at),
            change.person.attributes or "{}",
        )
        for pk, change in zip(pks, changes, strict=True)
    )
    rows.insert(Subscriber, NEW, people)
    for pk, change in zip(pks, changes, strict=True):
        yield owner(pk, change, may_receive=not change.is_banned, is_new=True)


def overwrite(changes: Sequence[Change]) -> Iterator[Owner]:
    """Overwrite people, and yield whose subscriptions are to be brought in step."""
    if not changes:
        return
    before = {change.before.id: change for change in changes if change.before}
    standing = rows.locked(before)
    at = rows.adapted(now())
    loud = {
        pk: change
        for pk, change in before.items()
        if change.person.attributes and change.has_other_attributes
    }
    quiet = {pk: change for pk, change in before.items() if pk not in loud}
    texts = [(*content(change, at), change.person.attributes, pk) for pk, change in loud.items()]
    rows.update(Subscriber, (*CONTENT, "attributes"), texts)
    rows.update(Subscriber, CONTENT, [(*content(change, at), pk) for pk, change in quiet.items()])
    back = [pk for pk, change in before.items() if change.before and change.before.has_left]
    banned = [pk for pk, change in before.items() if change.is_banned]
    welcome_back(back)
    ban(banned)
    for pk, (is_active, is_suppressed) in (rows.locked(before) if back or banned else standing).items():
        yield owner(pk, before[pk], may_receive=is_active and not is_suppressed, is_new=False)


def content(change: Change, at: str | None) -> tuple[Any, ...]:
    """Return the values of ``CONTENT``."""
    person = change.person
    return (
        person.first_name,
        person.last_name,
        person.email,
        person.profile,
        change.fingerprint,
        change.random_bucket,
        rows.adapted(change.subscribed_at),
        at,
    )


def owner(pk: int, change: Change, *, may_receive: bool, is_new: bool) -> Owner:
    """Return what a person's subscriptions rest on; attributes that the export left out leave them as they are."""
    person = change.person
    listed = None if change.keeps_attributes else person.subscriptions
    return Owner(pk, listed, person.home, change.random_bucket, change.subscribed_at, may_receive, is_new)


def welcome_back(pks: Collection[int]) -> None:
    """Make those active again who had left; whom staff set aside has not left."""
    if pks:
        gone = Subscriber.objects.filter(pk__listed=pks, is_active=False, left_at__isnull=False)
        gone.update(is_active=True, left_at=None)


def ban(pks: Collection[int]) -> None:
    """Mark those who must not get anything."""
    if pks:
        Subscriber.objects.filter(pk__listed=pks).update(is_suppressed=True)

"""Whom a list of user ids means: found once and remembered as keys, since a million texts are slow to compare.

Which people were looked for already, a list knows by their highest key; those who came later are asked by their user
id until their turn comes. So a rule is right at any moment, and remembering more only makes it faster.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min, QuerySet

from campaigns.models import PersonList, PersonListMatch, PersonListMember, Subscriber, Workspace
from campaigns.models.turns import be_patient, turn_of_all

STEP_COUNT: Final = 20_000  # people who are looked for while nobody else may write people
PATIENCE_SECONDS: Final = 1.0  # for whoever writes people


def those_on(lists: Collection[int]) -> list[tuple[QuerySet[Any, Any], str]]:
    """Return rows that name the people who are on any of these lists, and the column, of each kind of row."""
    remembered = PersonListMatch.objects.filter(list__in=lists), "subscriber"
    looked_for_to = PersonList.objects.filter(pk__in=lists).aggregate(least=Min("matched_to"))["least"]
    if looked_for_to is None or looked_for_to >= _newest():
        return [remembered]
    members = PersonListMember.objects.filter(list__in=lists).order_by().values("external_id")
    later = Subscriber.objects.filter(pk__gt=looked_for_to, external_id__in=members)
    return [remembered, (later, "pk")]


def behind() -> QuerySet[PersonList]:
    """Return the lists in which not everybody has been looked for."""
    return PersonList.objects.filter(matched_to__lt=_newest()).order_by("pk")


def look_again_from_the_newest() -> None:
    """Let no list say that it has looked beyond the newest person: SQLite may give out such a key again."""
    newest = _newest()
    PersonList.objects.filter(matched_to__gt=newest).update(matched_to=newest)


def match(*, seconds: float) -> None:
    """Look for people in the lists, for about so long; any number may do so at once, and any may be killed.

    Who writes people for long, such as a freeze, is not waited for: asking by user id does for the time being.
    """
    until = time.monotonic() + seconds
    with suppress(OperationalError):
        for people in behind():
            while _step(people.pk):
                if time.monotonic() >= until:
                    return


@transaction.atomic
def _step(pk: int) -> bool:
    """Look for the next people in a list, and return whether there are more.

    Keys are given out in turns: where every workspace that the newest key may be from is held, no smaller key is
    about to appear. A workspace made this very moment is left to the next time; whoever makes one commits it before
    its people, or their keys could not be waited for.
    """
    be_patient(seconds=PATIENCE_SECONDS)
    held = turn_of_all()
    newest = _newest()
    if Workspace.objects.exclude(pk__in=held).exists():
        return False
    people = PersonList.objects.get(pk=pk)
    if people.matched_to >= newest:
        return False
    last = _last_of_the_next(people.matched_to, newest)
    _remember(people, last)
    PersonList.objects.filter(pk=pk).update(matched_to=last)
    return last < newest


def _last_of_the_next(first: int, newest: int) -> int:
    keys = Subscriber.objects.filter(pk__gt=first).order_by("pk").values_list("pk", flat=True)
    return next(iter(keys[STEP_COUNT - 1 : STEP_COUNT]), newest)


def _remember(people: PersonList, last: int) -> None:
    matches, members, subscribers = (
        connection.ops.quote_name(model._meta.db_table)
        for model in (PersonListMatch, PersonListMember, Subscriber)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {matches} (list_id, subscriber_id)"  # noqa: S608 - names are ours, values are parameters
            f" SELECT m.list_id, s.id FROM {subscribers} s JOIN {members} m ON m.external_id = s.external_id"
            " WHERE m.list_id = %s AND s.id > %s AND s.id <= %s",
            [people.pk, people.matched_to, last],
        )


def _newest() -> int:
    found: int | None = Subscriber.objects.aggregate(newest=Max("pk"))["newest"]
    return found or 0

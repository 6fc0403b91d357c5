"""Writing people in turns: whoever adds, changes or erases people of a workspace holds its row until the commit."""

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, TypeVar

from django.db import OperationalError, connection
from django.db.models import QuerySet

from campaigns.models.accounts import Workspace

TRIES: Final = 3
Done = TypeVar("Done")


def turn(workspace_id: int) -> None:
    """Wait until nobody else writes people of this workspace, and let nobody do so until the transaction ends."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def turn_of_all() -> list[int]:
    """Do so for every workspace that is there; return their keys."""
    return _held(Workspace.objects.all())


def turn_of(workspaces: Collection[int]) -> list[int]:
    """Do so for these workspaces."""
    return _held(Workspace.objects.filter(pk__in=workspaces))


def _held(rows: QuerySet[Workspace]) -> list[int]:
    """Wait in one order, so that two who do cannot block each other."""
    return list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def be_patient(*, seconds: float) -> None:
    """Wait no longer than that for any lock of this transaction: OperationalError. SQLite has a limit of its own."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}"])


def insistently(act: Callable[[], Done]) -> Done:
    """Do a whole transaction again where two had waited for each other: the database undoes one of them."""
    for _try in range(TRIES - 1):
        with suppress(OperationalError):
            return act()
    return act()

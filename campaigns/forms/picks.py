"""What rows of a rule pick by name: campaigns, lists of people and other segments, written "Summer #12"."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Event, PersonList, Segment

MOST_OFFERED: Final = 300  # the newest
MARKED: Final = re.compile(r"(?:.*\s)?#(\d{1,18})", re.ASCII | re.DOTALL)
TABLES: Final[dict[str, type[Model]]] = {"campaigns": Campaign, "lists": PersonList, "segment": Segment}
LACKING: Final[dict[str, Promise]] = {
    "campaigns": gettext_lazy("Choose a campaign."),
    "lists": gettext_lazy("Choose a list of people."),
    "segment": gettext_lazy("Choose a segment."),
}
UNKNOWN: Final[dict[str, Promise]] = {
    "campaigns": gettext_lazy("There is no campaign “%(name)s”. Choose one that is offered while you type."),
    "lists": gettext_lazy(
        "There is no list of people “%(name)s”. Choose one that is offered while you type."
    ),
    "segment": gettext_lazy("There is no segment “%(name)s”. Choose one that is offered while you type."),
}


def is_id(text: str) -> bool:
    """Tell whether a text is the id of a row."""
    return text.isascii() and text.isdigit() and len(text) < 19


def ids(kind: str, texts: Sequence[str]) -> list[str]:
    """Return the ids of what is written as "Summer #12", as "12" or as its whole name; other texts stay."""
    found = [mark[1] if (mark := MARKED.fullmatch(text)) else text for text in texts]
    named = [text for text in found if not is_id(text) and "\0" not in text]
    known = dict(_rows(kind).filter(name__in=named).values_list("name", "pk")) if named else {}
    return list(dict.fromkeys(str(known.get(text, text)) for text in found))


def names(kind: str, pks: Iterable[str]) -> dict[str, str]:
    """Return how the ones with these ids are written."""
    wanted = {int(pk) for pk in pks if is_id(pk)}
    return {str(row.pk): written(row) for row in _rows(kind).filter(pk__in=wanted)} if wanted else {}


def fault(kind: str, values: Sequence[str]) -> str:
    """Return what is wrong with the picks of a row, in words."""
    if not values:
        return str(LACKING[kind])
    if kind == "segment" and len(values) > 1:
        return _("Choose one segment in a row. Add a row for each other one.")
    known = names(kind, values)
    missing = next((value for value in values if value not in known), None)
    return str(UNKNOWN[kind]) % {"name": missing} if missing else ""


def offered(kind: str, *, besides: int | None = None) -> list[tuple[str, str]]:
    """Return what a browser offers while somebody types: what to write, and a word beside it."""
    return _OFFERS.get(kind, _named(kind))(besides)


def written(row: Model) -> str:
    """Return how a row is written in an input."""
    return f"{row} #{row.pk}"


def _rows(kind: str) -> QuerySet[Model]:
    return TABLES[kind]._default_manager.all()


def _named(kind: str) -> Callable[[int | None], list[tuple[str, str]]]:
    def offer(besides: int | None) -> list[tuple[str, str]]:
        rows = _rows(kind).filter(is_archived=False).exclude(pk=besides).order_by("-pk")[:MOST_OFFERED]
        return [(written(row), "") for row in rows]

    return offer


def _events(_besides: int | None) -> list[tuple[str, str]]:
    rows = Event.objects.order_by("-pk").values_list("event_id", "title")[:MOST_OFFERED]
    return [(event_id, title) for event_id, title in dict(rows).items()]


_OFFERS: Final[dict[str, Callable[[int | None], list[tuple[str, str]]]]] = {"events": _events}

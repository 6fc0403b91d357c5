"""The quick way through attributes in which nothing is odd, as nearly everybody has them.

It takes lists of texts, each value once, each id with its own suffix. Of anything else it says nothing, and the way
with a sentence for every case goes through it (``profile``); where both speak they say the same.
"""

from collections.abc import Mapping
from typing import Any

from integrations.braze.elements import GUID, SUBSCRIPTION_LIMIT, SUFFIX_LENGTH, VALUE_LENGTH
from integrations.braze.subscription import OPT_INS, SUBSCRIPTION_ID, SUFFIXED, Values

ANSWERS = {"True": True, "False": False, "true": True, "false": False, None: None}
PLACES = [(name, Values._fields.index(key)) for name, key in SUFFIXED.items()]
TITLE, TAG_PLACE = Values._fields.index("calendar_title"), Values._fields.index("tags")
OPT_IN_PLACES = [Values._fields.index(key) for key in OPT_INS.values()]
EMPTY: list[Any] = list(Values(position=0))
make = Values._make
is_guid = GUID.fullmatch


def plain_subscriptions(attributes: Mapping[str, object]) -> list[Values] | None:
    """Return the subscriptions in Braze's order; None where a value needs a closer look."""
    ids = attributes.get(SUBSCRIPTION_ID)
    if type(ids) is not list or not 0 < len(ids) <= SUBSCRIPTION_LIMIT:
        return None
    lists = []
    for name, place in PLACES:
        items = attributes.get(name)
        if items is not None:
            if type(items) is not list:
                return None
            lists.append((place, items))
    if not are_plain([item for _place, items in lists for item in items]):
        return None
    rows = together(lists)
    if rows is None or len(rows) != len(ids):
        return None
    return linked(ids, rows)


def are_plain(items: list[Any]) -> bool:
    """Return whether these are texts that can be stored, none of them longer than a value alone may be."""
    try:
        return "".join(items).isprintable() and max(map(len, items), default=0) <= VALUE_LENGTH
    except TypeError:  # not only texts
        return False


def together(lists: list[tuple[int, list[str]]]) -> dict[str, list[Any]] | None:
    """Return suffix -> values in the order of ``Values``; None where one is empty, or a place has two."""
    rows: dict[str, list[Any]] = {}
    for place, items in lists:
        for item in items:
            value, slash, suffix = item.rpartition("/")
            row = rows.get(suffix)
            if row is None:
                if not 0 < len(suffix) <= SUFFIX_LENGTH:
                    return None
                row = rows[suffix] = EMPTY.copy()
            if not value or not slash:
                return None
            if place == TAG_PLACE:
                row[place] = (*row[place], value)
            elif row[place]:
                return None
            else:
                row[place] = value
    return rows


def linked(ids: list[Any], rows: dict[str, list[Any]]) -> list[Values] | None:
    """Return the rows with their ids, in the order of these; None where they are not one to one."""
    done = []
    for position, rokt_id in enumerate(ids):
        if type(rokt_id) is not str or not is_guid(rokt_id):
            return None
        suffix = rokt_id[-12:]
        if suffix not in rows:
            suffix = suffix.lower()
        row = rows.pop(suffix, None)  # a suffix for one id; a second id for it finds nothing
        if row is None or not finish(row):
            return None
        row[:3] = position, suffix, rokt_id
        done.append(make(row))
    return done


def finish(row: list[Any]) -> bool:
    """Put opt-ins and tags into their final form; return whether that was possible."""
    for place in OPT_IN_PLACES:
        answer = row[place]
        if answer not in ANSWERS:
            return False
        row[place] = ANSWERS[answer]
    tags = row[TAG_PLACE]
    if tags:
        title = row[TITLE]
        if title:
            tags = [tag.removeprefix(f"{title}/") for tag in tags]
        row[TAG_PLACE] = tuple(dict.fromkeys(filter(None, tags)))
    return True

"""The quick way through attributes in which nothing is odd, as nearly everybody has them.

It takes lists of texts, each value once, each id with its own suffix. Of anything else it says nothing, and the way
with a sentence for every case goes through it (``profile``); where both speak they say the same.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from integrations.braze.elements import GUID, SUBSCRIPTION_LIMIT, VALUE_LENGTH
from integrations.braze.subscription import OPT_INS, SUBSCRIPTION_ID, SUFFIXED, TAGS, Values

ANSWERS = {"True": True, "False": False, "true": True, "false": False, "": None}
EMPTY: list[Any] = ["" if value is None else value for value in Values(position=0)]
PLACES = [(name, Values._fields.index(key)) for name, key in SUFFIXED.items() if name != TAGS]
FIRST_VALUE, TITLE, TAG_PLACE = map(Values._fields.index, ("email", "calendar_title", "tags"))
OPT_IN_PLACES = [Values._fields.index(key) for key in OPT_INS.values()]
SUFFIX_LENGTH = 12  # of a GUID
make = Values._make
is_guid = GUID.fullmatch
Rows: TypeAlias = dict[str, list[Any]]  # suffix -> values in the order of ``Values``


def plain_subscriptions(attributes: Mapping[str, object]) -> list[Values] | None:
    """Return the subscriptions in Braze's order; None where a value needs a closer look."""
    ids = attributes.get(SUBSCRIPTION_ID)
    if type(ids) is not list or not 0 < len(ids) <= SUBSCRIPTION_LIMIT:
        return None
    lists, items = [], []
    for name, place in PLACES:
        given = attributes.get(name)
        if given:
            if type(given) is not list:
                return None
            lists.append((place, given))
            items += given
    tags: Any = attributes.get(TAGS) or []
    if type(tags) is not list or not are_plain(items + tags):
        return None
    rows = rows_of(ids, items)
    if rows is None or not spread(lists, rows) or not all(map(finish, rows.values())):
        return None
    return [make(row) for row in rows.values()] if add_tags(tags, rows) else None


def are_plain(items: list[Any]) -> bool:
    """Return whether these are texts that can be stored, none of them longer than a value alone may be."""
    try:
        return "".join(items).isprintable() and max(map(len, items), default=0) <= VALUE_LENGTH
    except TypeError:  # not only texts
        return False


def rows_of(ids: list[Any], items: list[str]) -> Rows | None:
    """Return a row without values for each id, its suffix written as the values write it; None where two share one."""
    rows: Rows = {}
    for position, rokt_id in enumerate(ids):
        if type(rokt_id) is not str or not is_guid(rokt_id):
            return None
        suffix = rokt_id[-SUFFIX_LENGTH:]
        rows[suffix] = row = EMPTY.copy()
        row[:FIRST_VALUE] = position, suffix, rokt_id
    if items and items[0][-SUFFIX_LENGTH:] not in rows:
        rows = {suffix.lower(): row for suffix, row in rows.items()}
        for suffix, row in rows.items():
            row[1] = suffix
    return rows if len(rows) == len(ids) else None


def spread(lists: list[tuple[int, list[str]]], rows: Rows) -> bool:
    """Put each value into its row; return whether each has one, and no place two."""
    row_of = rows.get
    for place, items in lists:
        for item in items:
            value, _slash, suffix = item.rpartition("/")
            row = row_of(suffix)
            if row is None or not value or row[place]:
                return False
            row[place] = value
    return True


def finish(row: list[Any]) -> bool:
    """Put the opt-ins into their final form; return whether that was possible, and anything there at all."""
    if not any(row[FIRST_VALUE:]):  # an id that no value belongs to
        return False
    for place in OPT_IN_PLACES:
        answer = row[place]
        if answer not in ANSWERS:
            return False
        row[place] = ANSWERS[answer]
    return True


def add_tags(tags: list[str], rows: Rows) -> bool:
    """Add the tags, without the title of the calendar and each once; return whether each has a row."""
    for item in tags:
        value, _slash, suffix = item.rpartition("/")
        row = rows.get(suffix)
        if row is None or not value:
            return False
        name = value.removeprefix(f"{row[TITLE]}/") if row[TITLE] else value
        if name and name not in row[TAG_PLACE]:
            row[TAG_PLACE] = (*row[TAG_PLACE], name)
    return True

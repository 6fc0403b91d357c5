"""The time zones that Rokt takes (Windows ids), what clocks show in them, and how staff find one.

The rules come from the locked `tzdata` package, never from the machine's own files: those are often years
old, and two workers that disagree about a clock would send two different times.
"""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

MINUS: Final = "\N{MINUS SIGN}"
SUGGESTION_COUNT: Final = 5
_OFFSET: Final = re.compile(r"(?:utc|gmt)? ?([+-]) ?(\d{1,2})(?::?([0-5]\d))?", re.ASCII | re.IGNORECASE)
_BETWEEN_WORDS: Final = re.compile(r"(?:[^\w+-]|_|-(?!\d))+")  # a sign stays where a number follows: "UTC-11"


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: its Windows id, the IANA zone with its rules, and the place people know it by.

    `place` is "" for bare offsets ("UTC-11"). `is_default` is false for the few ids that are newer than
    Rokt's list and may be unknown there.
    """

    id: str
    iana: str
    place: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A reading of a clock (naive), which of two equal readings it is (0 or 1), its instant in UTC, its offset."""

    local: datetime
    fold: int
    at: datetime
    offset: timedelta

    def __str__(self) -> str:
        return f"{self.local:%Y-%m-%d %H:%M} ({offset_text(self.offset)})"


@dataclass(frozen=True, slots=True)
class Exists:
    """The clock shows this time once."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class Gap:
    """The clock jumps over this time; the choices lie as far before and after the jump as it lies inside.

    For 02:30 on a night when clocks go from 02:00 to 03:00: 01:30 and 03:30.
    """

    before: Moment
    after: Moment


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The clock shows this time twice, because it is set back in between."""

    first: Moment
    second: Moment


class UnknownZoneError(LookupError):
    """A text that names no zone of the list; `suggestions` are the nearest that do."""

    def __init__(self, text: str, suggestions: Iterable[Zone] = ()) -> None:
        super().__init__(f"{text!r} is not a time zone of the list")
        self.text = text
        self.suggestions = tuple(suggestions)


def zones(*, all: bool = False) -> tuple[Zone, ...]:  # noqa: A002 - reads best where it is called: zones(all=True)
    """The zones to offer, in the alphabetical order of their ids (labels begin with the id).

    With `all`, also those that are newer than Rokt's list.
    """
    return tuple(zone for zone in _zones().values() if all or zone.is_default)


def get(windows_id: str) -> Zone:
    """The zone with exactly this Windows id, as stored with an event.

    Raises:
        UnknownZoneError: no such id.
    """
    try:
        return _zones()[windows_id]
    except KeyError:
        raise UnknownZoneError(windows_id) from None


def resolve(text: str) -> Zone:
    """The one zone that somebody names by its id, in capitals or not, or by any of its IANA names.

    Raises:
        UnknownZoneError: with suggestions.
    """
    wanted = _fold(text)
    if wanted not in _by_name():
        raise UnknownZoneError(text, _ranked(_holding(wanted) or _nearest(wanted))[:SUGGESTION_COUNT])
    return _by_name()[wanted]


def find(text: str, at: datetime) -> list[Zone]:
    """Zones for what somebody typed, best first; without text every default zone, from west to east.

    Looks at ids, IANA names, places, and offsets at the aware instant `at` ("UTC-5", "-5", "+5:30"); case and
    accents do not matter. Where nothing fits, the nearest spellings. Among equal fits the zones of Rokt's list
    come first, from west to east.
    """
    wanted = _fold(text)
    if not text.strip():
        hits = [(1, zone) for zone in zones()]
    elif (ahead := _offset_in(text)) is not None:
        hits = [(1, zone) for zone in _zones().values() if offset(zone, at) == ahead]
    else:
        hits = _holding(wanted) or _nearest(wanted)
    if wanted in _by_name():
        hits.append((0, _by_name()[wanted]))
    return _ranked(sorted(hits, key=lambda hit: (not hit[1].is_default, offset(hit[1], at))))


def label(zone: Zone, at: datetime) -> str:
    """What staff read, "India Standard Time (Kolkata, UTC+5:30 now)", where now is the aware instant `at`."""
    place = f"{zone.place}, " if zone.place else ""
    return f"{zone.id} ({place}{offset_text(offset(zone, at))} now)"


def offset(zone: Zone, at: datetime) -> timedelta:
    """How far the zone's clocks are ahead of UTC at the aware instant `at`."""
    return _reading(at, zone).offset


def offset_text(offset: timedelta) -> str:
    """An offset as people write it, with a real minus sign: "UTC+1", "UTC+5:30", "UTC+0"."""
    minutes = int(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{MINUS if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def localize(wall: datetime, zone_id: str, fold: int = 0) -> datetime:
    """The instant (aware, UTC) at which clocks in the zone show the naive time `wall`.

    `fold` says which of two equal readings is meant. A reading that the clock jumps over counts on from before
    the jump (fold 0) or back from after it (fold 1), so that a government's new rules break no stored event;
    `check` tells staff about it while they can still choose.

    Raises:
        UnknownZoneError, ValueError (`wall` has an offset), OverflowError (outside the years 1 to 9999).
    """
    return _moment(wall, get(zone_id), fold).at


def wall(instant: datetime, zone_id: str) -> tuple[datetime, int]:
    """What clocks in the zone show at an aware instant: the naive time, and its fold. `localize` leads back.

    Raises:
        UnknownZoneError, ValueError (`instant` has no offset), OverflowError (outside the years 1 to 9999).
    """
    moment = _reading(instant, get(zone_id))
    return moment.local, moment.fold


def check(wall: datetime, zone_id: str) -> Exists | Gap | Ambiguous:
    """Whether clocks in the zone show the naive time `wall` once, never or twice, with the choices.

    Raises:
        UnknownZoneError, ValueError (`wall` has an offset), OverflowError (outside the years 1 to 9999).
    """
    zone = get(zone_id)
    early, late = _moment(wall, zone, 0), _moment(wall, zone, 1)
    if early.offset == late.offset:
        return Exists(early)
    if early.offset > late.offset:
        return Ambiguous(first=early, second=late)
    return Gap(before=_reading(late.at, zone), after=_reading(early.at, zone))


def _moment(wall: datetime, zone: Zone, fold: int) -> Moment:
    if wall.tzinfo is not None:
        raise ValueError(f"a wall time takes no offset: {wall.isoformat()}")
    ahead = wall.replace(tzinfo=_rules(zone.iana), fold=fold).utcoffset() or timedelta()
    return Moment(wall.replace(fold=0), fold, at=(wall - ahead).replace(tzinfo=UTC, fold=0), offset=ahead)


def _reading(instant: datetime, zone: Zone) -> Moment:
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset: {instant.isoformat()}")
    there = instant.astimezone(_rules(zone.iana))
    local = there.replace(tzinfo=None, fold=0)
    return Moment(local, there.fold, at=instant.astimezone(UTC), offset=there.utcoffset() or timedelta())


@cache
def _rules(iana: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *iana.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=iana)


@cache
def _rows() -> tuple[tuple[Zone, tuple[str, ...]], ...]:
    """Each zone with its other IANA names, by id."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))["timezones"]
    return tuple(
        (
            Zone(row["id"], row["iana"], row.get("place", _city(row["iana"])), row["default"]),
            tuple(row["also"]),
        )
        for row in sorted(rows, key=lambda row: row["id"].casefold())
    )


@cache
def _zones() -> dict[str, Zone]:
    return {zone.id: zone for zone, _also in _rows()}


@cache
def _by_name() -> dict[str, Zone]:
    return {_fold(name): zone for zone, also in _rows() for name in (zone.id, zone.iana, *also)}


@cache
def _searchable() -> tuple[tuple[str, Zone], ...]:
    places = [(place, zone) for zone, also in _rows() for place in (zone.place, *map(_city, also))]
    return (*_by_name().items(), *((_fold(place), zone) for place, zone in places if place))


def _city(iana: str) -> str:
    return iana.rsplit("/", 1)[-1].replace("_", " ")


def _fold(text: str) -> str:
    """Lower case without accents, single spaces between words."""
    letters = unicodedata.normalize("NFKD", text.replace(MINUS, "-").casefold())
    return _BETWEEN_WORDS.sub(" ", "".join(c for c in letters if not unicodedata.combining(c))).strip()


def _offset_in(text: str) -> timedelta | None:
    found = _OFFSET.fullmatch(text.strip().replace(MINUS, "-"))
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


def _holding(wanted: str) -> list[tuple[int, Zone]]:
    """Zones with a name that is the text (1), has a word that begins with it (2), or holds it somewhere (3)."""
    return [
        (1 if name == wanted else 2 if f" {wanted}" in f" {name}" else 3, zone)
        for name, zone in _searchable()
        if wanted and wanted in name
    ]


def _nearest(wanted: str) -> list[tuple[int, Zone]]:
    owners = dict(_searchable())
    near = difflib.get_close_matches(wanted, owners, n=SUGGESTION_COUNT)
    return [(place, owners[name]) for place, name in enumerate(near, 1)]


def _ranked(hits: Iterable[tuple[int, Zone]]) -> list[Zone]:
    """Each zone once, at its best rank; equal ranks stay as they came."""
    return list(dict.fromkeys(zone for _rank, zone in sorted(hits, key=lambda hit: hit[0])))

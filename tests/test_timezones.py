"""Time zones: the list, the words staff see, the search, and wall times across every change of the clocks."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import timezones
from campaigns.timezones import Ambiguous, Exists, Gap, Moment, UnknownZoneError, Zone

JANUARY = datetime(2026, 1, 10, 12, tzinfo=UTC)
JULY = datetime(2026, 7, 10, 12, tzinfo=UTC)
EASTERN = "Eastern Standard Time"
EVERY_ZONE = timezones.zones(all=True)
wall_times = st.datetimes(datetime(1975, 1, 1), datetime(2150, 1, 1))


def rules_of(iana: str) -> ZoneInfo:
    with resources.files("tzdata").joinpath("zoneinfo", *iana.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file)


@cache
def changes_of(zone: Zone) -> tuple[datetime, ...]:
    """The instants of 2000 to 2040, to the minute, at which the zone's offset changes."""
    found = []
    days = [datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(0, 365 * 40, 20)]
    for start, end in pairwise(days):
        before = timezones.offset(zone, start)
        if before == timezones.offset(zone, end):
            continue
        while end - start > timedelta(minutes=1):
            middle = start + (end - start) // 2
            start, end = (middle, end) if timezones.offset(zone, middle) == before else (start, middle)
        found.append(end.replace(second=0, microsecond=0))
    return tuple(found)


def moments_of(found: Exists | Gap | Ambiguous) -> list[Moment]:
    if isinstance(found, Exists):
        return [found.moment]
    return [found.before, found.after] if isinstance(found, Gap) else [found.first, found.second]


def ids(found: list[Zone]) -> list[str]:
    return [zone.id for zone in found]


def test_137_zones_are_offered_and_142_are_known() -> None:
    offered = timezones.zones()
    assert len(offered) == 137
    assert len(EVERY_ZONE) == 142
    assert {zone.id for zone in EVERY_ZONE} - {zone.id for zone in offered} == {
        "Alberta Standard Time",
        "British Columbia Standard Time",
        "Manitoba Standard Time",
        "South Sudan Standard Time",
        "Yukon Standard Time",
    }
    assert ids(list(offered)) == sorted(ids(list(offered)), key=str.casefold)


def test_a_stored_id_leads_to_its_zone_and_no_other_spelling_does() -> None:
    assert timezones.get(EASTERN) == Zone(EASTERN, "America/New_York", "New York", is_default=True)
    for other in ("eastern standard time", "America/New_York", ""):
        with pytest.raises(UnknownZoneError, match="is not a time zone"):
            timezones.get(other)


@pytest.mark.parametrize(
    ("zone_id", "at", "label"),
    [
        (EASTERN, JANUARY, "Eastern Standard Time (New York, UTC\u22125 now)"),
        (EASTERN, JULY, "Eastern Standard Time (New York, UTC\u22124 now)"),
        ("India Standard Time", JULY, "India Standard Time (Kolkata, UTC+5:30 now)"),
        (
            "Newfoundland Standard Time",
            JANUARY,
            "Newfoundland Standard Time (St. John\u2019s, UTC\u22123:30 now)",
        ),
        ("UTC", JULY, "UTC (UTC+0 now)"),
        ("UTC-11", JULY, "UTC-11 (UTC\u221211 now)"),
    ],
)
def test_a_label_shows_id_place_and_the_offset_at_that_moment(zone_id, at, label) -> None:
    assert timezones.label(timezones.get(zone_id), at) == label


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("new york", EASTERN),
        ("Toronto", EASTERN),
        ("são paulo", "E. South America Standard Time"),
        ("Sao Paulo", "E. South America Standard Time"),
        ("Bogota", "SA Pacific Standard Time"),
        ("Port au Prince", "Haiti Standard Time"),
        ("kolk", "India Standard Time"),
        ("Calcutta", "India Standard Time"),
        ("America/New_York", EASTERN),
        ("EST5EDT", EASTERN),
        ("est", EASTERN),
        ("MST", "Mountain Standard Time"),
        ("eastern standard time", EASTERN),
        ("Eastern Standart Time", EASTERN),
        ("new yrok", EASTERN),
        ("UTC", "UTC"),
        ("UTC-11", "UTC-11"),
        ("Vancouver", "British Columbia Standard Time"),
    ],
)
def test_a_search_puts_first_what_was_meant(text, first) -> None:
    assert timezones.find(text, JANUARY)[0].id == first


@pytest.mark.parametrize("text", ["UTC-5", "-5", "\u22125", "GMT-05:00", "utc -5", "-0500", "UTC\u22125"])
def test_a_search_for_an_offset_finds_the_zones_that_have_it_now(text) -> None:
    found = timezones.find(text, JANUARY)
    assert {timezones.offset(zone, JANUARY) for zone in found} == {timedelta(hours=-5)}
    assert EASTERN in ids(found)
    assert EASTERN not in ids(timezones.find(text, JULY))


def test_a_search_for_a_half_hour_finds_it() -> None:
    assert ids(timezones.find("+5:30", JULY)) == ["India Standard Time", "Sri Lanka Standard Time"]


def test_a_search_without_text_lists_the_offered_zones_from_west_to_east() -> None:
    found = timezones.find("  ", JULY)
    assert set(found) == set(timezones.zones())
    offsets = [timezones.offset(zone, JULY) for zone in found]
    assert offsets == sorted(offsets)


def test_zones_that_rokt_may_not_know_come_after_those_it_does() -> None:
    found = timezones.find("UTC-7", JULY)
    flags = [zone.is_default for zone in found]
    assert flags == sorted(flags, reverse=True)
    assert not all(flags)


@pytest.mark.parametrize("text", ["zzzz", "서울", "/", "+99"])
def test_a_search_that_fits_nothing_finds_nothing(text) -> None:
    assert timezones.find(text, JANUARY) == []


@pytest.mark.parametrize(
    "text", ["America/New_York", "EST5EDT", "eastern standard time", "US/Eastern", "america/toronto"]
)
def test_another_name_of_a_zone_is_mapped_to_its_id(text) -> None:
    assert timezones.resolve(text).id == EASTERN


@pytest.mark.parametrize("text", ["Eastern Time", "EST", "New York", "Easter Standard Time"])
def test_what_is_no_name_of_a_zone_is_refused_with_suggestions(text) -> None:
    with pytest.raises(UnknownZoneError) as caught:
        timezones.resolve(text)
    assert caught.value.text == text
    assert EASTERN in ids(list(caught.value.suggestions))


def test_every_other_name_of_a_zone_names_only_that_zone_and_shows_the_same_clock() -> None:
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days) for days in range(0, 730, 20)]
    for zone, also in timezones._rows():
        ours = [timezones.offset(zone, at) for at in instants]
        for name in also:
            assert timezones.resolve(name) == zone
            assert [at.astimezone(rules_of(name)).utcoffset() for at in instants] == ours, name


def test_an_ordinary_time_exists_once() -> None:
    found = timezones.check(datetime(2027, 2, 21, 15), EASTERN)
    assert isinstance(found, Exists)
    assert found.moment.at == datetime(2027, 2, 21, 20, tzinfo=UTC)
    assert str(found.moment) == "2027-02-21 15:00 (UTC\u22125)"


def test_a_time_that_the_clock_jumps_over_comes_with_both_neighbours() -> None:
    found = timezones.check(datetime(2027, 3, 14, 2, 30), EASTERN)
    assert isinstance(found, Gap)
    assert str(found.before) == "2027-03-14 01:30 (UTC\u22125)"
    assert str(found.after) == "2027-03-14 03:30 (UTC\u22124)"
    assert found.before.at == datetime(2027, 3, 14, 6, 30, tzinfo=UTC)
    assert found.after.at == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)


def test_a_time_that_the_clock_shows_twice_comes_with_both_instants() -> None:
    found = timezones.check(datetime(2027, 11, 7, 1, 30), EASTERN)
    assert isinstance(found, Ambiguous)
    assert str(found.first) == "2027-11-07 01:30 (UTC\u22124)"
    assert str(found.second) == "2027-11-07 01:30 (UTC\u22125)"
    assert (found.first.fold, found.second.fold) == (0, 1)
    assert found.second.at - found.first.at == timedelta(hours=1)


def test_a_whole_skipped_day_is_a_gap() -> None:
    found = timezones.check(datetime(2011, 12, 30, 12), "Samoa Standard Time")
    assert isinstance(found, Gap)
    assert (found.before.local.day, found.after.local.day) == (29, 31)


def test_a_stored_time_in_a_gap_still_has_an_instant() -> None:
    gap = datetime(2027, 3, 14, 2, 30)
    assert timezones.localize(gap, EASTERN) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    assert timezones.localize(gap, EASTERN, fold=1) == datetime(2027, 3, 14, 6, 30, tzinfo=UTC)


def test_the_rules_are_those_of_the_locked_package_not_of_the_machine() -> None:
    winter = datetime(2027, 1, 15, 12, tzinfo=UTC)
    for zone in EVERY_ZONE:
        assert timezones.offset(zone, winter) == winter.astimezone(rules_of(zone.iana)).utcoffset()


def test_an_offset_where_none_belongs_is_refused_and_so_is_a_missing_one() -> None:
    aware, naive = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1)
    with pytest.raises(ValueError, match="takes no offset"):
        timezones.localize(aware, EASTERN)
    with pytest.raises(ValueError, match="takes no offset"):
        timezones.check(aware, EASTERN)
    with pytest.raises(ValueError, match="needs an offset"):
        timezones.wall(naive, EASTERN)


@pytest.mark.parametrize("wall", [datetime.min, datetime.max])
def test_the_ends_of_time_overflow_instead_of_giving_a_wrong_instant(wall) -> None:
    zone_id = "UTC+13" if wall == datetime.min else "UTC-11"
    with pytest.raises(OverflowError):
        timezones.check(wall, zone_id)


@given(zone=st.sampled_from(EVERY_ZONE), at=wall_times.map(lambda at: at.replace(tzinfo=UTC)))
def test_every_instant_survives_the_way_to_the_wall_and_back(zone, at) -> None:
    local, fold = timezones.wall(at, zone.id)
    assert local.tzinfo is None
    assert timezones.localize(local, zone.id, fold) == at


@given(zone=st.sampled_from(EVERY_ZONE), wall=wall_times, elsewhere=st.integers(-14 * 60, 14 * 60))
def test_every_wall_time_survives_the_way_to_an_instant_and_back(zone, wall, elsewhere) -> None:
    found = timezones.check(wall, zone.id)
    moments = moments_of(found)
    for moment in moments:
        assert timezones.localize(moment.local, zone.id, moment.fold) == moment.at
        somewhere = moment.at.astimezone(timezone(timedelta(minutes=elsewhere)))
        assert timezones.wall(somewhere, zone.id) == (moment.local, moment.fold)
    if not isinstance(found, Gap):
        assert all(moment.local == wall for moment in moments)
    else:
        assert found.before.local < wall < found.after.local


@pytest.mark.parametrize("zone", EVERY_ZONE, ids=lambda zone: zone.id)
def test_round_trips_hold_around_every_change_of_the_clocks(zone) -> None:
    for change in changes_of(zone):
        for minutes in range(-120, 121, 15):
            at = change + timedelta(minutes=minutes)
            local, fold = timezones.wall(at, zone.id)
            assert timezones.localize(local, zone.id, fold) == at
            assert at in [moment.at for moment in moments_of(timezones.check(local, zone.id))]


def test_the_changes_of_the_clocks_are_found_where_they_are() -> None:
    assert len(changes_of(timezones.get(EASTERN))) == 80
    assert len([zone for zone in EVERY_ZONE if changes_of(zone)]) > 90


@given(st.data())
def test_a_time_near_a_change_of_the_clocks_is_never_told_wrong(data) -> None:
    zone = data.draw(st.sampled_from([zone for zone in EVERY_ZONE if changes_of(zone)]))
    change = data.draw(st.sampled_from(changes_of(zone)))
    local, _fold = timezones.wall(change, zone.id)
    wall = local + data.draw(st.timedeltas(timedelta(hours=-4), timedelta(hours=4)))
    found = timezones.check(wall, zone.id)
    shown = [moment for moment in moments_of(found) if moment.local == wall]
    assert len(shown) == {Gap: 0, Exists: 1, Ambiguous: 2}[type(found)]
    around = [change + timedelta(minutes=minutes) for minutes in range(-480, 481)]
    readings = [
        timezones.wall(at + timedelta(seconds=wall.second, microseconds=wall.microsecond), zone.id)[0]
        for at in around
    ]
    assert readings.count(wall) == len(shown)

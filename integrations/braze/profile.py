"""One reader for what Braze holds of a person: the ``rokt:*`` attributes, and the profile fields.

Rokt Calendar writes 16 custom attributes. All but one are lists of ``value/suffix``, one per
subscription; the suffix says which values belong together. ``rokt:subscription_id`` is a list of
bare GUIDs. Which GUID has which suffix is not documented, so it is never guessed:

1. a GUID whose last 12 digits are a suffix has that suffix;
2. where a person has exactly one GUID and one suffix, they belong together;
3. any other GUID is a subscription of its own, with only the values on which all suffixes of the
   person agree, and the values of an unmatched suffix stay a subscription without an id.

A tag is ``calendar title/tag/suffix``. Titles and tags may hold slashes themselves, so the suffix is
taken from the right and the title of the same subscription from the left; what is left is the tag, to
the letter: ``Test Calendar 1/TeamI//f5733866ade2`` is the tag ``TeamI/``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.braze.elements import SUBSCRIPTION_LIMIT, guids, pairs
from integrations.braze.plain import plain_subscriptions
from integrations.braze.subscription import NAMES, OPT_INS, SUBSCRIPTION_ID, SUFFIXED, TAGS, Values

__all__ = ["NAMES", "OPT_INS", "SUBSCRIPTION_ID", "TAGS", "Profile", "Values", "liquid_profile", "parse"]

# Field of Braze's user export -> its name in Liquid, for all that Liquid can show.
LIQUID_NAMES = {
    "external_id": "user_id",
    "email": "email_address",
    "dob": "date_of_birth",
    "home_city": "city",
    "phone": "phone_number",
    "random_bucket": "random_bucket_number",
    "braze_id": "braze_id",
    "country": "country",
    "first_name": "first_name",
    "gender": "gender",
    "language": "language",
    "last_name": "last_name",
    "last_used_app_date": "last_used_app_date",
    "most_recent_app_version": "most_recent_app_version",
    "most_recent_locale": "most_recent_locale",
    "most_recent_location": "most_recent_location",
    "time_zone": "time_zone",
}


@dataclass(slots=True)
class Profile:
    """The subscriptions of one person, in Braze's order, and what could not be read, in sentences."""

    subscriptions: list[Values] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """The values that share one suffix."""

    values: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


def parse(attributes: Mapping[str, object]) -> Profile:
    """Return the subscriptions in these custom attributes; never raises, whatever they hold."""
    plain = plain_subscriptions(attributes)
    return Profile(plain) if plain is not None else parse_odd(attributes)


def parse_odd(attributes: Mapping[str, object]) -> Profile:
    """Do so value by value, with a sentence about each that cannot be read."""
    profile = Profile()
    if NAMES.isdisjoint(attributes):
        return profile
    groups = grouped(attributes, profile.problems)
    ids, place_count = guids(SUBSCRIPTION_ID, attributes.get(SUBSCRIPTION_ID), profile.problems)
    linked = matched(ids, groups)
    rows = {suffix: content(suffix, group, profile.problems) for suffix, group in groups.items()}
    common = agreed(list(rows.values())) if len(linked) < len(ids) else {}
    for position, rokt_id in ids.items():
        suffix = linked.get(rokt_id, "")
        chosen = rows[suffix] if suffix else common
        profile.subscriptions.append(Values(position=position, suffix=suffix, rokt_id=rokt_id, **chosen))
    taken = set(linked.values())
    without_id = [suffix for suffix in rows if suffix not in taken]
    for position, suffix in enumerate(without_id, start=place_count):
        profile.subscriptions.append(Values(position=position, suffix=suffix, **rows[suffix]))
    profile.problems += unmatched(len(ids) - len(linked), len(without_id))
    return profile


def liquid_profile(user: Mapping[str, object]) -> dict[str, object]:
    """Return the profile fields of an exported user under the names that Liquid has for them.

    Fields that Liquid cannot show (purchases, devices, campaigns received …) and nulls are left out.
    """
    return {tag: user[name] for name, tag in LIQUID_NAMES.items() if user.get(name) is not None}


def grouped(attributes: Mapping[str, object], problems: list[str]) -> dict[str, Group]:
    """Return suffix -> its values; of two values for one place the later wins, as the newer in Braze."""
    groups: dict[str, Group] = {}
    for name, key in SUFFIXED.items():
        if name not in attributes:
            continue
        again = False
        for value, suffix in pairs(name, attributes[name], problems):
            group = groups.get(suffix)
            if group is None:
                group = groups[suffix] = Group()
            if name == TAGS:
                group.tags.append(value)
            else:
                again |= group.values.get(key, value) != value
                group.values[key] = value
        if again:
            problems.append(f"{name} has two values for one subscription; the later one is taken.")
    if len(groups) > SUBSCRIPTION_LIMIT:
        problems.append(f"Of {len(groups)} suffixes only the first {SUBSCRIPTION_LIMIT} are taken.")
        groups = dict(list(groups.items())[:SUBSCRIPTION_LIMIT])
    return groups


def matched(ids: Mapping[int, str], groups: Mapping[str, Group]) -> dict[str, str]:
    """Return GUID -> suffix for those that certainly belong together (see the top of this file)."""
    if len(ids) == len(groups) == 1:
        return dict(zip(ids.values(), groups, strict=True))
    suffixes, tails = defaultdict(list), defaultdict(list)
    for suffix in groups:
        suffixes[suffix.lower()].append(suffix)
    for rokt_id in ids.values():
        tails[rokt_id[-12:].lower()].append(rokt_id)
    return {
        tails[tail][0]: suffixes[tail][0]
        for tail in tails.keys() & suffixes.keys()
        if len(tails[tail]) == len(suffixes[tail]) == 1
    }


def content(suffix: str, group: Group, problems: list[str]) -> dict[str, Any]:
    """Return the fields of one group, its opt-ins as yes, no or unknown, its tags without the title."""
    row: dict[str, Any] = dict(group.values)
    for name, key in OPT_INS.items():
        if key in row:
            row[key] = {"true": True, "false": False}.get(row[key].lower())
            if row[key] is None:
                problems.append(
                    f"{name} of subscription {suffix} is neither True nor False; taken as unknown."
                )
    title = group.values.get("calendar_title", "")
    names = (tag.removeprefix(f"{title}/") if title else tag for tag in group.tags)
    row["tags"] = tuple(dict.fromkeys(name for name in names if name))
    return row


def agreed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields that are the same in every row, and the tags that every row has."""
    if not rows:
        return {}
    first, *others = rows
    same = {key: value for key, value in first.items() if all(row.get(key) == value for row in others)}
    shared = set(first["tags"]).intersection(*(row["tags"] for row in others))
    same["tags"] = tuple(tag for tag in first["tags"] if tag in shared)
    return same


def unmatched(id_count: int, row_count: int) -> Iterator[str]:
    """Yield what to tell about ids without values and values without an id."""
    if id_count:
        ids = "subscription id" if id_count == 1 else "subscription ids"
        yield f"{id_count} {ids} could not be matched to values; only what all values share is known."
    if row_count:
        rows = "subscription has" if row_count == 1 else "subscriptions have"
        yield f"{row_count} {rows} no id and can receive no event."

"""The elements of one ``rokt:*`` attribute: what each holds, or one sentence about all that cannot be read."""

import re

SUBSCRIPTION_LIMIT = 1_000
VALUE_LENGTH = 255  # Braze's own limit for a text
SUFFIX_LENGTH = 64
GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def pairs(name: str, raw: object, problems: list[str]) -> list[tuple[str, str]]:
    """Return (value, suffix) of every readable element of one attribute."""
    kept: list[tuple[str, str]] = []
    faults: list[tuple[object, str]] = []
    for item in listed(name, raw, problems):
        if isinstance(item, str) and (item.isprintable() or is_storable(item)):
            value, slash, suffix = item.rpartition("/")
            if len(value) <= VALUE_LENGTH and 0 < len(suffix) <= SUFFIX_LENGTH and slash:
                kept.append((value, suffix))
                continue
        faults.append((item, element_fault(item)))
    if faults:
        problems.append(left_out(name, faults, len(kept)))
    return kept


def element_fault(item: object) -> str:
    """Return why an element is not a value and a suffix."""
    if not isinstance(item, str):
        return "is not a text"
    if not is_storable(item):
        return "holds characters that cannot be stored"
    if not item.rpartition("/")[1] or item.endswith("/"):
        return "has no suffix after a slash"
    return "is too long"


def listed(name: str, raw: object, problems: list[str]) -> list[object]:
    """Return the elements of a list; a lone text is taken as a list of one, and told."""
    if isinstance(raw, list):
        return raw
    if raw is None or raw == "":
        return []
    if isinstance(raw, str):
        problems.append(f"{name} is a text, where Rokt Calendar writes a list.")
        return [raw]
    problems.append(f"{name} is left out: it is not a list.")
    return []


def left_out(name: str, faults: list[tuple[object, str]], kept_count: int) -> str:
    """Return one sentence for all unreadable elements of one attribute."""
    item, why = faults[0]
    shown = ascii(item)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return f"{name}: {len(faults)} of {len(faults) + kept_count} values left out; {shown} {why}."


def guids(name: str, raw: object, problems: list[str]) -> tuple[dict[int, str], int]:
    """Return position -> GUID, each GUID once, as written; and the length of Braze's list."""
    items = listed(name, raw, problems)
    kept: dict[int, str] = {}
    seen: set[str] = set()
    faults: list[tuple[object, str]] = []
    for position, item in enumerate(items):
        if not isinstance(item, str) or not GUID.fullmatch(item):
            faults.append((item, "is not a GUID"))
        elif item.lower() not in seen:
            seen.add(item.lower())
            kept[position] = item
    if faults:
        problems.append(left_out(name, faults, len(items) - len(faults)))
    if len(kept) > SUBSCRIPTION_LIMIT:
        problems.append(f"Of {len(kept)} subscription ids only the first {SUBSCRIPTION_LIMIT} are taken.")
        kept = dict(list(kept.items())[:SUBSCRIPTION_LIMIT])
    return kept, len(items)


def is_storable(text: str) -> bool:
    """Return whether a database can hold this text: no NUL and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

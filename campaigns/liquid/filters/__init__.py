"""Every filter Braze supports, by name, and plain words about those it does not."""

import difflib
import inspect
from collections.abc import Callable
from typing import NamedTuple

from campaigns.liquid.filters.dates import DATES
from campaigns.liquid.filters.encoding import ENCODINGS
from campaigns.liquid.filters.lists import LISTS
from campaigns.liquid.filters.numbers import NUMBERS
from campaigns.liquid.filters.texts import TEXTS


class Filter(NamedTuple):
    """A filter and how it is called: so many arguments, and the time if it asks for it."""

    name: str
    function: Callable[..., object]
    least: int
    most: int
    takes_now: bool


def _filter(name: str, function: Callable[..., object]) -> Filter:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    arguments = [item for item in parameters if item.kind is not item.KEYWORD_ONLY]
    required = [item for item in arguments if item.default is item.empty]
    return Filter(name, function, len(required), len(arguments), len(arguments) < len(parameters))


FILTERS = {
    name: _filter(name, function)
    for name, function in {**TEXTS, **NUMBERS, **LISTS, **ENCODINGS, **DATES}.items()
}

DEFAULT = (
    "default"  # reads its argument only when it needs it, so it is part of the language, not of this table
)

INSTEAD = {
    "lstrip": "use strip",
    "rstrip": "use strip",
    "find": "use where, then first",
    "find_index": "use a for loop",
    "camelize": "use capitalize",
    "handleize": "use downcase and replace",
    "pluralize": "use an if",
    "money_with_currency": "use money and write the currency yourself",
    "money_without_currency": "use money",
    "base64_decode": "Braze only encodes",
    "sha256": "use sha2",
    "hmac_sha256": "use hmac_sha256_hex",
    "json": "use as_json_string",
}


def refusal(name: str) -> str:
    """Why there is no such filter, and what to write instead."""
    if name in INSTEAD:
        return f"Braze has no filter '{name}': {INSTEAD[name]}."
    close = difflib.get_close_matches(name[:40], [*FILTERS, DEFAULT], n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"Braze has no filter '{name[:40]}'.{hint}"

"""Made-up data: what the texts read about a person, changed by hand to see what happens. None of it is kept."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from campaigns import liquid
from campaigns.liquid.data import NAMESPACES, find, spelled
from campaigns.models import Subscriber
from campaigns.pipeline import render

SWITCH: Final = "try_data"
PREFIX: Final = "data."
MOST_FIELDS: Final = 60  # keeps the panel quick whatever a text reads
NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


class Kind(StrEnum):
    """How a value is typed in."""

    LINE = "line"
    PARAGRAPHS = "paragraphs"
    NUMBER = "number"
    CHOICE = "choice"
    LIST = "list"  # one value a line
    JSON = "json"  # lists and values inside one another


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the texts read: ``value`` is what its input shows, ``real`` what it would show unchanged."""

    parameter: str
    label: str
    kind: Kind
    value: str
    real: str

    @property
    def is_changed(self) -> bool:
        """Whether it says something else than what is known of the person."""
        return self.value != self.real


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The fields to type into; ``data`` is what to use instead of the person's own, if that is switched on.

    ``kept`` is what was typed in by parameter and comes back once a text reads it again.
    """

    fields: tuple[Field, ...] = ()
    data: liquid.Data | None = None
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether the data is made up."""
        return self.data is not None

    @property
    def changed(self) -> list[str]:
        """What differs from the person, as the texts spell it."""
        return [field.label for field in self.fields if field.is_changed]


def made_up(content: render.Content, person: Subscriber, posted: Mapping[str, str]) -> MadeUp:
    """Return what can be tried with this person, and what ``posted`` makes of it; nothing in it is an error."""
    real = render.data_of(person)
    fields: list[Field] = []
    changes: dict[str, dict[str, object]] = {}
    for namespace, name in _read_by(content):
        value = find(getattr(real, NAMESPACES[namespace]), name)
        kind, shown = _typed(value)
        parameter = f"{PREFIX}{namespace}.{name}"
        text = _line_ends(posted.get(parameter, shown))
        fields.append(Field(parameter, spelled(namespace, name), kind, text, shown))
        if text != shown:
            changes.setdefault(NAMESPACES[namespace], {})[name] = _value(kind, text, value)
    is_on = posted.get(SWITCH) == "1"
    data = _changed(real, changes) if is_on else None
    return MadeUp(tuple(fields), data, kept(posted, shown=fields))


def kept(posted: Mapping[str, str], *, shown: Collection[Field] = ()) -> tuple[tuple[str, str], ...]:
    """Return what was typed in before and has no field now: its text has an error, or another one is shown."""
    has_field = {field.parameter for field in shown} | ({SWITCH} if shown else set())
    return tuple(
        (name, posted[name])
        for name in posted
        if name not in has_field and (name == SWITCH or name.startswith(PREFIX))
    )


def _read_by(content: render.Content) -> list[tuple[str, str]]:
    """Return what the texts read, each once, in the order it is written."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for text in _texts(content):
        try:
            for reference in liquid.references(text):
                read = (reference.namespace, reference.name)
                found.setdefault((NAMESPACES[read[0]], read[1]), read)
        except liquid.LiquidError:  # the panel says so, with the line
            continue
    return list(found.values())[:MOST_FIELDS]


def _texts(content: render.Content) -> Iterator[str]:
    if content.webhook is None:
        yield from (content.title, content.location, content.description)
    else:
        headers = (value for _name, value in content.webhook.headers)
        yield from (content.webhook.url, *headers, content.webhook.body)


def _changed(real: liquid.Data, changes: Mapping[str, Mapping[str, object]]) -> liquid.Data:
    merged: dict[str, Any] = {group: {**getattr(real, group), **new} for group, new in changes.items()}
    return replace(real, **merged)


def _typed(value: object) -> tuple[Kind, str]:
    """Return how a value is typed in, and the text that stands for it."""
    if value is None:
        return Kind.LINE, ""
    if isinstance(value, bool):
        return Kind.CHOICE, json.dumps(value)
    if isinstance(value, int | float):
        return Kind.NUMBER, json.dumps(value)
    if isinstance(value, str):
        text = _line_ends(value)
        return (Kind.PARAGRAPHS if "\n" in text else Kind.LINE), text
    if isinstance(value, list) and (_are_numbers(value) or all(map(_is_one_line, value))):
        return Kind.LIST, "\n".join(str(item) for item in value)
    return Kind.JSON, json.dumps(value, ensure_ascii=False, indent=1)


def _value(kind: Kind, text: str, real: object) -> object:
    """Return the value that a text stands for: of the real one's type where it can be, None where it is empty."""
    if not text:
        return None
    match kind:
        case Kind.CHOICE:
            return {"true": True, "false": False}.get(text)
        case Kind.NUMBER:
            return _number(text)
        case Kind.LIST:
            read = _number if real and _are_numbers(real) else str
            return [read(line) for line in text.split("\n") if line.strip()] or None
        case Kind.JSON:
            return _json(text)
        case _:
            return text


def _number(text: str) -> object:
    """Return the number in a text, or else the text."""
    if not NUMBER.fullmatch(text.strip()):
        return text
    return float(text) if "." in text else int(text)


def _json(text: str) -> object:
    """Return the value in a text of JSON, or else the text."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_one_line(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not set("\r\n") & set(value)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in value
    )

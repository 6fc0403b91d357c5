"""How Google, Apple and Outlook show an entry: what they cut off, and what they do with it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Subscription
from campaigns.views.card import Card

TAG: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
APPLE_DEVICE: Final = re.compile(r"\b(?:iphone|ipad|ipod|ios|mac(?:os|book|intosh)?|osx)\b", re.IGNORECASE)
JOINERS: Final = "\u200d\ufe0e\ufe0f"  # marks that belong to the sign before them
SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
ELLIPSIS: Final = "…"


class Program(StrEnum):
    """A calendar that people use."""

    GOOGLE = "google"
    APPLE = "apple"
    OUTLOOK = "outlook"


@dataclass(frozen=True, slots=True)
class Widths:
    """About how many characters of a title fit; a wide one (Hangul, Han, emoji) takes the room of two."""

    month: int
    day: int
    lock: int


NAMES: Final[dict[Program, str | Promise]] = {
    Program.GOOGLE: gettext_lazy("Google Calendar"),
    Program.APPLE: gettext_lazy("Apple Calendar"),
    Program.OUTLOOK: gettext_lazy("Outlook"),
}
# Estimates for a usual window or phone: no vendor publishes such numbers, and every screen is another.
WIDTHS: Final = {
    Program.GOOGLE: Widths(month=18, day=60, lock=40),
    Program.APPLE: Widths(month=16, day=50, lock=36),
    Program.OUTLOOK: Widths(month=20, day=60, lock=40),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One calendar's way to show the entry: the title as far as it fits in each place, and what to know."""

    program: Program
    name: str
    is_theirs: bool
    is_chosen: bool
    widths: Widths
    month: str
    day: str
    lock: str
    notes: tuple[str, ...]


def looks(card: Card, subscriptions: Sequence[Subscription], *, chosen: str) -> tuple[Look, ...]:
    """Return every look, the person's own calendar first; ``chosen`` is the one to open, if it is one."""
    theirs = own_program(subscriptions)
    programs = sorted(Program, key=lambda program: program is not theirs)  # otherwise in their usual order
    opened = next((program for program in programs if program == chosen), programs[0])
    return tuple(
        _look(program, card, is_theirs=program is theirs, is_chosen=program is opened) for program in programs
    )


def own_program(subscriptions: Sequence[Subscription]) -> Program | None:
    """Return the calendar that a person's subscriptions name; None where WebCal may be any."""
    for subscription in subscriptions:
        match subscription.traits.method.strip().lower():
            case "google":
                return Program.GOOGLE
            case "microsoft" | "outlook":
                return Program.OUTLOOK
            case "webcal" if APPLE_DEVICE.search(subscription.traits.device_name):
                return Program.APPLE
    return None


def cut(text: str, width: int) -> str:
    """Return as much of a text as fits into so many columns, with an ellipsis where something is left out."""
    line = " ".join(text.split())
    used, fits = 0, 0  # columns so far, and the last place to cut that leaves room for the ellipsis
    for place, letter in enumerate(line):
        is_part = _is_part(letter) or (place > 0 and line[place - 1] == "\u200d")
        if not is_part and used <= width - 1:
            fits = place
        used += 0 if is_part else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if used > width:
            return line[:fits].rstrip() + ELLIPSIS
    return line


def _is_part(letter: str) -> bool:
    return letter in JOINERS or ord(letter) in SKIN_TONES or unicodedata.combining(letter) > 0


def _look(program: Program, card: Card, *, is_theirs: bool, is_chosen: bool) -> Look:
    widths, title = WIDTHS[program], card.event.title
    return Look(
        program=program,
        name=str(NAMES[program]),
        is_theirs=is_theirs,
        is_chosen=is_chosen,
        widths=widths,
        month=cut(title, widths.month),
        day=cut(title, widths.day),
        lock=cut(title, widths.lock),
        notes=tuple(_notes(program, card, is_theirs=is_theirs)),
    )


def _notes(program: Program, card: Card, *, is_theirs: bool) -> list[str]:
    notes = _arrival(program, is_theirs=is_theirs)
    if TAG.search(card.event.description):
        notes.append(
            _("Descriptions are plain text: tags such as <b> are shown as they are or dropped. Remove them.")
        )
    return notes


def _arrival(program: Program, *, is_theirs: bool) -> list[str]:
    """Return how soon the entry comes and what becomes of its reminder, as far as anybody knows."""
    match program:
        case Program.GOOGLE:
            direct = _("Subscribed with Google: Rokt syncs the entry at once, which can take a few minutes.")
            polled = _(
                "Subscribed by address (WebCal): Google looks again only every 8 to 24 hours, and does not use"
                " the reminder."
            )
            return [direct] if is_theirs else [direct, polled]
        case Program.APPLE:
            return [
                _("Apple looks at a subscribed calendar again about every hour; people can change that."),
                _("Whoever chose “Remove Alerts” when subscribing gets no reminder."),
            ]
        case _:
            polled = _("Subscribed by address (WebCal): Outlook looks again about every 3 hours.")
            direct = _("Subscribed with Microsoft: how soon Rokt brings the entry is not published.")
            return [direct] if is_theirs else [direct, polled]

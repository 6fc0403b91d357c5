"""Reads headers as people paste them: one "Name: value" a line, with whatever Markdown came along."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

MOST_HEADERS: Final = 20

# What Braze's page about Rokt Calendar says in its other languages; only the English words work.
ENGLISH_NAMES: Final = {
    "autorisierung": "Authorization",
    "autorização": "Authorization",
    "autorisation": "Authorization",
    "autorización": "Authorization",
    "권한 부여": "Authorization",
    "인증": "Authorization",
    "承認": "Authorization",
    "認証": "Authorization",
    "inhalt-typ": "Content-Type",
    "inhaltstyp": "Content-Type",
    "tipo de conteúdo": "Content-Type",
    "tipo de contenido": "Content-Type",
    "type de contenu": "Content-Type",
    "콘텐츠 유형": "Content-Type",
}
BEARERS: Final = ("träger", "portador", "porteur", "전달자", "베어러", "ベアラー")
# Lines that stand around the headers on that page, and are none.
AROUND: Final = {
    "http method", "http-methode", "método http", "méthode http", "http 메서드",
    "request header", "request headers", "kopfzeile der anfrage", "cabeçalho da solicitação",
    "en-tête de la requête", "encabezado de solicitud", "요청 헤더",
}  # fmt: skip
FENCES: Final = {"{% raw %}", "{% endraw %}", "```"}

_OPENING = re.compile(r"\{%|\{\{")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_NAMED = re.compile(r"\s*([^:\t{}<>%\n]{1,100})[:\t](.*)", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+.^_|~0-9A-Za-z-]+")
_MARKS = " \t*`'\""


class Fault(NamedTuple):
    """A line that is no header as it stands, and what to write instead."""

    line: int
    message: str


@dataclass
class Parsed:
    """The headers in order, and what is wrong with them."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def parse(text: str) -> Parsed:
    """Return the headers in a text; names and values come without bullets, bold and backticks around them."""
    found = Parsed()
    for line, entry in _entries(text):
        named = _NAMED.match(entry)
        if named is None:
            message = _("Line %(line)d is no header. Write it as “Name: value”.")
            found.faults.append(Fault(line, message % {"line": line}))
            continue
        name, value = _unmarked(named[1]), _value(named[2])
        if name.casefold() in AROUND:
            continue
        found.faults += (Fault(line, message) for message in _faults(name, value, found.pairs))
        found.pairs.append((name, value))
    if len(found.pairs) > MOST_HEADERS:
        message = _("These are %(count)d headers. At most %(most)d are possible.")
        found.faults.append(Fault(1, message % {"count": len(found.pairs), "most": MOST_HEADERS}))
    return found


def as_text(pairs: tuple[tuple[str, str], ...]) -> str:
    """Return headers as they stand in the form, one a line."""
    return "\n".join(f"{name}: {value}" for name, value in pairs)


def unquoted(text: str) -> str:
    """Return what stands between backticks, quotes or raw tags, and the blanks around it; other text as it is."""
    text = text.strip()
    for before, after in (("{% raw %}", "{% endraw %}"), ("`", "`"), ('"', '"'), ("'", "'")):
        inner = text[len(before) : -len(after)]
        if text == f"{before}{inner}{after}" and before not in inner:
            text = inner.strip()
    return text


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield each header with the number of its first line; lines that cannot begin one run on."""
    start, entry = 0, ""
    for number, raw in _lines(text.replace("\r\n", "\n").replace("\r", "\n")):
        line = _unwrapped(raw)
        if not line or line in FENCES:
            continue
        if entry and _runs_on(raw, line):
            entry = f"{entry}{'' if entry.endswith(('%}', '}}', '`')) else ' '}{line}"
            continue
        if entry:
            yield start, entry
        start, entry = number, line
    if entry:
        yield start, entry


def _unwrapped(line: str) -> str:
    """Return a line without its bullet, and without backticks or quotes around all of it."""
    bullet = _BULLET.match(line)
    return unquoted(line[bullet.end() :] if bullet else line)


def _runs_on(raw: str, line: str) -> bool:
    """Tell whether a line belongs to the header before it: it begins with Liquid, or is set in and names nothing."""
    is_liquid = line.startswith(("{%", "{{", "`{"))
    return is_liquid or (raw[:1].isspace() and not _NAMED.match(line))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; a line break inside Liquid ends none."""
    start = number = 1
    line = ""
    for piece, is_liquid in _pieces(text):
        first, *others = [piece] if is_liquid else piece.split("\n")
        line += first
        number += first.count("\n")
        for other in others:
            yield start, line
            number += 1
            start, line = number, other
    yield start, line


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text piece by piece, and for each whether it is Liquid."""
    at = 0
    while found := _OPENING.search(text, at):
        yield text[at : found.start()], False
        end = text.find("%}" if found[0] == "{%" else "}}", found.end())
        at = end + 2 if end >= 0 else len(text)
        yield text[found.start() : at], True
    yield text[at:], False


def _unmarked(name: str) -> str:
    text = name.strip(_MARKS)
    return text[2:-2] if text.startswith("__") and text.endswith("__") else text


def _value(text: str) -> str:
    """Return a value without Markdown around it; inside Liquid everything stays."""
    text = text.strip().removeprefix("**").strip()
    plain = "".join(piece if is_liquid else piece.replace("`", "") for piece, is_liquid in _pieces(text))
    return unquoted(plain)


def _faults(name: str, value: str, before: list[tuple[str, str]]) -> Iterator[str]:
    if english := ENGLISH_NAMES.get(name.casefold()):
        yield _("“%(name)s” is a translation. The name has to be English: write “%(english)s”.") % {
            "name": name,
            "english": english,
        }
    elif not _TOKEN.fullmatch(name):
        yield _(
            "“%(name)s” cannot be the name of a header: only English letters, digits and hyphens can stand in it."
        ) % {"name": name}
    elif name.casefold() in (known.casefold() for known, _value in before):
        yield _("“%(name)s” is there twice. Remove one of the two.") % {"name": name}
    if not value:
        yield _("“%(name)s” has no value. Write it behind the colon, or remove the line.") % {"name": name}
    first = value.split(maxsplit=1)[0] if value else ""
    if first.casefold() in BEARERS:
        yield _("“%(word)s” is a translation. The word before the token has to be “Bearer”.") % {
            "word": first
        }

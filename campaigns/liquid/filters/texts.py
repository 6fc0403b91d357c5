"""The filters that work on text; each one that can grow its text without bound counts before it grows."""

import html
import re
from collections.abc import Callable

from campaigns.liquid.errors import FilterError
from campaigns.liquid.filters.numbers import to_integer
from campaigns.liquid.limits import ITEM_LIMIT, TEXT_LIMIT, TOO_LONG, TOO_MANY
from campaigns.liquid.printing import to_text

SPACES = " \t\n\v\f\r\0"  # what Ruby's strip removes
_WORD = re.compile(r"[^ \t\n\v\f\r]+")


def _check(size: int) -> None:
    if size > TEXT_LIMIT:
        raise FilterError(TOO_LONG)


def append(value: object, addition: object) -> str:
    """The text with another behind it."""
    return to_text(value) + to_text(addition)


def prepend(value: object, addition: object) -> str:
    """The text with another before it."""
    return to_text(addition) + to_text(value)


def capitalize(value: object) -> str:
    """The first letter large, all others small."""
    return to_text(value).capitalize()


def downcase(value: object) -> str:
    """All letters small."""
    return to_text(value).lower()


def upcase(value: object) -> str:
    """All letters large."""
    return to_text(value).upper()


def escape(value: object) -> str:
    """Safe inside HTML."""
    return html.escape(to_text(value)).replace("&#x27;", "&#39;")


def newline_to_br(value: object) -> str:
    """A `<br />` before every line break."""
    return to_text(value).replace("\r\n", "\n").replace("\n", "<br />\n")


def strip_newlines(value: object) -> str:
    """Without line breaks."""
    return to_text(value).replace("\r\n", "").replace("\n", "")


def strip(value: object) -> str:
    """Without the spaces at either end."""
    return to_text(value).strip(SPACES)


def remove(value: object, needle: object) -> str:
    """Without any occurrence of a text."""
    return to_text(value).replace(to_text(needle), "")


def remove_first(value: object, needle: object) -> str:
    """Without the first occurrence of a text."""
    return to_text(value).replace(to_text(needle), "", 1)


def replace(value: object, needle: object, new: object = "") -> str:
    """Every occurrence of a text replaced by another."""
    return _replace(to_text(value), to_text(needle), to_text(new), limit=-1)


def replace_first(value: object, needle: object, new: object = "") -> str:
    """The first occurrence of a text replaced by another."""
    return _replace(to_text(value), to_text(needle), to_text(new), limit=1)


def _replace(text: str, needle: str, new: str, *, limit: int) -> str:
    if "\\" in new:
        new = _BACKSLASHED.sub(lambda match: _meaning(match[1], needle), new)
    count = text.count(needle) if limit < 0 else limit
    _check(len(text) + count * (len(new) - len(needle)))
    return text.replace(needle, new, limit)


_BACKSLASHED = re.compile(r"\\([\\0-9&'`])")


def _meaning(code: str, needle: str) -> str:
    r"""Ruby reads backslashes in the new text: `\\` is one, `\0` is the old text, `\1` is nothing."""
    if code in "'`":
        raise FilterError(
            f"Liquid reads \\{code} as the rest of the text; for a quote in JSON use json_escape."
        )
    return {"\\": "\\", "0": needle, "&": needle}.get(code, "")


def slice_text(text: str, start: object, length: object) -> str:
    """So many characters from a place on, which counts from the end when negative."""
    first, count = to_integer(start), to_integer(length)
    first = first + len(text) if first < 0 else first
    return text[first : first + count] if first >= 0 and count >= 0 else ""


def split(value: object, separator: object) -> list[str]:
    """The parts between the separators; empty parts at the end are dropped, as Ruby does."""
    text, between = to_text(value), to_text(separator)
    if between != " " and text.count(between) >= ITEM_LIMIT:
        raise FilterError(TOO_MANY)
    if not between:
        return list(text)
    parts = _WORD.findall(text) if between == " " else text.split(between)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def truncate(value: object, length: object = 50, ending: object = "...") -> str:
    """At most so many characters, the ending included."""
    text, size, tail = to_text(value), to_integer(length), to_text(ending)
    return text if len(text) <= size else text[: max(size - len(tail), 0)] + tail


def truncatewords(value: object, count: object = 15, ending: object = "...") -> str:
    """At most so many words, with an ending when there were more."""
    text, most = to_text(value), max(to_integer(count), 1)
    words = [match.group() for match, _ in zip(_WORD.finditer(text), range(most + 1), strict=False)]
    return text if len(words) <= most else " ".join(words[:most]) + to_text(ending)


_TAG_START = re.compile(r"<(script|!--|style)?")
_TAG_END = {"script": "</script>", "!--": "-->", "style": "</style>"}


def strip_html(value: object) -> str:
    """Without HTML tags, comments, scripts and styles. One pass: a closer that was not found is not sought again."""
    text = to_text(value)
    kept: list[str] = []
    position, missing = 0, set[str]()
    while found := _TAG_START.search(text, position):
        end = _tag_end(text, found, missing)
        if end < 0:
            break
        kept.append(text[position : found.start()])
        position = end
    return "".join((*kept, text[position:]))


def _tag_end(text: str, found: re.Match[str], missing: set[str]) -> int:
    closers = [_TAG_END[found[1]]] if found[1] else []
    for closer in (*closers, ">"):
        end = -1 if closer in missing else text.find(closer, found.start() + 1)
        if end >= 0:
            return end + len(closer)
        missing.add(closer)
    return -1


TEXTS: dict[str, Callable[..., object]] = {
    "append": append,
    "capitalize": capitalize,
    "downcase": downcase,
    "escape": escape,
    "newline_to_br": newline_to_br,
    "prepend": prepend,
    "remove": remove,
    "remove_first": remove_first,
    "replace": replace,
    "replace_first": replace_first,
    "split": split,
    "strip": strip,
    "strip_html": strip_html,
    "strip_newlines": strip_newlines,
    "truncate": truncate,
    "truncatewords": truncatewords,
    "upcase": upcase,
}

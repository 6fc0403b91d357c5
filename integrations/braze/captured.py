"""Texts with Liquid in them, made fit to stand one behind the other in the capture blocks of one template."""

import re
from collections.abc import Iterator, Mapping

_PIECE = re.compile(
    r"\{%-?\s*(?P<hides>raw|comment)\s*-?%\}.*?\{%-?\s*end(?P=hides)\s*-?%\}"
    r"|\{%-?\s*(?P<tag>\w*)(?P<body>.*?)-?%\}"
    r"|\{\{(?P<output>.*?)\}\}",
    re.DOTALL,
)
_WORD = re.compile(r"[\w-]+")
_SAVE = re.compile(r":save\s+([\w-]+)")
_OPENER = re.compile(r"\{[{%]")

_BLOCKS = {"capture", "case", "comment", "for", "if", "ifchanged", "raw", "tablerow", "unless"}
_LOOPS = {"for", "tablerow"}
_SETTERS = {"assign", "capture", "increment", "decrement"}
_COUNTERS = {"increment", "decrement", "cycle", "ifchanged"}


class TextError(ValueError):
    """A text cannot stand in a template with others: the message says which, why, and what to do."""


def captured(texts: Mapping[str, str], *, taken: frozenset[str]) -> dict[str, str]:
    """Return texts (name -> Liquid) as they may stand in the capture blocks of one template, in this order.

    Here each text is rendered by itself; in one template they share their variables and a loose tag reaches
    beyond its capture. So a variable that an earlier text has set begins empty again, a ``{`` at the end is
    kept away from the tag behind it, and what cannot be mended is refused. ``taken`` are the template's own
    variables. Whether the Liquid itself is right is not looked at.

    Raises:
        TextError: a tag that is not closed within its text, a break outside a loop, a variable that is taken,
            counters in two texts.
    """
    safe: dict[str, str] = {}
    known: set[str] = set()
    counting = ""
    for name, text in texts.items():
        pieces = list(_pieces(name, text))
        words = {word for _tag, body in pieces for word in _WORD.findall(body)}
        if clash := sorted(words & taken):
            raise TextError(f"{name}: the template uses the name {clash[0]} itself; take another one here.")
        if _COUNTERS & {tag for tag, _body in pieces}:
            if counting:
                raise TextError(
                    f"{name}: it would go on counting where {counting} stops. Count in one text only."
                )
            counting = name
        resets = (f"{{% assign {variable} = nil %}}" for variable in sorted(known & words))
        safe[name] = "".join(resets) + _closed_off(text)
        known.update(variable for tag, body in pieces for variable in _set_by(tag, body))
    return safe


def _pieces(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield (tag or "", what stands behind it) of a text; TextError when it is not complete by itself."""
    stack: list[str] = []
    for tag, body in _all_pieces(text):
        _follow(name, tag, stack)
        yield tag, body
    if stack:
        raise TextError(f"{name}: {{% {stack[-1]} %}} is never closed; add {{% end{stack[-1]} %}}.")
    if opener := _OPENER.search(_PIECE.sub("", text)):
        raise TextError(f"{name}: {opener[0]} is never closed.")


def _all_pieces(text: str) -> Iterator[tuple[str, str]]:
    for piece in _PIECE.finditer(text):
        if piece["tag"] == "liquid":  # its lines are tags of their own
            for line in piece["body"].splitlines():
                tag, _space, body = line.strip().partition(" ")
                yield tag, body
        elif not piece["hides"]:
            yield piece["tag"] or "", piece["body"] or piece["output"] or ""


def _follow(name: str, tag: str, stack: list[str]) -> None:
    """Keep the stack of open blocks."""
    if tag in _BLOCKS:
        stack.append(tag)
    elif tag.startswith("end") and (not stack or stack.pop() != tag[3:]):
        raise TextError(f"{name}: {{% {tag} %}} closes nothing in this text.")
    elif tag in {"break", "continue"} and not _LOOPS & set(stack):
        raise TextError(f"{name}: {{% {tag} %}} outside a loop would end the whole template.")


def _set_by(tag: str, body: str) -> list[str]:
    """Return the variables that a tag sets for all that follows."""
    if tag == "connected_content":
        return _SAVE.findall(body) or ["connected"]
    return _WORD.findall(body)[:1] if tag in _SETTERS else []


def _closed_off(text: str) -> str:
    """Return the text so that a brace at its end does not open something with the tag behind it."""
    return text[:-1] + "{{ '{' }}" if text.endswith("{") else text

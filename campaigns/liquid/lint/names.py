"""Checks of the names a template reads: empty for some people, misspelt, or set by nothing."""

from __future__ import annotations

import difflib
from itertools import pairwise
from typing import TYPE_CHECKING

from campaigns.liquid.data import NAMESPACES, USER_FIELDS, spelled
from campaigns.liquid.lexer import NAME, REFERENCE, namespace_and_name
from campaigns.liquid.lint.element import CONDITIONS, labels, variables
from campaigns.liquid.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lint.element import Element
    from campaigns.liquid.lint.view import View

_KEYWORDS = {"true", "false", "nil", "null", "blank", "empty", "in", "and", "or", "contains", "continue"}
_KEYWORDS |= {"allow_false", "reversed", "limit", "offset", "cols", "forloop", "tablerowloop", "connected"}


def missing_defaults(view: View) -> Iterator[Finding]:
    """Values that are shown and may be empty."""
    cared_for = {name for item in view.tags(*CONDITIONS) for name in variables(item.words)}
    cared_for |= {name for item in view.elements if item.has_default for name in variables(item.value)}
    for item in view.elements:
        if not item.is_shown or item.has_default or item.target in cared_for:
            continue
        for label in dict.fromkeys(labels(item.words)):
            if not item.is_guarded(label):
                yield Finding(
                    item.line,
                    "missing-default",
                    f"{label} is empty for people without it, and nothing takes its place.",
                    f"Add | default: '…' to it, or ask {{% if {label} != blank %}} first.",
                )


def unknown_fields(view: View) -> Iterator[Finding]:
    """Profile fields that Braze does not have."""
    for item in view.elements:
        for word in item.words:
            if word.kind == REFERENCE:
                namespace, name = namespace_and_name(word.text)
                if namespace == "user" and name not in USER_FIELDS:
                    yield _unknown_field(item, name)


def _unknown_field(item: Element, name: str) -> Finding:
    if name.startswith("set_user_to_"):
        message = f"${{{name}}} is an address for emails; it is always empty here."
        return Finding(item.line, "unknown-field", message, "Leave it out.")
    close = difflib.get_close_matches(name[:40], USER_FIELDS, n=1)
    fix = (
        f"Did you mean ${{{close[0]}}}?"
        if close
        else f"For a custom attribute write custom_attribute.${{{name}}}."
    )
    return Finding(
        item.line, "unknown-field", f"Braze has no profile field ${{{name}}}; it is always empty.", fix
    )


def bare_namespaces(view: View) -> Iterator[Finding]:
    """`custom_attribute.name`, without the braces that make it a reference."""
    for item in view.elements:
        for word, dot, name in zip(item.words, item.words[1:], item.words[2:], strict=False):
            is_path = word.kind == NAME and dot.text == "." and name.kind == NAME
            if is_path and word.text in NAMESPACES and word.text not in {"user", "app", "context"}:
                right = spelled(word.text, name.text)
                message = f"{word.text}.{name.text} is no reference; it is always empty."
                yield Finding(item.line, "no-dollar-braces", message, f"Write {right}.")


def unknown_variables(view: View) -> Iterator[Finding]:
    """Variables that nothing in this field sets."""
    known = {item.target for item in view.tags("assign", "capture")} | _KEYWORDS | set(NAMESPACES)
    known |= {
        item.words[0].text for item in view.tags("for", "tablerow", "increment", "decrement") if item.words
    }
    known |= set(_saved(view))
    for item in view.elements:
        for name in dict.fromkeys(_used(item)):
            if name not in known:
                message = f"Nothing in this field sets {name}; it is always empty."
                fix = "Check the spelling, or set it with {% assign %}; other fields' variables are not seen here."
                yield Finding(item.line, "unknown-variable", message, fix)


def _used(item: Element) -> list[str]:
    if item.is_shown:
        return variables((*item.value, *(word for step in item.steps for word in step.arguments)))
    return variables(item.words) if item.piece.name in CONDITIONS | {"for"} else []


def _saved(view: View) -> Iterator[str]:
    for item in view.tags("connected_content"):
        found = item.piece.body.split()
        yield from (name for option, name in pairwise(found) if option == ":save")
    if any(view.tags("liquid")):
        yield from (word for item in view.tags("liquid") for word in item.piece.body.split())

"""Checks for what Braze cannot read: each names the habit behind the error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaigns.liquid import filters
from campaigns.liquid.lexer import CURLY_QUOTES, MARK, NAME
from campaigns.liquid.lint.element import CONDITIONS
from campaigns.liquid.lint.finding import Finding
from campaigns.liquid.tags import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lint.element import Element
    from campaigns.liquid.lint.view import View

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CURLY = re.compile(f"[{CURLY_QUOTES}]")
_MIDDLE = {"else", "elsif", "when", "endraw", "endcomment"}


def curly_quotes(view: View) -> Iterator[Finding]:
    """Curly quotes where Liquid wants straight ones."""
    for item in view.elements:
        if item.piece.name not in {"abort_message", "#"} and _CURLY.search(_QUOTED.sub("", item.piece.body)):
            yield Finding(
                item.line,
                "curly-quotes",
                "Curly quotes do not work inside {{ }} and {% %}.",
                "Type straight quotes: ' or \". Word processors turn them into curly ones.",
                "error",
            )


def conditions(view: View) -> Iterator[Finding]:
    """Filters, parentheses and single equal signs in conditions."""
    for item in view.tags(*CONDITIONS):
        marks = {word.text for word in item.words if word.kind == MARK}
        if "|" in marks:
            fix = "Put {% assign x = … | … %} before it and ask about x."
            yield Finding(
                item.line, "filter-in-condition", "Filters do not work in a condition.", fix, "error"
            )
        if "(" in marks and ".." not in marks:
            fix = "Leave them out; nest one {% if %} in another where the order matters."
            yield Finding(item.line, "parentheses", "Parentheses do not work in a condition.", fix, "error")
        if "=" in marks:
            fix = "Write == to compare."
            yield Finding(item.line, "single-equals", "A single = compares nothing.", fix, "error")


def mixed_and_or(view: View) -> Iterator[Finding]:
    """Conditions that join with both words, which Liquid reads from the right."""
    for item in view.tags("if", "elsif", "unless"):
        if {"and", "or"} <= {word.text for word in item.words if word.kind == NAME}:
            yield Finding(
                item.line,
                "mixed-and-or",
                "Liquid reads and/or from the right: a and b or c means a and (b or c).",
                "Nest one {% if %} in another, so that nobody has to know.",
            )


def else_with_condition(view: View) -> Iterator[Finding]:
    """`else if`, whose condition is ignored."""
    for item in view.tags("else"):
        if item.piece.body:
            message = "Liquid ignores what stands behind else: this branch is taken whatever it says."
            yield Finding(item.line, "else-if", message, "Write {% elsif … %}.", "error")


def unknown_filters(view: View) -> Iterator[Finding]:
    """Filters that Braze does not have."""
    for item in view.elements:
        for step in item.steps if item.is_shown else ():
            if step.name not in filters.FILTERS and step.name != filters.DEFAULT:
                fix = "Use a filter that Braze supports."
                yield Finding(item.line, "unsupported-filter", filters.refusal(step.name), fix, "error")


def unknown_tags(view: View, known: frozenset[str]) -> Iterator[Finding]:
    """Tags that Braze, or this product, does not have."""
    for item in view.elements:
        name = item.piece.name
        if not item.is_output and name not in known | _MIDDLE and name.removeprefix("end") not in known:
            message = refused.refusal(name, sorted(known))
            yield Finding(item.line, "unsupported-tag", message, "Use a tag that Braze supports.", "error")


def variable_names(view: View) -> Iterator[Finding]:
    """Variables whose names Braze cannot read again."""
    for item in view.tags("assign", "capture"):
        if item.target and not re.fullmatch(r"[A-Za-z0-9_-]+", item.target):
            yield _variable_name(item)


def _variable_name(item: Element) -> Finding:
    message = f"The variable {item.target!r} has letters that Braze does not read in variable names."
    return Finding(item.line, "variable-name", message, "Use the letters a to z, digits and _.", "error")


def dollar_sign(view: View) -> Iterator[Finding]:
    """A $ before {{, which prints a dollar sign."""
    for item in view.outputs:
        if view.outline[item.at - 1 : item.at] == "$":
            yield Finding(
                item.line,
                "dollar-sign",
                "A $ before {{ is printed: the text will say $ and then the value.",
                "Keep it for an amount of dollars. To read a field, put the $ inside: {{${first_name}}}.",
            )

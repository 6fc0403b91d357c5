"""Checks for what a person's data does to a template: empty, a list, misspelt, or not what it seems."""

from __future__ import annotations

import difflib
from itertools import pairwise
from typing import TYPE_CHECKING

from campaigns.liquid.data import NAMESPACES, USER_FIELDS, spelled
from campaigns.liquid.lexer import MARK, NAME, REFERENCE, STRING, namespace_and_name
from campaigns.liquid.lint.element import CONDITIONS, labels, variables
from campaigns.liquid.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lexer import Word
    from campaigns.liquid.lint.element import Element
    from campaigns.liquid.lint.view import View

_ROKT = "custom_attribute.${rokt:"
_ACCOUNT = "custom_attribute.${rokt:account_"
_TAKES_LISTS = {
    "join",
    "first",
    "last",
    "size",
    "map",
    "where",
    "slice",
    "concat",
    "compact",
    "reverse",
    "sort",
}
_TAKES_LISTS |= {"sort_natural", "uniq", "property_accessor", "as_json_string"}
_GIVES_LISTS = {"split", "map", "where", "concat", "compact", "reverse", "sort", "sort_natural", "uniq"}
_CALCULATES = {"plus", "minus", "times", "divided_by", "modulo"}
_ORDERS = {"<", ">", "<=", ">="}
_TIMES = {"${date_of_birth}", "${last_used_app_date}"}
_KEYWORDS = {
    "true",
    "false",
    "nil",
    "null",
    "blank",
    "empty",
    "in",
    "and",
    "or",
    "contains",
    "continue",
    "allow_false",
}
_KEYWORDS |= {"reversed", "limit", "offset", "cols", "forloop", "tablerowloop"}


def missing_defaults(view: View) -> Iterator[Finding]:
    """Values that are shown and may be empty."""
    asked_later = {name for item in view.tags(*CONDITIONS) for name in variables(item.words)}
    for item in view.elements:
        if not item.is_shown or item.has_default or item.target in asked_later:
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
    known |= {"connected", *_saved(view)}
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


def printed_lists(view: View) -> Iterator[Finding]:
    """Lists that are printed as they are."""
    for item in view.elements:
        if item.is_output or item.piece.name == "echo":
            name = item.value[0].text if len(item.value) == 1 else ""
            if _is_list(item) or (not item.steps and _gives_list(view.definition(name))):
                yield Finding(
                    item.line,
                    "list-printed",
                    f"{item.source} is a list; printed as it is, its items run into each other.",
                    "Say which part you want: | join: ', ', | first, | last or [0].",
                )


def _is_list(item: Element) -> bool:
    """A rokt: attribute, which is always a list, with no index and no filter that takes lists."""
    is_rokt = len(item.value) == 1 and bool(
        [label for label in labels(item.value) if label.startswith(_ROKT)]
    )
    return (is_rokt and not (item.steps and item.steps[0].name in _TAKES_LISTS)) or _gives_list(item)


def _gives_list(item: Element | None) -> bool:
    return bool(item and item.steps and item.steps[-1].name in _GIVES_LISTS)


def first_account(view: View) -> Iterator[Finding]:
    """The first of a person's accounts, as if there were no other."""
    for item in view.elements:
        if not any(label.startswith(_ACCOUNT) for label in labels(item.value)):
            continue
        if _takes_first(item.value) or (item.steps and item.steps[0].name == "first"):
            yield Finding(
                item.line,
                "first-account-only",
                "Only the person's first account is used: all their subscriptions are sent to that one.",
                "Send one request for each account, with that account's subscriptions, as this product does by itself.",
            )


def _takes_first(value: tuple[Word, ...]) -> bool:
    return [word.text for word in value[1:4]] == ["[", "0", "]"]


def whole_values(view: View) -> Iterator[Finding]:
    """`contains` on a rokt: attribute, whose values end in the subscription they belong to."""
    for item in view.tags("if", "elsif", "unless"):
        for before, operator, behind in zip(item.words, item.words[1:], item.words[2:], strict=False):
            is_rokt = any(
                label.startswith(_ROKT) and "subscription_id" not in label for label in labels([before])
            )
            if operator.text == "contains" and is_rokt and behind.kind == STRING and "/" not in behind.text:
                yield Finding(
                    item.line,
                    "whole-value",
                    f"This is never true: the values end in the subscription, as in {behind.text}/f5733866ade2.",
                    f"Join first: {{% assign all = … | join: ',' %}}{{% if all contains '{behind.text}/' %}}.",
                )


def two_attributes(view: View) -> Iterator[Finding]:
    """A calculation with two attributes in one tag, which Braze does not do."""
    for item in view.elements:
        arguments = [word for step in item.steps if step.name in _CALCULATES for word in step.arguments]
        if item.is_shown and labels(item.value) and labels(arguments):
            yield Finding(
                item.line,
                "two-attributes",
                "Braze does not calculate with two attributes in one tag.",
                "Assign one of them to a variable first: {% assign x = {{…}} %}, then {{… | plus: x}}.",
            )


def time_order(view: View) -> Iterator[Finding]:
    """Times compared as they are."""
    for item in view.tags("if", "elsif", "unless"):
        for place, word in enumerate(item.words):
            if (
                word.kind == MARK
                and word.text in _ORDERS
                and _is_time(item.words[max(place - 1, 0) : place + 2])
            ):
                yield Finding(
                    item.line,
                    "time-order",
                    "Times only compare as numbers.",
                    "Assign both with | date: '%s' | plus: 0 first and compare those.",
                )


def _is_time(around: tuple[Word, ...]) -> bool:
    return bool(_TIMES & set(labels(around))) or any(
        word.kind == STRING and word.text == "now" for word in around
    )

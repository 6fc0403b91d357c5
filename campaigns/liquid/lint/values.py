"""Checks of what a template does with values: lists, accounts, times, and calculations that Braze does not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaigns.liquid.lexer import MARK, STRING
from campaigns.liquid.lint.element import labels
from campaigns.liquid.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lexer import Word
    from campaigns.liquid.lint.element import Element
    from campaigns.liquid.lint.view import View

_ROKT = "custom_attribute.${rokt:"
_ACCOUNT = "custom_attribute.${rokt:account_"
_GIVES_LISTS = {"split", "map", "where", "concat", "compact", "reverse", "sort", "sort_natural", "uniq"}
_TAKES_LISTS = _GIVES_LISTS - {"split"} | {"join", "first", "last", "size", "slice"}
_TAKES_LISTS |= {"property_accessor", "as_json_string"}
_CALCULATES = {"plus", "minus", "times", "divided_by", "modulo"}
_ORDERS = {"<", ">", "<=", ">="}
_TIMES = {"${date_of_birth}", "${last_used_app_date}"}


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
        is_account = any(label.startswith(_ACCOUNT) for label in labels(item.value))
        takes_first = _takes_first(item.value) or (item.steps and item.steps[0].name == "first")
        if item.is_shown and is_account and takes_first:
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

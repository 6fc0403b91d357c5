"""Finds the traps in a template before anyone is sent what it makes."""

from __future__ import annotations

from functools import partial
from itertools import islice

from campaigns.liquid.environment import TAG_NAMES, parse
from campaigns.liquid.errors import LiquidError, UnclosedError
from campaigns.liquid.lint import names, syntax, values, wire
from campaigns.liquid.lint.finding import Finding
from campaigns.liquid.lint.view import look

__all__ = ["Finding", "lint"]

_CHECKS = (
    syntax.curly_quotes,
    syntax.conditions,
    syntax.mixed_and_or,
    syntax.else_with_condition,
    syntax.unknown_filters,
    partial(syntax.unknown_tags, known=TAG_NAMES),
    syntax.variable_names,
    syntax.dollar_sign,
    names.unknown_fields,
    names.bare_namespaces,
    names.unknown_variables,
    values.printed_lists,
    values.first_account,
    values.whole_values,
    values.two_attributes,
    values.time_order,
    names.missing_defaults,
    wire.json_escapes,
    wire.empty_lists,
    wire.event_ids,
    wire.notify_before,
    wire.durations,
    wire.urls,
    wire.credentials,
)
_MOST_OF_EACH = 100  # nobody reads more, and a hostile template would have thousands
_MORE_PRECISE = {"event-id-collision", "empty-list", "empty-url-part"}  # say what an empty value leads to


def lint(source: str) -> list[Finding]:
    """Every trap in a template, in the order of its lines; never raises.

    What cannot be read at all is an `error` too, unless a check has already named the habit behind it.
    """
    view = look(source)
    findings = [finding for check in _CHECKS for finding in islice(check(view), _MOST_OF_EACH)]
    precise = {item.line for item in findings if item.code in _MORE_PRECISE}
    findings = [item for item in findings if item.code != "missing-default" or item.line not in precise]
    findings += _unreadable(source, {item.line for item in findings if item.level == "error"})
    return sorted(findings, key=lambda item: item.line)


def _unreadable(source: str, explained: set[int]) -> list[Finding]:
    try:
        parse(source)
    except LiquidError as fault:
        line = fault.line or 1
        code = "unclosed" if isinstance(fault, UnclosedError) else "unreadable"
        fix = "Braze refuses to save a template like this."
        return [] if line in explained else [Finding(line, code, fault.message, fix, "error")]
    return []

"""Checks for what a template makes of a request: broken JSON, wrong addresses, ids that collide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaigns.liquid.lint.element import labels, literal
from campaigns.liquid.lint.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaigns.liquid.lint.element import Element
    from campaigns.liquid.lint.view import View

_USER_ID = "${user_id}"
_SAFE_IN_JSON = {
    "json_escape",
    "as_json_string",
    "size",
    "plus",
    "minus",
    "times",
    "divided_by",
    "modulo",
    "abs",
}
_SAFE_IN_JSON |= {"ceil", "floor", "round", "money", "number_with_delimiter", "date", "md5", "sha1", "sha2"}
_SAFE_IN_JSON |= {"url_encode", "url_param_escape", "base64_encode"}
_SAFE_IN_URL = {"url_param_escape", "url_encode", "url_escape", "base64_encode", "md5", "sha1", "sha2"}
_SAFE_TEXT = re.compile(r"[\w:.+-]*")  # ids, numbers and times need no escaping
_SCHEME = re.compile(r"^\s*(\S{1,30})\s+\Z")
_PLACEHOLDER = re.compile(r":(?:basic_auth|auth_credentials)\s+<([^<>\s]{1,80})>")


def json_escapes(view: View) -> Iterator[Finding]:
    """Values in a JSON string that are not escaped."""
    for _, outputs in view.json_strings():
        for item in outputs:
            is_safe = any(step.name in _SAFE_IN_JSON for step in item.steps) or _is_plain(view, item)
            if not is_safe and not _joins_with_quotes(item):
                yield Finding(
                    item.line,
                    "json-escape",
                    f"{item.source} stands in a JSON text: a quote or a line break in it breaks the whole request.",
                    f"Write {{{{{item.source} | json_escape}}}}.",
                )


def _is_plain(view: View, item: Element) -> bool:
    captured = view.captures.get(item.source)
    return captured is not None and bool(_SAFE_TEXT.fullmatch(captured))


def _joins_with_quotes(item: Element) -> bool:
    return any(step.name == "join" and '"' in (literal(step.arguments) or "") for step in item.steps)


def empty_lists(view: View) -> Iterator[Finding]:
    """`["{{ … | join: '","' }}"]`, which is one empty item when there is none."""
    for _, outputs in view.json_strings():
        for item in outputs:
            unguarded = [label for label in labels(item.value) if not item.is_guarded(label)]
            if _joins_with_quotes(item) and unguarded and not item.has_default:
                yield Finding(
                    item.line,
                    "empty-list",
                    f'Without {unguarded[0]} this sends [""]: a list with one empty item.',
                    _abort_before(unguarded[0], "no subscription"),
                )


def _abort_before(label: str, reason: str) -> str:
    return f"Put {{% if {label} == blank %}}{{% abort_message('{reason}') %}}{{% endif %}} before."


def event_ids(view: View) -> Iterator[Finding]:
    """Event ids that several people share."""
    for key, outputs in view.json_strings():
        if key != "eventId":
            continue
        item = next((item for item in outputs if _USER_ID in labels(item.value)), None)
        if item is None:
            message = "This event id is the same for everyone: each person's event replaces the last one's."
            yield Finding(outputs[0].line, "event-id-shared", message, "Add _{{${user_id}}} to it.")
        elif not item.is_guarded(_USER_ID):
            yield Finding(
                item.line,
                "event-id-collision",
                "People without a user id all get the same event id, which ends in _.",
                _abort_before(_USER_ID, "no user id"),
            )


def notify_before(view: View) -> Iterator[Finding]:
    """A reminder in quotes."""
    for key, outputs in view.json_strings():
        if key == "notifyBefore":
            message = "The reminder is sent as a text; Rokt documents a number."
            fix = "Leave the quotes around it out once Rokt has confirmed it; the Rokt template has them."
            yield Finding(outputs[0].line, "reminder-text", message, fix)


def durations(view: View) -> Iterator[Finding]:
    """An event that ends when it starts."""
    start = view.captures.get("eventStart", "")
    if start.strip() and start.strip() == view.captures.get("eventEnd", "").strip():
        line = next(item.line for item in view.tags("capture") if item.target == "eventEnd")
        yield Finding(line, "no-duration", "The event ends when it starts.", "Give it a later end.")


def urls(view: View) -> Iterator[Finding]:
    """Values in an address that may be empty or hold characters an address may not."""
    for item in view.outputs:
        url = view.url_before(item)
        if not url:
            continue
        if url.endswith("/") and "?" not in url and (label := _possibly_empty(view, item)):
            yield Finding(
                item.line,
                "empty-url-part",
                f"Without {label} this part of the address is empty and the request goes to the wrong place.",
                _abort_before(label, "no account"),
            )
        if not any(step.name in _SAFE_IN_URL for step in item.steps) and not _is_plain(view, item):
            message = (
                f"{item.source} stands in an address: a space, / or & in it changes where the request goes."
            )
            yield Finding(
                item.line, "url-escape", message, f"Write {{{{{item.source} | url_param_escape}}}}."
            )


def _possibly_empty(view: View, item: Element) -> str | None:
    """The reference that leaves an output empty, looking through the variable that holds it."""
    defined = view.definition(item.source) or item
    names = [
        label for label in labels(defined.value) if not (defined.is_guarded(label) or item.is_guarded(label))
    ]
    is_caught = item.has_default or defined.has_default or item.is_guarded(item.source)
    return names[0] if names and not is_caught else None


def credentials(view: View) -> Iterator[Finding]:
    """Authorization headers that were translated, left unfinished, or keep a token too long."""
    for item in view.tags("connected_content"):
        body = item.piece.body
        if found := _PLACEHOLDER.search(body):
            message = f"<{found[1]}> stands for the name of your own credential."
            fix = "Replace it, angle brackets and all, with the name under Connected Content > Credentials."
            yield Finding(item.line, "placeholder", message, fix)
        scheme = _SCHEME.match(view.outline[: item.at])
        if "oauth2/token" in body and scheme and scheme[1] not in {"Bearer", "Basic"}:
            message = f"The word before the token must be Bearer; {scheme[1]} is a translation of it."
            yield Finding(item.line, "translated-scheme", message, "Write Bearer.", "error")
        if "oauth2/token" in body and ":cache_max_age" in body:
            message = "A Rokt token lives five minutes, and Braze keeps an answer at least as long."
            yield Finding(item.line, "stale-token", message, "Leave :cache_max_age out.")

"""Braze's documented calls: each takes the state and one call, and answers as Braze says it would."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any

from integrations.sandbox.braze_crowd import SEGMENTS, Person, Segment
from integrations.sandbox.events import read_object
from integrations.sandbox.replies import STAND_IN, RefusedError, Reply, said
from integrations.sandbox.state import Call, State
from integrations.sandbox.webhooks import post_aside, read_loopback

Operation = Callable[[State, Call], Reply]
IDS_LIMIT = 50
TRACK_LIMIT = 75
PAGE_SIZE = 100
STORAGE = "/segment-export"


def guarded(operation: Operation, permission: str, state: State, call: Call) -> Reply:
    """The answer with what Braze puts around all of them: the key, the limit, its own shape of an error."""
    gate = state.braze.gate
    try:
        gate.check(call.authorization, permission)
        reply = operation(state, call)
    except RefusedError as error:
        reply = said(error.status, {"message": f"{error} ({STAND_IN})"})
    return reply._replace(headers=(*reply.headers, *gate.headers()))


def export_segment(state: State, call: Call) -> Reply:
    """`POST /users/export/segment`: begins an export, and says where it will be."""
    root = read_object(call.body, call.content_type)
    fields, attributes = _fields(root), set(_texts(root, "custom_attributes_to_export"))
    segment, exports = _segment(root.get("segment_id")), state.braze.exports
    callback = root.get("callback_endpoint")
    if callback is not None:
        read_loopback("callback_endpoint", callback)
    if exports.running(segment.segment_id):
        raise RefusedError("An export of this segment is running already", status=429)
    ending = ".gz" if root.get("output_format") == "gzip" else ".zip"
    base = f"http://{call.host}{STORAGE}/{segment.segment_id}/{date.today()}/"  # noqa: DTZ011 - a name, as Braze has it
    people = (_picked(one, fields, attributes) for one in state.braze.crowd.everybody() if segment.holds(one))
    name = ""

    def done() -> None:
        if callback:
            post_aside(callback, {"success": True, "url": base + name})

    name = exports.begin(
        segment.segment_id, people, ending=ending, seconds=state.braze.ready_after, done=done
    )
    return said(201, {"message": "success", "object_prefix": name.partition(".")[0], "url": base + name})


def fetch_export(state: State, call: Call) -> Reply:
    """The storage, which is no part of Braze: no key, no limit, errors in XML."""
    export = state.braze.exports.find(call.params["name"])
    if export is None or not export.is_ready or export.ready_at is None:
        return Reply(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")
    if time.monotonic() >= export.ready_at + state.braze.expires_after:
        return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
    kind = "application/gzip" if export.path.suffix == ".gz" else "application/zip"
    return Reply(200, content_type=kind, file=export.path)


def export_ids(state: State, call: Call) -> Reply:
    """`POST /users/export/ids`, by external id alone."""
    root = read_object(call.body, call.content_type)
    wanted, fields = _texts(root, "external_ids"), _fields(root)
    if not wanted:
        raise RefusedError("external_ids is required")
    if len(wanted) > IDS_LIMIT:
        raise RefusedError(f"at most {IDS_LIMIT} external_ids")
    found = {one["external_id"]: one for one in _those(state, set(wanted))}
    users = [_picked(found[one], fields, set()) for one in wanted if one in found]
    invalid = [one for one in wanted if one not in found]
    return said(
        200, {"message": "success", "users": users, **({"invalid_user_ids": invalid} if invalid else {})}
    )


def list_segments(_state: State, call: Call) -> Reply:
    """`GET /segments/list`, 100 to a page."""
    text = call.query.get("page", "0")
    if not text.isdecimal():
        raise RefusedError("page must be a whole number from 0")
    page = SEGMENTS[int(text) * PAGE_SIZE : (int(text) + 1) * PAGE_SIZE]
    listed = [
        {"id": one.segment_id, "name": one.name, "analytics_tracking_enabled": False, "tags": []}
        for one in page
    ]
    return said(200, {"message": "success", "segments": listed})


def read_segment(_state: State, call: Call) -> Reply:
    """`GET /segments/details`."""
    segment = _segment(call.query.get("segment_id"))
    times = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00.000Z")
    words = {"name": segment.name, "description": segment.description, "text_description": STAND_IN}
    return said(200, {"message": "success", **times, **words, "tags": [], "teams": []})


def track(state: State, call: Call) -> Reply:
    """`POST /users/track`: attributes are kept for whom they name; events and purchases are only counted."""
    root = read_object(call.body, call.content_type)
    lists = {name: _objects(root, name) for name in ("attributes", "events", "purchases")}
    if not any(lists.values()):
        raise RefusedError("attributes, events or purchases are required")
    errors, kept = [], 0
    for index, attributes in enumerate(lists["attributes"]):
        external_id = attributes.get("external_id")
        if isinstance(external_id, str) and external_id:
            state.braze.crowd.track(external_id, attributes)
            kept += 1
        else:
            errors.append({"type": "'external_id' is required", "input_array": "attributes", "index": index})
    counts = {f"{name}_processed": len(lists[name]) for name in ("events", "purchases") if lists[name]}
    told = {"message": "success", "attributes_processed": kept, **counts}
    return said(201, told | ({"errors": errors} if errors else {}))


def _segment(segment_id: Any) -> Segment:
    for segment in SEGMENTS:
        if segment.segment_id == segment_id:
            return segment
    raise RefusedError("segment_id is no segment of this workspace")


def _those(state: State, wanted: set[str]) -> Iterator[Person]:
    """The people with these ids; the walk ends at the last of them."""
    left = set(wanted)
    for person in state.braze.crowd.everybody():
        if person["external_id"] in left:
            left.discard(person["external_id"])
            yield person
        if not left:
            return


def _picked(person: Person, fields: Iterable[str], attributes: set[str]) -> Person:
    """What was asked for of a person; what Braze does not know is absent."""
    picked = {name: person[name] for name in fields if name in person}
    if attributes and "custom_attributes" not in picked:
        held = person.get("custom_attributes", {})
        picked["custom_attributes"] = {name: held[name] for name in held if name in attributes}
    return picked


def _fields(root: dict[str, Any]) -> list[str]:
    if not (fields := _texts(root, "fields_to_export")):
        raise RefusedError("fields_to_export is required")
    return fields


def _texts(root: dict[str, Any], name: str) -> list[str]:
    values = root.get(name) or []
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise RefusedError(f"{name} must be a list of strings")
    return values


def _objects(root: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = root.get(name) or []
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise RefusedError(f"{name} must be a list of objects")
    if len(values) > TRACK_LIMIT:
        raise RefusedError(f"Max Input Length Exceeded: at most {TRACK_LIMIT} {name}")
    return values


BRAZE_ROUTES: list[tuple[str, str, Operation]] = [
    ("POST", "/users/export/segment", partial(guarded, export_segment, "users.export.segment")),
    ("POST", "/users/export/ids", partial(guarded, export_ids, "users.export.ids")),
    ("POST", "/users/track", partial(guarded, track, "users.track")),
    ("GET", "/segments/list", partial(guarded, list_segments, "segments.list")),
    ("GET", "/segments/details", partial(guarded, read_segment, "segments.details")),
    ("GET", STORAGE + "/{segmentId}/{date}/{name}", fetch_export),
]

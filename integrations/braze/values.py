"""What goes to Braze and what comes back, as plain values: requests, and answers read by name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from integrations.braze.errors import AnswerUnreadableError
from integrations.web.exchange import Call

IDS_LIMIT: Final = 50  # external ids in one call
ATTRIBUTES_LIMIT: Final = 500  # custom attributes named in one export
SEGMENTS_PER_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Export:
    """An export that Braze has begun. `url` is where its file will be; None where the company has its own storage."""

    object_prefix: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """One batch of people: users as Braze exports them, and the external ids that it does not know."""

    users: tuple[dict[str, Any], ...]
    invalid_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment in Braze's list."""

    segment_id: str
    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentDetails:
    """A segment in words; `filters` is Braze's own reading of its rule. Times are texts, as Braze writes them."""

    name: str
    description: str
    filters: str
    tags: tuple[str, ...]
    created_at: str
    updated_at: str


def export_segment(
    rest_url: str,
    segment_id: str,
    fields: Sequence[str],
    *,
    custom_attributes: Sequence[str] = (),
    callback_url: str | None = None,
) -> Call:
    """The request that begins an export.

    Raises:
        ValueError: no segment, no fields, or more custom attributes than Braze takes.
    """
    if not segment_id or not fields:
        raise ValueError("An export needs a segment and at least one field.")
    if len(custom_attributes) > ATTRIBUTES_LIMIT:
        raise ValueError(f"Braze exports at most {ATTRIBUTES_LIMIT} custom attributes by name.")
    body: dict[str, Any] = {"segment_id": segment_id, "fields_to_export": list(fields)}
    if custom_attributes:
        body["custom_attributes_to_export"] = list(custom_attributes)
    if callback_url:
        body["callback_endpoint"] = callback_url
    return _post(rest_url, "/users/export/segment", body | {"output_format": "zip"})


def export_ids(rest_url: str, external_ids: Iterable[str], fields: Sequence[str]) -> Call:
    """The request for one batch of people."""
    body = {"external_ids": list(external_ids), "fields_to_export": list(fields)}
    return _post(rest_url, "/users/export/ids", body)


def list_segments(rest_url: str, page: int) -> Call:
    """The request for one page of the segments, the first being 0."""
    return Call("GET", f"{rest_url}/segments/list?{urlencode({'page': page})}", b"")


def read_segment(rest_url: str, segment_id: str) -> Call:
    """The request for one segment in words."""
    return Call("GET", f"{rest_url}/segments/details?{urlencode({'segment_id': segment_id})}", b"")


def export_in(told: Mapping[str, Any]) -> Export:
    """The export in an answer, or AnswerUnreadableError (as in maintenance, when a call is only queued)."""
    prefix, url = told.get("object_prefix"), told.get("url")
    if not isinstance(prefix, str) or not prefix:
        raise AnswerUnreadableError(f"Braze began no export: {told['message'][:100]}.")
    return Export(prefix, url if isinstance(url, str) and url else None)


def found_in(told: Mapping[str, Any]) -> Found:
    """The people in an answer, or AnswerUnreadableError."""
    users, invalid = told.get("users"), told.get("invalid_user_ids") or []
    if not isinstance(users, list) or not all(isinstance(user, dict) for user in users):
        raise AnswerUnreadableError(f"Braze's answer lists no people: {told['message'][:100]}.")
    return Found(tuple(users), _texts(invalid))


def segments_in(told: Mapping[str, Any]) -> list[Segment]:
    """The segments of one page, or AnswerUnreadableError."""
    listed = told.get("segments")
    if not isinstance(listed, list):
        raise AnswerUnreadableError(f"Braze's answer lists no segments: {told['message'][:100]}.")
    segments = [
        Segment(_text(one.get("id")), _text(one.get("name")), _texts(one.get("tags")))
        for one in listed
        if isinstance(one, dict)
    ]
    if len(segments) != len(listed) or not all(segment.segment_id for segment in segments):
        raise AnswerUnreadableError("Braze's list of segments holds one without an id.")
    return segments


def details_in(told: Mapping[str, Any]) -> SegmentDetails:
    """The segment in an answer, or AnswerUnreadableError."""
    if not (name := _text(told.get("name"))):
        raise AnswerUnreadableError("Braze's answer is not about a segment.")
    return SegmentDetails(
        name=name,
        description=_text(told.get("text_description")),
        filters=_text(told.get("description")),
        tags=_texts(told.get("tags")),
        created_at=_text(told.get("created_at")),
        updated_at=_text(told.get("updated_at")),
    )


def _post(rest_url: str, path: str, body: dict[str, Any]) -> Call:
    return Call("POST", rest_url + path, orjson.dumps(body))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

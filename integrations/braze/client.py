"""Braze's REST API as far as people and segments go: exports, look-ups, lists, and what a key may do."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from integrations.braze import storage, values
from integrations.braze.errors import (
    AnswerUnreadableError,
    BrazeError,
    KeyRefusedError,
    KeyUnusableError,
    NoAnswerError,
    NotReachableError,
    PermissionMissingError,
    RefusedError,
)
from integrations.braze.instances import check_rest, rest_endpoint
from integrations.braze.replies import read
from integrations.braze.values import IDS_LIMIT, Export, Found, Segment, SegmentDetails
from integrations.web.errors import refusal
from integrations.web.exchange import Call
from integrations.web.session import WebSession, ask

EXPORT_SEGMENT: Final = "users.export.segment"
EXPORT_IDS: Final = "users.export.ids"
LIST_SEGMENTS: Final = "segments.list"
READ_SEGMENT: Final = "segments.details"
NEEDED: Final = (EXPORT_SEGMENT, EXPORT_IDS, LIST_SEGMENTS)

BODY_CAP: Final = 1_048_576  # bytes
PEOPLE_CAP: Final = 64 * BODY_CAP  # 50 people, each with attributes of 100 KB
PAGE_LIMIT: Final = 1000  # pages of 100 segments
NOBODY: Final = "00000000-0000-0000-0000-000000000000"  # the id of a segment and of a person that nobody has
_KEY: Final = re.compile(r"[\x21-\x7e]{1,512}", re.ASCII)


class Client:
    """Calls one workspace, one request at a time. Close it after use.

    Every method raises BrazeErrors: NotReachableError (nothing was sent), NoAnswerError (sent, no answer),
    KeyRefusedError, PermissionMissingError, LimitedError and BusyError (with the seconds to wait),
    RefusedError (for good), AnswerUnreadableError, AddressError.
    """

    def __init__(
        self, rest_url: str, key: str, *, timeout_seconds: float = 30.0, allowed_hosts: Collection[str] = ()
    ) -> None:
        """For the workspace with this REST endpoint and key; `allowed_hosts` are loopback places for a sandbox.

        Raises:
            AddressError: the endpoint must not be called.
            KeyUnusableError: the key could not stand in a header.
        """
        self._rest_url = rest_endpoint(rest_url, allowed_hosts=allowed_hosts)
        if not _KEY.fullmatch(key):
            raise KeyUnusableError(
                "The REST key must be letters, digits and signs, without blanks or line breaks."
            )
        self._key = key
        self._allowed_hosts = frozenset(allowed_hosts)
        self._timeout_seconds = timeout_seconds
        self._session = WebSession(allowed_hosts, check=check_rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def export_segment(
        self,
        segment_id: str,
        fields: Sequence[str],
        *,
        custom_attributes: Sequence[str] = (),
        callback_url: str | None = None,
    ) -> Export:
        """Begin an export of everybody in a segment; its file is a ZIP of texts with one user JSON per line.

        Raises:
            ExportRunningError: this segment is being exported already. And those of every method.
            ValueError: no segment, no fields, or too many custom attributes.
        """
        call = values.export_segment(
            self._rest_url,
            segment_id,
            fields,
            custom_attributes=custom_attributes,
            callback_url=callback_url,
        )
        return values.export_in(self._ask(call, permission=EXPORT_SEGMENT))

    def is_ready(self, url: str) -> bool:
        """Whether the file of an export is there; raises as `storage.is_ready`."""
        return storage.is_ready(url, allowed_hosts=self._allowed_hosts)

    def download(
        self, url: str, path: Path, *, seconds: float = storage.DOWNLOAD_SECONDS, cap: int = storage.FILE_CAP
    ) -> None:
        """Fetch the file of an export to `path`; raises as `storage.download`."""
        storage.download(url, path, seconds=seconds, cap=cap, allowed_hosts=self._allowed_hosts)

    def export_ids(self, external_ids: Iterable[str], fields: Sequence[str]) -> Iterator[Found]:
        """Look up people, 50 in a call; each batch is asked for when it is wanted, so an error costs only the rest.

        Every id is in one `Found`, as a user or as not known: AnswerUnreadableError where Braze leaves one out,
        as long as `external_id` is among the fields.
        """
        wanted = iter(dict.fromkeys(external_ids))
        while batch := list(islice(wanted, IDS_LIMIT)):
            call = values.export_ids(self._rest_url, batch, fields)
            found = values.found_in(self._ask(call, permission=EXPORT_IDS, cap=PEOPLE_CAP))
            if "external_id" in fields:
                _account_for(batch, found)
            yield found

    def segments(self) -> list[Segment]:
        """Every segment that is not archived, 100 to a call."""
        found: dict[str, Segment] = {}
        for page in range(PAGE_LIMIT):
            told = self._ask(values.list_segments(self._rest_url, page), permission=LIST_SEGMENTS)
            fresh = [one for one in values.segments_in(told) if one.segment_id not in found]
            if not fresh:
                return list(found.values())
            found |= {one.segment_id: one for one in fresh}
        raise AnswerUnreadableError("Braze's list of segments does not end.")

    def segment_details(self, segment_id: str) -> SegmentDetails:
        """One segment in words."""
        call = values.read_segment(self._rest_url, segment_id)
        return values.details_in(self._ask(call, permission=READ_SEGMENT))

    def check_key(self) -> tuple[str, ...]:
        """The permissions of NEEDED that the key lacks; none is what one hopes for. Changes nothing in Braze.

        What is asked for: the first page of the segments, a person and a segment that do not exist.

        Raises:
            KeyRefusedError: none of the calls got past the key. And those of every method.
        """
        refusals = {permission: self._refusal(permission) for permission in NEEDED}
        missing = tuple(permission for permission, error in refusals.items() if error)
        unknown = [error for error in refusals.values() if isinstance(error, KeyRefusedError)]
        if unknown and len(missing) == len(NEEDED):
            raise unknown[0]
        return missing

    def _refusal(self, permission: str) -> BrazeError | None:
        """Why a harmless call that needs `permission` is not let in, if it is not."""
        calls = {
            LIST_SEGMENTS: values.list_segments(self._rest_url, 0),
            EXPORT_IDS: values.export_ids(self._rest_url, [NOBODY], ["external_id"]),
            EXPORT_SEGMENT: values.export_segment(self._rest_url, NOBODY, ["external_id"]),
        }
        try:
            self._ask(calls[permission], permission=permission)
        except (KeyRefusedError, PermissionMissingError) as error:
            return error
        except RefusedError as error:
            if permission != EXPORT_SEGMENT or error.status not in {400, 404}:
                raise  # "no such segment" is the good answer; nothing else is refused for itself
        return None

    def _ask(self, call: Call, *, permission: str, cap: int = BODY_CAP) -> dict[str, Any]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self._key}",
            "User-Agent": "calendar-admin",
        }
        if call.body:
            headers["Content-Type"] = "application/json"
        try:
            received = ask(self._session, call, headers=headers, seconds=self._timeout_seconds, cap=cap)
        except NotReachableError as error:
            if (refused := refusal(error)) is not None:
                raise refused from error
            raise NotReachableError(f"Braze cannot be reached: {error}.") from error
        except NoAnswerError as error:
            raise NoAnswerError(f"Braze did not answer: {error}.") from error
        return read(received, permission=permission, secrets=[self._key])


def _account_for(batch: Sequence[str], found: Found) -> None:
    told = {*found.invalid_ids, *(user.get("external_id") for user in found.users)}
    if left_out := [wanted for wanted in batch if wanted not in told]:
        raise AnswerUnreadableError(f"Braze's answer leaves out {len(left_out)} of {len(batch)} people.")

"""Where Braze puts an export: a storage host that is not Braze's own, asked without the REST key."""

from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from integrations.braze.errors import (
    AddressError,
    BusyError,
    ExportNotReadyError,
    NoAnswerError,
    NotReachableError,
    RefusedError,
)
from integrations.braze.instances import check_storage
from integrations.braze.replies import wait_seconds
from integrations.web.download import save
from integrations.web.errors import refusal
from integrations.web.exchange import Call, Received
from integrations.web.session import WebSession, ask

POLL_SECONDS: Final = 30.0  # how long one look may take, and how soon to look again
FILE_CAP: Final = 2_000_000_000  # bytes
DOWNLOAD_SECONDS: Final = 1800.0
REDIRECT_LIMIT: Final = 3
# Not there yet, or no longer. Which of them a storage says depends on who may list its contents.
NOT_READY: Final = {202, 204, 403, 404, 410}
REDIRECTS: Final = {301, 302, 303, 307, 308}
HEADERS: Final = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "calendar-admin"}


def is_ready(url: str, *, allowed_hosts: Collection[str] = ()) -> bool:
    """Whether the file of an export is there; it is asked for, and not read.

    Raises:
        BrazeError: as `download`, without those of the file.
    """
    call = Call("GET", url, b"")
    with WebSession(allowed_hosts, check=check_storage) as session:
        for _ in range(REDIRECT_LIMIT + 1):
            with _Told():
                received = ask(session, call, headers=HEADERS, seconds=POLL_SECONDS, cap=0)
            if (target := _target(call.url, received)) is None:
                return _is_there(received)
            call = Call("GET", target, b"")
    raise _lost()


def download(
    url: str,
    path: Path,
    *,
    seconds: float = DOWNLOAD_SECONDS,
    cap: int = FILE_CAP,
    allowed_hosts: Collection[str] = (),
) -> None:
    """Fetch the file of an export; `path` is there only when it is whole, and replaces what was there.

    Raises:
        ExportNotReadyError: it is not there yet, or no longer.
        AddressError: it is on no public https host. Nothing was sent.
        NotReachableError, NoAnswerError, BusyError, CutShortError: try again.
        TooLargeError: it has more than `cap` bytes.
        RefusedError: the storage wants something else.
        OSError: the disk is full, or the folder is not there.
    """
    with WebSession(allowed_hosts, check=check_storage) as session:
        for _ in range(REDIRECT_LIMIT + 1):
            with _Told():
                received = save(session, url, path, headers=HEADERS, seconds=seconds, cap=cap)
            if (target := _target(url, received)) is None:
                if not _is_there(received):
                    raise ExportNotReadyError(
                        "The export is not there: not yet, or no longer.",
                        seconds=wait_seconds(received.headers, otherwise=POLL_SECONDS),
                    )
                return
            url = target
    raise _lost()


class _Told:
    """Makes a sentence of the few words in which a call says why it failed."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, NotReachableError):
            if (refused := refusal(error)) is not None:
                raise refused from error
            raise NotReachableError(f"The storage of the export cannot be reached: {error}.") from error
        if isinstance(error, NoAnswerError):
            raise NoAnswerError(f"The storage of the export did not answer: {error}.") from error


def _target(url: str, received: Received) -> str | None:
    """Where a redirect leads; every such place is checked like the first."""
    location = received.headers.get("Location")
    if received.status not in REDIRECTS or not location:
        return None
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise AddressError("The address of the export leads to no address.") from error


def _is_there(received: Received) -> bool:
    status = received.status
    if status == 200:
        return True
    if status in NOT_READY:
        return False
    if status >= 500 or status in {408, 429}:
        raise BusyError(
            f"The storage of the export cannot answer just now ({status}).",
            seconds=wait_seconds(received.headers, otherwise=POLL_SECONDS),
        )
    raise RefusedError(f"The storage does not hand out the export ({status}).", status=status)


def _lost() -> RefusedError:
    return RefusedError("The address of the export leads from one address to the next.", status=302)

"""A file from another host, straight to disk: never whole in memory, never too long, never half of it."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import requests
from urllib3.exceptions import HTTPError

from integrations.web.errors import NoAnswerError, NotReachableError, WebError, cause
from integrations.web.exchange import Received
from integrations.web.session import CONNECT_SECONDS, Watch, deadline

CHUNK: Final = 64 * 1024  # bytes
EXCERPT: Final = 4096  # bytes of an answer that is not the file


class CutShortError(WebError):
    """The download ended before its end; nothing is kept of it."""


class TooLargeError(WebError):
    """The file is larger than it may be; nothing is kept of it."""


def save(
    session: requests.Session,
    url: str,
    path: Path,
    *,
    headers: Mapping[str, str],
    seconds: float,
    cap: int,
) -> Received:
    """Get `url` into the file `path` if the answer is a 200; any other answer comes back with its first bytes.

    The file is there only when it is whole: at most `cap` bytes, within `seconds` in all, as long as its
    Content-Length says. Its bytes are those of the wire: a Content-Encoding is not undone.

    Raises:
        AddressError, NotReachableError: nothing was sent.
        NoAnswerError: no answer came.
        CutShortError, TooLargeError: it is not whole, or too large.
        OSError: the disk is full, or the folder is not there.
    """
    with deadline(seconds) as watch, _asked(session, url, headers, seconds, watch) as response:
        chunks, body = _chunks(response, seconds, watch), b""
        if response.status_code == 200:
            with _whole_or_nothing(path) as file:
                _copy(response, file, chunks, cap)
        else:
            with contextlib.suppress(CutShortError):  # the status is answer enough
                body = next(chunks, b"")[:EXCERPT]
        return Received(response.status_code, response.headers, body, response.status_code == 200)


def _asked(
    session: requests.Session, url: str, headers: Mapping[str, str], seconds: float, watch: Watch
) -> requests.Response:
    try:
        return session.get(
            url,
            headers=headers,
            allow_redirects=False,
            stream=True,
            timeout=(min(CONNECT_SECONDS, seconds), seconds + 1),
        )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        words = f"timed out after {seconds:g} s" if watch.expired else cause(error)
        raise (NoAnswerError if watch.sent else NotReachableError)(words) from error


def _copy(response: requests.Response, file: BinaryIO, chunks: Iterator[bytes], cap: int) -> None:
    announced, count = response.headers.get("Content-Length", ""), 0
    if announced.isdecimal() and int(announced) > cap:
        raise TooLargeError(f"The file has {int(announced):,} bytes; at most {cap:,} are taken.")
    for chunk in chunks:
        count += len(chunk)
        if count > cap:
            raise TooLargeError(f"The file has more than the {cap:,} bytes that are taken.")
        file.write(chunk)


def _chunks(response: requests.Response, seconds: float, watch: Watch) -> Iterator[bytes]:
    """The body as it comes off the wire; urllib3 raises when less comes than was announced."""
    count = 0
    while True:
        try:
            chunk = response.raw.read1(CHUNK, decode_content=False)
        except (HTTPError, OSError, ValueError) as error:
            why = f"took longer than {seconds:g} seconds" if watch.expired else "was cut short"
            raise CutShortError(f"The download {why}, after {count:,} bytes.") from error
        if watch.expired:  # a body without a length ends, as it seems, when the watch hangs up
            raise CutShortError(f"The download took longer than {seconds:g} seconds, after {count:,} bytes.")
        if not chunk:
            return
        count += len(chunk)
        yield chunk


@contextlib.contextmanager
def _whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete, and leaves nothing behind when it is not."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

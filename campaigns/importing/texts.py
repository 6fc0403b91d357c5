"""One text inside a file: never longer than promised, past its byte order mark, and JSON lines at first sight."""

import codecs
import io
from typing import Protocol

from django.utils.translation import gettext as _

BUFFER_SIZE = 1 << 16
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class ExportError(Exception):
    """The file as a whole cannot be taken; the text says why, for staff."""


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes."""
        ...


class Limited(io.RawIOBase):
    """A stream that must not turn out longer than was promised."""

    def __init__(self, stream: Readable, limit: int) -> None:
        self.stream, self.left = stream, limit

    def readable(self) -> bool:
        """Say that this can be read; BufferedReader asks."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # narrower
        """Read on, or refuse what goes beyond the limit."""
        data = self.stream.read(len(buffer))
        self.left -= len(data)
        if self.left < 0:
            raise ExportError(_("The file unpacks to far more than it should; it is not read."))
        buffer[: len(data)] = data
        return len(data)


def text_stream(name: str, stream: Readable, limit: int) -> io.BufferedIOBase:
    """Return the stream, past a byte order mark; refuse what cannot be lines of JSON in UTF-8."""
    text = io.BufferedReader(Limited(stream, limit), BUFFER_SIZE)
    head = text.peek(BUFFER_SIZE)
    if head.startswith(b"\xef\xbb\xbf"):
        head = head[3:]
        text.read(3)
    fault = head_fault(head)
    if fault:
        raise ExportError(f"“{name}”: {fault}" if name else fault)
    return text


def head_fault(head: bytes) -> str:
    """Return why a text that begins like this is no export, or an empty text."""
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        return _("This is an archive inside an archive; unpack the outer one.")
    if head.startswith(UTF_16_MARKS) or b"\0" in head[:4]:
        return _("This is UTF-16 text; save it as UTF-8.")
    start = head.lstrip()[:1]
    if start == b"<":
        return _("This is a web page, not an export; perhaps the download link had expired.")
    if start == b"[":
        return _("This is one JSON list; a Braze segment export has one person in braces per line.")
    if start not in {b"{", b""}:
        return _("This is not a Braze segment export, which has one person in braces per line.")
    return ""

"""A file as Braze hands it out (ZIP, gzip or plain text), told apart by content, as named streams.

Nothing is unpacked to disk or written under a name from an archive. What an archive claims about itself
is checked before anything is read, and what is then read is counted against the same limits.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path, PureWindowsPath

from django.utils.translation import gettext as _

from campaigns.importing.texts import BUFFER_SIZE, ExportError, text_stream

ENTRY_LIMIT = 1_000  # files in a ZIP; Braze puts about 5,000 people into each
UNPACKED_LIMIT = 4_000_000_000  # a million people with three subscriptions are 1.5 GB to 2 GB
FILE_LIMIT = 2_000_000_000
# Invented people pack 7 times; with much that is the same for everybody 20 to 60 times; copies of one person
# with ids that count up, as for a load test, 143 times. A deflate bomb packs 1,000 times.
RATIO_LIMIT = 250
DIRECTORY_LIMIT = 1_000_000  # bytes; a million entries would fill the memory before they were counted
DAMAGE = (zipfile.BadZipFile, EOFError, zlib.error, OSError)  # raised while reading on
DISORDER = (*DAMAGE, ValueError, struct.error, NotImplementedError, RuntimeError)  # raised while opening


class Source(io.BufferedReader):
    """The file on disk; zipfile reads a whole ZIP directory in one piece, so a huge one is refused here."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes."""
        if size is not None and size > DIRECTORY_LIMIT:
            raise ExportError(_("The ZIP holds more than %(limit)d files.") % {"limit": ENTRY_LIMIT})
        return super().read(size)


def open_source(path: Path) -> Source:
    """Open the file, or refuse it: not there, empty, too large. The caller closes it."""
    try:
        source = Source(io.FileIO(path), BUFFER_SIZE)
    except OSError as fault:
        raise ExportError(_("The file cannot be opened: %(fault)s.") % {"fault": fault.strerror}) from None
    size = path.stat().st_size
    if 0 < size <= FILE_LIMIT:
        return source
    source.close()
    raise ExportError(_("The file is empty.") if not size else _("The file is larger than 2 GB."))


def streams(source: Source, size: int) -> Iterator[tuple[str, io.BufferedIOBase]]:
    """Yield (name, stream of lines) for every text in the file; the name is empty where there is one only."""
    signature = source.peek(2)[:2]
    if signature == b"PK":
        yield from zip_streams(source, size)
    elif signature == b"\x1f\x8b":
        limit = min(UNPACKED_LIMIT, RATIO_LIMIT * size)
        yield "", text_stream("", GzipFile(fileobj=source), limit)
    else:
        yield "", text_stream("", source, size)


def zip_streams(source: Source, size: int) -> Iterator[tuple[str, io.BufferedIOBase]]:
    """Yield (name, stream) for every file of a ZIP, in the order they lie on disk."""
    try:
        archive = zipfile.ZipFile(source)
    except DISORDER:
        raise ExportError(_("The ZIP is damaged or cut off; fetch it again.")) from None
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    refuse_bombs(entries, size)
    refuse_odd_entries(entries)
    for entry in entries:
        if entry.is_dir() or entry.filename.startswith("__MACOSX/"):  # macOS's notes about the files
            continue
        name = display_name(entry.filename)
        try:
            stream = archive.open(entry)
        except DISORDER:
            raise ExportError(_("The ZIP is damaged at “%(name)s”.") % {"name": name}) from None
        with stream:
            yield name, text_stream(name, stream, entry.file_size)


def refuse_bombs(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse a ZIP by the sizes it declares."""
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRY_LIMIT:
        raise ExportError(_("The ZIP holds more than %(limit)d files.") % {"limit": ENTRY_LIMIT})
    if unpacked > UNPACKED_LIMIT:
        raise ExportError(
            _("The ZIP unpacks to more than 4 GB: export fewer fields, or the segment in parts.")
        )
    if unpacked > RATIO_LIMIT * size:
        raise ExportError(
            _("The ZIP unpacks to more than %(limit)d times its size.") % {"limit": RATIO_LIMIT}
        )


def refuse_odd_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse a ZIP with an entry that no export has."""
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise ExportError(_("The ZIP holds two files of the same name."))
    for entry in entries:
        fault = entry_fault(entry)
        if fault:
            raise ExportError(f"“{display_name(entry.filename)}”: {fault}")


def entry_fault(entry: zipfile.ZipInfo) -> str:
    """Return why an entry is not a plain file inside the archive, or an empty text."""
    name = PureWindowsPath(entry.filename)  # knows both kinds of slashes, and drives
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if not entry.filename:
        return _("its name is missing; download the export again.")
    if name.anchor or ".." in name.parts:
        return _("the name leads out of the archive.")
    if entry.flag_bits & 0x1:
        return _("it is encrypted; upload the ZIP without a password.")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return _("it is a link or a device, not a file.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return _("it is packed in a way that Braze does not use.")
    return ""


def display_name(name: str) -> str:
    """Return a file's name as it can be shown and stored: no folders, no control or direction characters."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:200] or _(
        "file without a name"
    )

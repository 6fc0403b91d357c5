"""A Braze segment export, read person by person, however long it is."""

import io
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from campaigns.importing.archive import DAMAGE, Source, open_source, streams
from campaigns.importing.document import DocumentError, loads
from campaigns.importing.person import NobodyError, Person, PersonError, person
from campaigns.importing.texts import BUFFER_SIZE, ExportError

LINE_LIMIT = 1_000_000  # bytes; Braze holds at most 100 KB in one attribute


@dataclass(slots=True)
class Row:
    """One line: a person, or the reason why it is none; and how far in the file it was found."""

    name: str
    number: int
    bytes_read_count: int
    person: Person | None
    fault: str = ""
    refused_id: str = ""  # the user id of a person who cannot be taken, where it can be read
    is_nobody: bool = False  # somebody whom Braze knows by no user id, so nobody here

    @property
    def external_id(self) -> str:
        """The user id on this line, as far as it can be read."""
        return self.person.external_id if self.person else self.refused_id

    @property
    def hides_somebody(self) -> bool:
        """Whether the line may be about anybody."""
        return not self.external_id and not self.is_nobody

    @property
    def place(self) -> str:
        """Where the line is, for people: “export-3.txt line 9999”."""
        line = _("line %(number)d") % {"number": self.number}
        return f"{self.name} {line}".lstrip()


def read(path: Path) -> Generator[Row]:
    """Yield every line that is not blank; ExportError where the file as a whole is unusable."""
    with opened(path) as source:
        for name, stream in streams(source, path.stat().st_size):
            for number, line in lines(stream):
                yield row(name, number, line, source.tell())


def check(path: Path) -> None:
    """Read everything once and keep nothing: a damaged file is refused before it changes anything."""
    with opened(path) as source:
        for _name, stream in streams(source, path.stat().st_size):
            while stream.read(BUFFER_SIZE):
                pass


def glance(path: Path) -> None:
    """Refuse what can be refused at once, by the first bytes and by what an archive says of itself."""
    with opened(path) as source:
        for _first in streams(source, path.stat().st_size):
            break


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open the file and turn every kind of damage met while reading into one ExportError."""
    with open_source(path) as source:
        try:
            yield source
        except DAMAGE:
            raise ExportError(_("The file is damaged or cut off; fetch it again.")) from None


def lines(stream: io.BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) without blank lines; a line that is too long comes cut off, above the limit."""
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = stream.readline(LINE_LIMIT)
        if not line.isspace():
            yield number, line


def row(name: str, number: int, line: bytes, bytes_read_count: int) -> Row:
    """Return the person on this line, or why there is none."""
    try:
        if len(line) > LINE_LIMIT:
            raise DocumentError(_("The line is longer than 1 MB."))
        return Row(name, number, bytes_read_count, person(loads(line)))
    except DocumentError as fault:
        return Row(name, number, bytes_read_count, None, str(fault))
    except PersonError as fault:
        is_nobody = isinstance(fault, NobodyError)
        return Row(name, number, bytes_read_count, None, str(fault), fault.external_id, is_nobody)

"""A table as spreadsheets write it (CSV): told apart by content, read row by row, every bad row with its line."""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from campaigns.importing.archive import Source
from campaigns.importing.export import LINE_LIMIT, opened
from campaigns.importing.texts import BUFFER_SIZE, UTF_16_MARKS, ExportError

COLUMN_LIMIT = 300  # a person has 16 attributes from Rokt, and each column is a question on a page
NAME_LIMIT = 255
CELL_LIMIT = 131_072  # characters; the csv module's own limit
ROW_LINE_LIMIT = 100  # a quote that is still open after so many lines was never meant to be one
DELIMITERS = (",", ";", "\t")
UTF_8, UTF_16 = "utf-8-sig", "utf-16"
NOT_TEXT = re.compile("[\ud800-\udfff]")  # what bytes outside UTF-8 are read as
DATA = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table by the line it begins on: its cells, or what is wrong with it."""

    number: int
    cells: list[str]
    fault: str = ""


class Lines:
    """The lines of a text as an editor counts them; what was read ahead can be given back."""

    def __init__(self, source: Source, encoding: str) -> None:
        # A letter of UTF-8 that is damaged is the fault of its row; after one of UTF-16 nothing is sure.
        self.is_strict = encoding == UTF_16
        errors = "strict" if self.is_strict else "surrogateescape"
        self.text = io.TextIOWrapper(source, encoding, errors, newline="")
        self.given_back: deque[str] = deque()
        self.number = 0

    def take(self) -> str:
        """Return the next line with its end, cut off above the limit; an empty text where there is none."""
        if self.given_back:
            self.number += 1
            return self.given_back.popleft()
        line = rest = self.text.readline(LINE_LIMIT + 1)
        while len(rest) > LINE_LIMIT and not rest.endswith(("\r", "\n")):
            rest = self.text.readline(LINE_LIMIT + 1)
        self.number += bool(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Have these lines taken again."""
        self.given_back.extendleft(reversed(lines))
        self.number -= len(lines)

    def check(self) -> None:
        """Read on to the end and keep nothing, where damage would spoil more than its row."""
        while self.is_strict and self.text.read(BUFFER_SIZE):
            pass


@dataclass(slots=True)
class Table:
    """An open table: its columns, and the rows below them."""

    lines: Lines
    source: Source
    delimiter: str
    columns: list[str]

    def records(self) -> Iterator[Record]:
        """Yield every row that is not blank; a bad one takes no other row with it."""
        width = len(self.columns)
        while line := self.lines.take():
            number = self.lines.number
            cells, more, fault = split(line, self.lines, self.delimiter)
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            if not fault and not any(cell.strip() for cell in cells):
                continue
            if not fault and len(cells) != width:
                fault = _("The row has %(count)d of %(width)d cells.") % {
                    "count": len(cells),
                    "width": width,
                }
            if fault:
                self.lines.give_back(more)
            yield Record(number, [] if fault else cells, fault)


def split(line: str, lines: Lines, delimiter: str) -> tuple[list[str], list[str], str]:
    """Return the cells that begin on this line, the further lines they took, and what is wrong with them."""
    fault = line_fault(line)
    if fault:
        return [], [], fault
    if '"' not in line and len(line) <= CELL_LIMIT:
        return line.rstrip("\r\n").split(delimiter), [], ""
    more: list[str] = []
    try:
        return next(csv.reader(ahead(line, lines, more), delimiter=delimiter, strict=True)), more, ""
    except csv.Error as error:
        return [], more, quote_fault(str(error))


def ahead(line: str, lines: Lines, more: list[str]) -> Iterator[str]:
    """Yield a line and those that follow, as far as one row can go; ``more`` is what was taken."""
    size = len(line)
    yield line
    while len(more) < ROW_LINE_LIMIT and size <= LINE_LIMIT:
        following = lines.take()
        if not following:
            return
        more.append(following)
        if line_fault(following):
            return
        size += len(following)
        yield following


def line_fault(line: str) -> str:
    """Return why a line cannot be read at all, or an empty text."""
    if len(line) > LINE_LIMIT:
        return _("The line is longer than 1 MB.")
    if "\0" in line:
        return _("Holds a NUL character, which cannot be stored.")
    if not line.isascii() and NOT_TEXT.search(line):
        return _("This line is not UTF-8 text; save the table as “CSV UTF-8”.")
    return ""


def quote_fault(error: str) -> str:
    """Return in plain words what the csv module says."""
    if "unexpected end" in error:
        return _("A quotation mark opens a cell here and is never closed.")
    if "field limit" in error:
        return _("A cell is longer than %(limit)d characters.") % {"limit": CELL_LIMIT}
    return _("Text follows a closing quotation mark; inside a cell a quotation mark is written twice.")


@contextmanager
def open_table(path: Path) -> Generator[Table]:
    """Open a table; ExportError where it is none, or where its first line does not name its columns."""
    with opened(path) as source:
        head = source.peek(BUFFER_SIZE)[:BUFFER_SIZE]
        try:
            delimiter = delimiter_of(beginning(head))
            lines = Lines(source, encoding_of(head))
            if lines.is_strict and path.stat().st_size % 2:
                raise ExportError(damage())
            yield Table(lines, source, delimiter, header(lines, delimiter))
        except UnicodeDecodeError:
            raise ExportError(damage()) from None


def damage() -> str:
    """Return what to do with UTF-16 text whose letters are not whole."""
    return _("This UTF-16 text is damaged or cut off; save the table as “CSV UTF-8”, and upload that.")


def encoding_of(head: bytes) -> str:
    """Return how a text that begins like this is encoded: in UTF-8, unless a mark says otherwise."""
    return UTF_16 if head.startswith(UTF_16_MARKS) else UTF_8


def decoded(head: bytes, errors: str = "strict") -> str:
    """Return the beginning of a text, without its mark; its last letter may have been cut in two."""
    decoder = codecs.getincrementaldecoder(encoding_of(head))(errors)
    return decoder.decode(head, final=len(head) < BUFFER_SIZE)


def beginning(head: bytes) -> str:
    """Return the same, or refuse what is neither UTF-8 nor UTF-16 with a mark."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ExportError(_("This is UTF-32 text; save the table as “CSV UTF-8”."))
    if head.startswith(UTF_16_MARKS):
        return decoded(head)
    if head.count(0) > len(head) // 10:
        raise ExportError(
            _("This is UTF-16 text without the mark that says so; save the table as “CSV UTF-8”.")
        )
    try:
        return decoded(head)
    except UnicodeDecodeError as fault:
        number = head[: fault.start].count(b"\n") + 1
        raise ExportError(
            _("Line %(number)d is not UTF-8 text. In Excel choose “CSV UTF-8” where you save the table.")
            % {"number": number}
        ) from None


def separator(line: str) -> str:
    """Return what Excel's ``sep=;`` names, or an empty text where the line is another one."""
    stripped = line.strip("\r\n").strip('"')
    return stripped[4:] if stripped[:4].lower() == "sep=" else ""


def delimiter_of(head: str) -> str:
    """Return what stands between the cells: as the file says, or as most of its first rows agree on."""
    first, *rest = head.splitlines()[:20] or [""]
    named = separator(first)
    if named and named not in DELIMITERS:
        raise ExportError(_("The cells must be separated by commas, semicolons or tabs."))
    return named or max(DELIMITERS, key=lambda each: agreement(each, [first, *rest]))


def agreement(delimiter: str, lines: list[str]) -> tuple[bool, int, int]:
    """Return how well the lines split: into several cells at all, how many as the first one, and into how many."""
    try:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    except csv.Error:
        return False, 0, 0
    width = widths[0] if widths else 0
    return width > 1, widths.count(width), width


def header(lines: Lines, delimiter: str) -> list[str]:
    """Return the names of the columns: on the first line that is not blank, each there and each once."""
    line = lines.take()
    if separator(line):
        line = lines.take()
    while line and not line.strip():
        line = lines.take()
    if not line:
        raise ExportError(_("There is nothing in this file."))
    cells, _more, fault = split(line, lines, delimiter)
    if fault:
        raise ExportError(_("The line with the names of the columns: %(fault)s") % {"fault": fault})
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    fault = header_fault(names)
    if fault:
        raise ExportError(fault)
    return names


def header_fault(names: list[str]) -> str:
    """Return why these cannot be the names of columns, or an empty text."""
    if not names:
        return _("The first line must hold the names of the columns; it holds separators only.")
    if len(names) > COLUMN_LIMIT:
        return _("The table has %(count)d columns; at most %(limit)d can be read.") % {
            "count": len(names),
            "limit": COLUMN_LIMIT,
        }
    for number, name in enumerate(names, 1):
        fault = name_fault(number, name)
        if fault:
            return fault
    twice = next((name for name, count in Counter(names).items() if count > 1), "")
    return _("Two columns are called “%(name)s”; rename one of them.") % {"name": twice} if twice else ""


def name_fault(number: int, name: str) -> str:
    """Return why this cannot be the name of a column, or an empty text."""
    if not name:
        return _("Column %(number)d has no name in the first line.") % {"number": number}
    if len(name) > NAME_LIMIT or not name.isprintable():
        return _("The name of column %(number)d is too long, or holds odd characters.") % {"number": number}
    if DATA.fullmatch(name):
        return _("The first line must hold the names of the columns; “%(name)s” looks like data.") % {
            "name": name
        }
    return ""

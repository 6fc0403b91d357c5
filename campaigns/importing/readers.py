"""One way in for every kind of file: what kind it is, whether it can be read, and its rows."""

import json
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.importing import export, tables
from campaigns.importing.archive import open_source, streams
from campaigns.importing.document import DocumentError, loads
from campaigns.importing.export import LINE_LIMIT, Row
from campaigns.importing.mapping import CUSTOM, LEAVE_OUT, cell_fault, faults, from_cell, from_cells
from campaigns.importing.overlay import ATTRIBUTES
from campaigns.importing.parts import part
from campaigns.importing.person import PersonError
from campaigns.importing.texts import BUFFER_SIZE, ExportError
from campaigns.models import Import
from integrations.braze.profile import NAMES

SAMPLE_ROW_COUNT = 500
SAMPLE_COUNT = 3
SHOWN_LENGTH = 60
ONLY_BRAZE = frozenset({ATTRIBUTES, "braze_id"})  # keys that only Braze's own exports have
OLE = b"\xd0\xcf\x11\xe0"


@dataclass(slots=True)
class Column:
    """A column of a file: its name, some of what is in it, and how many of the first rows have something there."""

    name: str
    values: list[Any]

    @property
    def samples(self) -> list[str]:
        """A few different values, cut off where they are long."""
        texts = (
            each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in self.values
        )
        return list(dict.fromkeys(text[:SHOWN_LENGTH] for text in texts))[:SAMPLE_COUNT]

    def fault(self, meaning: str) -> str:
        """Return how many of the values do not fit the meaning, and why the first of them does not."""
        if meaning == LEAVE_OUT:
            return ""
        values = (from_cell(meaning, each) if isinstance(each, str) else each for each in self.values)
        found = list(filter(None, (cell_fault(meaning, each) for each in values)))
        if not found:
            return ""
        counts = {"bad": len(found), "count": len(self.values), "fault": found[0].removesuffix(".")}
        return _("%(bad)d of the first %(count)d: %(fault)s.") % counts


def kind_of(path: Path) -> Import.Format:
    """Return what kind of file this is by its content; ExportError where it is none that can be read."""
    with open_source(path) as source:
        head = source.peek(BUFFER_SIZE)[:BUFFER_SIZE]
    if head.startswith(OLE) or b"[Content_Types].xml" in head[:2_000]:
        raise ExportError(_("This is an Excel workbook. In Excel save it as “CSV UTF-8”, and upload that."))
    start = tables.decoded(head, "ignore").lstrip()[:1]
    if head.startswith((b"PK", b"\x1f\x8b")) or start in {"<", "["}:
        export.glance(path)
        return Import.Format.BRAZE
    if start == "{":
        export.glance(path)
        return kind_of_lines(path)
    with tables.open_table(path) as table:
        if next(table.records(), None) is None:
            raise ExportError(_("The table holds the names of its columns and nobody below them."))
    return Import.Format.CSV


def kind_of_lines(path: Path) -> Import.Format:
    """Return whether lines of JSON are a Braze export or somebody else's."""
    for _number, document in islice(documents(path), SAMPLE_ROW_COUNT):
        if isinstance(document, dict) and not ONLY_BRAZE.isdisjoint(document):
            return Import.Format.BRAZE
    return Import.Format.LINES


def check(job: Import) -> None:
    """Refuse a file that is damaged as a whole, or whose columns nobody has explained; nothing is kept."""
    path = Path(job.path)
    if job.format == Import.Format.BRAZE:
        export.check(path)
        return
    found = faults(job.mapping or {})
    if found:
        name, fault = next(iter(found.items()))
        raise ExportError(f"“{name}”: {fault}" if name else fault)
    if job.format == Import.Format.LINES:
        export.check(path)
        return
    with tables.open_table(path) as table:
        missing = [
            name for name, meaning in (job.mapping or {}).items() if meaning and name not in table.columns
        ]
        if missing:
            raise ExportError(_("The table has no column “%(name)s”.") % {"name": missing[0]})
        table.lines.check()


def rows(job: Import) -> Generator[Row]:
    """Yield every row of an import that is not blank; ExportError where the file as a whole is unusable."""
    path = Path(job.path)
    if job.format == Import.Format.BRAZE:
        yield from export.read(path)
    elif job.format == Import.Format.LINES:
        yield from line_rows(path, job.mapping or {})
    else:
        yield from table_rows(path, job.mapping or {})


def table_rows(path: Path, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of a table."""
    with tables.open_table(path) as table:
        for record in table.records():
            at = table.source.tell()
            if record.fault:
                yield Row("", record.number, at, None, record.fault)
            else:
                said = partial(from_cells, mapping, table.columns, record.cells)
                yield row("", record.number, at, said)


def line_rows(path: Path, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of lines of JSON; custom attributes may also lie together, as in Braze's exports."""
    with export.opened(path) as source:
        for name, stream in streams(source, path.stat().st_size):
            for number, line in export.lines(stream):
                document = read(line)
                if isinstance(document, str):
                    yield Row(name, number, source.tell(), None, document)
                else:
                    found = row(name, number, source.tell(), partial(meant, mapping, document))
                    if found.person and (keys := document.keys() - mapping.keys() - {ATTRIBUTES}):
                        found.person.remarks.append(not_asked_about(keys))
                    yield found


def not_asked_about(keys: Collection[str]) -> str:
    """Return that these keys are left out: the first rows, by which people are asked, do not have them."""
    text = ngettext(
        "“%(name)s” is left out: it is not among the keys that this import asked about.",
        "“%(name)s” and %(others)d more are left out: they are not among the keys that this import asked about.",
        len(keys),
    )
    return text % {"name": min(keys)[:SHOWN_LENGTH], "others": len(keys) - 1}


def meant(mapping: Mapping[str, str], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return meaning -> value of one object; null is a value, and takes away what is known."""
    nested = document.get(ATTRIBUTES)
    if nested is not None and not isinstance(nested, dict):
        raise PersonError(_("custom_attributes is not an object."))
    within = nested or {}
    said = {name if name in NAMES else CUSTOM + name: value for name, value in within.items()}
    above = {meaning: document[key] for key, meaning in mapping.items() if meaning and key in document}
    return said | {meaning: value for meaning, value in above.items() if meaning != CUSTOM + ATTRIBUTES}


def row(name: str, number: int, at: int, said: Callable[[], Mapping[str, Any]]) -> Row:
    """Return what a row tells of a person, or why it tells of nobody."""
    try:
        return Row(name, number, at, part(said()))
    except PersonError as fault:
        return Row(name, number, at, None, str(fault), fault.external_id)


def read(line: bytes) -> dict[str, Any] | str:
    """Return the object on this line, or what is wrong with it."""
    if len(line) > LINE_LIMIT:
        return _("The line is longer than 1 MB.")
    try:
        return loads(line)
    except DocumentError as fault:
        return str(fault)


def documents(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield (line number, object or what is wrong) for the lines of a file."""
    with export.opened(path) as source:
        for _name, stream in streams(source, path.stat().st_size):
            for number, line in export.lines(stream):
                yield number, read(line)


def columns(job: Import) -> list[Column]:
    """Return the columns of a table, or the keys of lines of JSON, with what is in the first rows."""
    path = Path(job.path)
    if job.format == Import.Format.LINES:
        objects = (each for _number, each in islice(documents(path), SAMPLE_ROW_COUNT))
        return gathered([], (each for each in objects if isinstance(each, dict)))
    with tables.open_table(path) as table:
        records = (each.cells for each in islice(table.records(), SAMPLE_ROW_COUNT) if not each.fault)
        return gathered(table.columns, (dict(zip(table.columns, cells, strict=True)) for cells in records))


def gathered(names: Iterable[str], people: Iterable[Mapping[str, Any]]) -> list[Column]:
    """Return the columns with their values, those that are named first."""
    found = {name: Column(name, []) for name in names}
    for person in people:
        for name, value in person.items():
            if name not in found and name != ATTRIBUTES and len(found) < tables.COLUMN_LIMIT:
                found[name] = Column(name, [])
            if name in found and value is not None and (not isinstance(value, str) or value.strip()):
                found[name].values.append(value)
    return list(found.values())

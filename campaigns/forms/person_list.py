"""Lists of people: an uploaded file or pasted lines of user ids, read as a stream and kept whole or not at all."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, Final

from django import forms
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from campaigns.forms.fields import UNSENDABLE, LineField
from campaigns.importing import suppressed
from campaigns.importing.mapping import SHORTENED
from campaigns.models import PersonList, PersonListMember, Suppression
from campaigns.models.turns import turn_of_all

MOST_IDS: Final = 1_000_000
MOST_PASTED: Final = 900_000  # characters; a larger post does not get through
STEP: Final = 20_000
LONGEST_ID: Final = 255
LONGEST_LINE: Final = 10_000
HEADINGS: Final = re.compile(r"(braze[ _]?)?(user|external|customer)?[ _-]?ids?", re.IGNORECASE)
STARTS: Final = {
    b"PK\x03\x04": gettext_lazy(
        "This is a ZIP or Excel file. Save the sheet as CSV (UTF-8), and upload that."
    ),
    b"\x1f\x8b": gettext_lazy("This is a gzip file. Unpack it, and upload the text file in it."),
    b"%PDF": gettext_lazy("This is a PDF. Upload a text or CSV file with one user id in each line."),
    b"<": gettext_lazy("This is a web page or XML. Upload a text or CSV file with one user id in each line."),
    b"{": gettext_lazy("This is JSON. Upload a text or CSV file with one user id in each line."),
    b"[": gettext_lazy("This is JSON. Upload a text or CSV file with one user id in each line."),
}


class ListError(ValueError):
    """Why a file is no list of user ids, and what to do."""


@dataclass(slots=True)
class Kept:
    """What came of reading: the list, and what was left out of it."""

    people: PersonList
    row_count: int = 0
    erased_count: int = 0
    blank_count: int = 0
    has_heading: bool = False

    @property
    def duplicate_count(self) -> int:
        """How many rows named somebody once more."""
        return self.row_count - self.people.people_count - self.erased_count


class PersonListForm(forms.ModelForm[PersonList]):
    """A name, and user ids from a file or typed in."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("Segments offer the list under this name."),
        error_messages={"unique": gettext_lazy("Another list has this name. Choose a different one.")},
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,
        max_length=None,
        help_text=gettext_lazy("Text or CSV with one column: a user id in each line, up to 1,000,000."),
        widget=forms.FileInput(attrs={"accept": ".txt,.csv,text/plain,text/csv", "class": "se-file"}),
    )
    pasted = forms.CharField(
        label=gettext_lazy("Or paste user ids"),
        required=False,
        strip=False,
        max_length=MOST_PASTED,
        help_text=gettext_lazy("One in each line. More than some 20,000 are better uploaded as a file."),
        error_messages={
            "max_length": gettext_lazy("This is more than can be pasted. Upload them as a file instead.")
        },
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false"}),
    )

    class Meta:
        model = PersonList
        fields = ["name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # With it, browsers cut off what is pasted and say nothing.
        del self.fields["pasted"].widget.attrs["maxlength"]

    def clean(self) -> dict[str, Any]:
        """Take one source, and not two."""
        given = super().clean() or {}
        is_pasted = bool(given.get("pasted", "").strip())
        if given.get("file") and is_pasted:
            self.add_error("pasted", _("Give a file or paste user ids, not both."))
        elif not given.get("file") and not is_pasted and "pasted" not in self.errors:
            self.add_error("file", _("Choose a file, or paste user ids below."))
        return given

    def keep(self, *, by: User) -> Kept:
        """Store the list.

        Raises:
            ListError: it cannot be read as user ids; nothing is stored then.
        """
        file = self.cleaned_data["file"]
        raw: BinaryIO = file or io.BytesIO(self.cleaned_data["pasted"].encode("utf-8", "surrogatepass"))
        named = PersonList(
            name=self.cleaned_data["name"], file_name=file.name[:255] if file else "", created_by=by
        )
        return keep(raw, named)


@transaction.atomic
def keep(raw: BinaryIO, named: PersonList) -> Kept:
    """Read user ids into a new list, in steps; all of them or, where something is wrong, none."""
    named.save()
    kept = Kept(named)
    ids = _ids(raw, kept)
    while step := list(islice(ids, STEP)):
        _insert(named, step)
    kept.erased_count = _leave_out_erased(named)
    named.people_count = named.members.count()
    if kept.erased_count and not named.people_count:
        raise ListError(_("Everybody in it was erased here, so nobody is left to keep."))
    if not named.people_count:
        raise ListError(_("There is no user id in it. Put one in each line."))
    if named.people_count > MOST_IDS:
        raise ListError(_too_many())
    named.save(update_fields=["people_count"])
    return kept


def _insert(named: PersonList, ids: list[str]) -> None:
    """Insert a step as one JSON text: a million rows took 80 to 120 s as rows of parameters."""
    listed = (
        "json_each(%s)" if connection.vendor == "sqlite" else "json_array_elements_text(%s) AS each(value)"
    )
    table = PersonListMember._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (list_id, external_id) SELECT %s, value FROM {listed}"  # noqa: S608 - names are ours
            " WHERE true ON CONFLICT DO NOTHING",
            [named.pk, json.dumps(ids)],
        )


def _leave_out_erased(named: PersonList) -> int:
    """Take those off a new list whose names must not be kept; return how many."""
    before = _newest_erasure()
    count = 0 if before is None else _take_off(named)
    turn_of_all()  # from here on nobody is erased until the list is there, and then they are taken off it
    return count + (_take_off(named) if _newest_erasure() != before else 0)


def _newest_erasure() -> int | None:
    erased = Suppression.objects.filter(cause=Suppression.Cause.ERASED).order_by("-pk")
    return erased.values_list("pk", flat=True).first()


def _take_off(named: PersonList) -> int:
    count, last = 0, ""
    while ids := list(
        named.members.filter(external_id__gt=last)
        .order_by("external_id")
        .values_list("external_id", flat=True)[:STEP]
    ):
        last = ids[-1]
        if gone := suppressed.erased(ids):
            count += named.members.filter(external_id__in=gone).delete()[0]
    return count


def _ids(raw: BinaryIO, kept: Kept) -> Iterator[str]:
    lines = _lines(raw)
    first = next(lines, "")
    delimiter = next((sign for sign in "\t;" if sign in first), ",")
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    for row in _rows(reader):
        text = _only_cell(row, reader.line_num)
        if not text:
            kept.blank_count += 1
        elif not kept.row_count and not kept.has_heading and HEADINGS.fullmatch(text):
            kept.has_heading = True
        else:
            kept.row_count += 1
            yield _checked(text, reader.line_num, kept)


def _only_cell(row: list[str], line: int) -> str:
    cells = [cell.strip() for cell in row]
    count = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
    if count > 1:
        fault = _("there are %(count)d columns. Keep only the one with the user ids, or put an id that"
                  " holds such a sign in quotation marks.")  # fmt: skip
        raise _at(line, fault % {"count": count})
    return cells[0] if cells else ""


def _rows(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        fault = _("a quotation mark opens and does not close as CSV wants it. Correct the line.")
        raise _at(reader.line_num, fault) from None


def _checked(text: str, line: int, kept: Kept) -> str:
    if len(text) > LONGEST_ID:
        fault = _("a user id has at most %(most)d characters, and this one has %(count)d.")
        raise _at(line, fault % {"most": LONGEST_ID, "count": len(text)})
    if found := UNSENDABLE.search(text):
        fault = _(
            "the character U+%(code)s cannot be part of a user id. Save the file as plain text (UTF-8)."
        )
        raise _at(line, fault % {"code": f"{ord(found[0]):04X}"})
    if SHORTENED.fullmatch(text):
        fault = _("“%(id)s” is a number that a spreadsheet has shortened. Make the column a text there.")
        raise _at(line, fault % {"id": text})
    if kept.row_count > 2 * MOST_IDS:  # of which half may be repeated
        raise ListError(_too_many())
    return text


def _lines(raw: BinaryIO) -> Iterator[str]:
    """Yield the lines of a text in UTF-8, or in UTF-16 where a mark says so; none is longer than an id can be."""
    start = raw.read(16)
    raw.seek(0)
    for sign, message in STARTS.items():
        if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(sign):
            raise ListError(str(message))
    encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    text = io.TextIOWrapper(raw, encoding=encoding)
    try:
        yield from _short(iter(lambda: text.readline(LONGEST_LINE), ""))
    except UnicodeDecodeError:
        raise ListError(_("The file is not text in UTF-8. In Excel, save it as “CSV UTF-8”.")) from None
    finally:
        text.detach()  # closing is for whoever opened it


def _short(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) == LONGEST_LINE:
            raise _at(number, _("it is too long for a user id. Put one in each line."))
        yield line


def _at(line: int, fault: str) -> ListError:
    return ListError(_("Line %(line)s: %(fault)s") % {"line": f"{line:,}", "fault": fault})


def _too_many() -> str:
    return _("These are more than %(most)s user ids. Make several lists of them.") % {"most": f"{MOST_IDS:,}"}

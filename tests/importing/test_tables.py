"""Tables: whatever a spreadsheet or a person makes of a CSV is read row by row, or refused in words."""

import contextlib
import csv
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.importing import readers, tables
from campaigns.importing.export import LINE_LIMIT
from campaigns.importing.mapping import guess
from campaigns.importing.texts import ExportError
from campaigns.models import Import

HEADER = b"user_id,first_name,email\n"


@pytest.fixture
def written(tmp_path):
    """Write bytes and return where."""

    def write(content):
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        return path

    return write


def records(path):
    with tables.open_table(path) as table:
        return list(table.records())


def rows(path) -> list[Any]:
    with tables.open_table(path) as table:
        mapping = guess(table.columns)
    return list(readers.rows(Import(path=str(path), format=Import.Format.CSV, mapping=mapping)))


def bad(path):
    return {record.number: record.fault for record in records(path) if record.fault}


def refusal(path):
    with pytest.raises(ExportError) as caught:
        readers.kind_of(path)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_delimiters_and_line_ends_are_found_out(written, delimiter, mark, end):
    lines = [["User ID", "E-Mail", "Vorname"], ["ada", "ada@example.com", "x"], ["bob", "", "y"]]
    path = written(mark + end.join(delimiter.join(line) for line in lines).encode())

    found = rows(path)

    assert readers.kind_of(path) == Import.Format.CSV
    assert [(row.person.external_id, row.person.first_name, row.number) for row in found] == [
        ("ada", "x", 2),
        ("bob", "y", 3),
    ]


def test_excel_says_itself_what_separates_its_cells_and_lines_are_counted_with_that_line(written):
    path = written(b'sep=;\r\nuser_id;first_name\r\nada;"x,y"\r\nbob\r\n')

    assert rows(path)[0].person.first_name == "x,y"
    assert bad(path) == {4: "The row has 1 of 2 cells."}
    assert "separated by commas" in refusal(written(b"sep=|\nuser_id|a\nx|y"))


def test_quotes_hold_separators_line_breaks_and_quotes(written):
    path = written(HEADER + b'ada,"a ""b"", c",\n\n"bob","two\r\nlines",b@c\ncyd,,\n')

    assert [(each.number, each.cells[1]) for each in records(path)] == [
        (2, 'a "b", c'),
        (4, "two\r\nlines"),
        (6, ""),
    ]


def test_a_quote_that_is_never_closed_takes_no_other_row_with_it(written):
    people = b"".join(b"p%d,x,\n" % number for number in range(5_000))
    path = written(HEADER + b'ada,"never closed,\n' + people + b'zoe,"never again,\n')

    found = records(path)

    assert bad(path) == dict.fromkeys((2, 5_003), "A quotation mark opens a cell here and is never closed.")
    assert sum(1 for each in found if each.cells) == 5_000


def test_two_stray_quotes_do_not_swallow_the_rows_between_them(written):
    path = written(HEADER + b'ada,"x,\nbob,y,\ncyd,z,"\ndan,w,\n')

    assert [each.cells[0] for each in records(path) if each.cells] == ["bob", "dan"]
    assert sorted(bad(path)) == [2, 4]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"ada,x", "The row has 2 of 3 cells."),
        (b"ada,x,,more", "The row has 4 of 3 cells."),
        (b"ada,\0,", "Holds a NUL character, which cannot be stored."),
        (
            b'ada,"x"y,',
            "Text follows a closing quotation mark; inside a cell a quotation mark is written twice.",
        ),
        (b'ada,"' + b"x" * 140_000 + b'",', "A cell is longer than 131072 characters."),
        (b"ada," + b"x" * LINE_LIMIT + b",", "The line is longer than 1 MB."),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_next_one_is_read(written, line, fault):
    path = written(HEADER + line + b"\nbob,x,\n")

    assert bad(path) == {2: fault}
    assert records(path)[-1].cells == ["bob", "x", ""]
    assert rows(path)[0].place == "line 2"


def test_text_that_is_not_utf8_far_down_is_one_row_with_a_problem(written):
    people = b"".join(b"person-%d,x,\n" % number for number in range(9_997))
    path = written(HEADER + people + "zoë,x,\n".encode("latin-1") + b"last,x,\n")

    assert bad(path) == {9_999: "This line is not UTF-8 text; save the table as “CSV UTF-8”."}
    assert records(path)[-1].cells[0] == "last"


def test_empty_cells_at_the_end_and_rows_of_nothing_are_no_problem(written):
    path = written(b"user_id,first_name,,\nada,x,,\nbob,y\n,,,\n,,\n")

    assert [each.cells for each in records(path)] == [["ada", "x"], ["bob", "y"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "There is nothing in this file."),
        (HEADER, "The table holds the names of its columns and nobody below them."),
        (b",,\nada,x,y", "The first line must hold the names of the columns; it holds separators only."),
        (b"user_id,,email\nada,x,y", "Column 2 has no name in the first line."),
        (b"user_id,email,email\nada,x,y", "Two columns are called “email”; rename one of them."),
        (b"ada,ada@example.com\nbob,b@example.com", "“ada@example.com” looks like data"),
        (b"user_id," + b"x" * 300 + b"\nada,x", "The name of column 2 is too long, or holds odd characters."),
        (b'user_id,"email\nada,x', "A quotation mark opens a cell here and is never closed."),
        (",".join(f"c{number}" for number in range(100_000)).encode() + b"\nx", "has 100000 columns"),
        ("user_id,vorname\nada,Zoë".encode("latin-1"), "Line 2 is not UTF-8 text."),
        ("user_id,vorname\nada,Zoë".encode("utf-16-le"), "This is UTF-16 text"),
        (b"<html>expired</html>", "This is a web page"),
        (b"[]", "This is one JSON list"),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", "This is an Excel workbook."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This is an Excel workbook."),
        (b"PK\x03\x04user_id", "The ZIP is damaged"),
    ],
)
def test_what_is_no_table_is_refused_by_its_content_in_words(written, content, message):
    assert message in refusal(written(content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"external_id": "ada", "custom_attributes": {}}\n', Import.Format.BRAZE),
        (b'{"external_id": "ada", "braze_id": "1"}\n', Import.Format.BRAZE),
        (b'\xef\xbb\xbf{"user_id": "ada", "first_name": "Ada"}\n', Import.Format.LINES),
        (b"user_id\nada\n", Import.Format.CSV),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_content(written, content, kind):
    assert readers.kind_of(written(content)) == kind


def test_memory_does_not_grow_with_the_table(written):
    path = written(HEADER + b"ada,x,a@example.com\n" * 40_000)
    tracemalloc.start()
    try:
        with tables.open_table(path) as table:
            assert sum(1 for _record in table.records()) == 40_000
        assert tracemalloc.get_traced_memory()[1] < 600_000
    finally:
        tracemalloc.stop()


ODD = [
    b'"',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\0",
    b"\xef\xbb\xbf",
    b"sep=;",
    b"user_id,email\n",
    b"\xff",
    b"[",
    b"{",
]


@given(st.lists(st.sampled_from(ODD) | st.binary(max_size=8), max_size=60).map(b"".join))
def test_whatever_bytes_a_table_holds_there_are_rows_row_errors_or_one_refusal(content):
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        found = []
        with contextlib.suppress(ExportError):
            found = records(Path(file.name))
    numbers = [each.number for each in found]
    assert numbers == sorted(set(numbers))
    assert all(bool(each.cells) != bool(each.fault) for each in found)


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
)
def test_what_pythons_own_writer_writes_is_read_back_cell_by_cell(people):
    people = [cells for cells in people if any(cell.strip() for cell in cells)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([["user_id", "name"], *people])
        file.flush()
        found = records(Path(file.name))

    assert [each.cells for each in found] == people

"""Excel's “Unicode Text” (UTF-16 with a mark, tabs): read like any table, or refused before anything is kept."""

import codecs
import tracemalloc
from pathlib import Path

import pytest

from campaigns import importing
from campaigns.importing import ahead, readers, tables
from campaigns.importing.texts import ExportError
from campaigns.models import Import, Subscriber
from tests import builders

TABLE = "user_id\tfirst_name\r\nada\tZoë\r\nbob\t“李”, 𝄞\r\n"
MAPPING = {"user_id": "external_id", "first_name": "first_name"}
DAMAGED = "This UTF-16 text is damaged or cut off; save the table as “CSV UTF-8”, and upload that."
LONE = b"\x00\xd8"  # the first half of a letter that has two, in the order of Excel
PEOPLE = "".join(f"p{number}\tName\r\n" for number in range(60_000))  # above 1 MB


def little(text: str) -> bytes:
    """Return a text as Excel writes it."""
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


def big(text: str) -> bytes:
    """Return a text with the bytes of each letter the other way round."""
    return codecs.BOM_UTF16_BE + text.encode("utf-16-be")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.txt"


def imported(path: Path) -> Import:
    """Run the import of a table and return it."""
    size = path.stat().st_size
    job = builders.make_import(path=str(path), byte_count=size, format=Import.Format.CSV, mapping=MAPPING)
    return importing.run(job.pk)


@pytest.mark.parametrize("encoded", [little, big])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.django_db
def test_unicode_text_of_excel_comes_in_letter_by_letter(path, encoded, end):
    path.write_bytes(encoded(TABLE.replace("\r\n", end)))

    assert readers.kind_of(path) == Import.Format.CSV
    assert imported(path).problem_count == 0
    names = Subscriber.objects.order_by("external_id").values_list("external_id", "first_name")
    assert list(names) == [("ada", "Zoë"), ("bob", "“李”, 𝄞")]


def test_rows_have_the_numbers_that_an_editor_shows_and_their_faults_too(path):
    path.write_bytes(little('sep=;\r\nuser_id;note\r\n"ada";"two\r\nlines"\r\nbob\r\ncyd;a\0b\r\ndan;x\r\n'))

    with tables.open_table(path) as table:
        found = list(table.records())

    assert [(each.number, each.cells) for each in found if each.cells] == [
        (3, ["ada", "two\r\nlines"]),
        (7, ["dan", "x"]),
    ]
    assert [(each.number, each.fault) for each in found if each.fault] == [
        (5, "The row has 1 of 2 cells."),
        (6, "Holds a NUL character, which cannot be stored."),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (little(TABLE)[:-1], DAMAGED),
        (little(TABLE) + LONE, DAMAGED),
        (little("user_id\tfirst_name\r\nada\t") + LONE + "x\r\n".encode("utf-16-le"), DAMAGED),
        (little(PEOPLE)[:-1], DAMAGED),
        (codecs.BOM_UTF16_LE, "There is nothing in this file."),
        (little("user_id\tfirst_name\r\n"), "nobody below them"),
        (little('{"user_id": "ada"}\n'), "This is UTF-16 text; save it as UTF-8."),
        (big(' \n{"external_id": "ada", "braze_id": "1"}\n'), "This is UTF-16 text; save it as UTF-8."),
        (little("<html>expired</html>"), "This is UTF-16 text; save it as UTF-8."),
        (TABLE.encode("utf-16-le"), "This is UTF-16 text"),
        (TABLE.encode("utf-32"), "save the table as “CSV UTF-8”"),
        (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), "This is UTF-32 text"),
    ],
)
def test_what_cannot_be_read_is_refused_at_first_sight_in_a_plain_sentence(path, content, message):
    path.write_bytes(content)

    with pytest.raises(ExportError) as caught:
        readers.kind_of(path)

    assert message in str(caught.value)


@pytest.mark.parametrize("is_large", [True, False])
@pytest.mark.parametrize("damage", [LONE + b"x\0", LONE])
@pytest.mark.django_db
def test_damage_far_down_is_found_before_anybody_is_stored(path, monkeypatch, is_large, damage):
    monkeypatch.setattr(ahead, "SMALL", 0 if is_large else 10**9)
    path.write_bytes(little("user_id\tfirst_name\r\n" + PEOPLE) + damage)

    job = imported(path)

    assert readers.kind_of(path) == Import.Format.CSV
    assert (job.state, job.reason) == (Import.State.FAILED, DAMAGED)
    assert not Subscriber.objects.exists()


@pytest.mark.django_db
def test_a_large_one_is_read_by_another_process_and_its_progress_is_in_bytes(path):
    path.write_bytes(little("user_id\tfirst_name\r\n" + PEOPLE))
    size = path.stat().st_size
    assert size > ahead.SMALL
    job = builders.make_import(
        path=str(path), byte_count=size, format=Import.Format.CSV, mapping=MAPPING, is_dry_run=True
    )

    told = [(each.bytes_read_count, each.read_count) for each in importing.steps(job.pk)]

    assert [read for _bytes, read in told[:-1]] == list(range(2_000, 60_000, 2_000))
    assert all(abs(at / size - read / 60_000) < 0.1 for at, read in told)
    assert Import.objects.get().new_count == 60_000


def test_memory_does_not_grow_with_it(path):
    path.write_bytes(little("user_id\tfirst_name\r\n" + PEOPLE))
    job = Import(path=str(path), format=Import.Format.CSV, mapping=MAPPING)
    tracemalloc.start()
    try:
        readers.check(job)
        with tables.open_table(path) as table:
            assert sum(1 for _record in table.records()) == 60_000
        assert tracemalloc.get_traced_memory()[1] < 900_000
    finally:
        tracemalloc.stop()

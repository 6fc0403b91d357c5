"""Files as they come: told apart by content, and refused before they can do harm."""

import contextlib
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import importing
from campaigns.importing import archive
from campaigns.importing.export import check
from tests.importing.exports import packed, plain, someone, text, zipped

ONE = text([someone()])


def read_ids(path: Path) -> list[str]:
    """Return the user ids that a file brings."""
    check(path)
    return [row.person.external_id for row in importing.read(path) if row.person]


def refusal(path: Path) -> str:
    """Return why the file as a whole is refused before anything of it is used."""
    with pytest.raises(importing.ExportError) as caught:
        check(path)
    return str(caught.value)


def edited(path: Path, edit: Callable[[zipfile.ZipInfo], None]) -> Path:
    """Write a ZIP whose one entry was changed before it was written."""
    entry = zipfile.ZipInfo("export-1.txt")
    edit(entry)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, ONE)
    return path


def patched(path: Path, offset: int, value: bytes) -> Path:
    """Overwrite bytes in a ZIP's only directory entry, counted from its beginning."""
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x01\x02") + offset
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["export.zip", "export.csv", "export"])
def test_a_file_is_told_by_its_content_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert read_ids(plain(tmp_path / name, someone("a"), someone("b"))) == ["a", "b"]
    assert read_ids(packed(tmp_path / name, someone("c"))) == ["c"]
    assert read_ids(zipped(tmp_path / name, {"x/1.txt": ONE, "x/2.txt": text([someone("d")])})) == [
        "ada",
        "d",
    ]


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_are_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_bytes(
        b"\xef\xbb\xbf\r\n" + ONE.replace(b"\n", b"\r\n") + b"  \n\n" + text([someone("b")]).rstrip()
    )
    assert read_ids(path) == ["ada", "b"]


def test_what_macos_adds_to_a_zip_is_passed_over(tmp_path: Path) -> None:
    files = {"export-1.txt": ONE, "__MACOSX/._export-1.txt": b"\0\5\x16\7\0", "folder/": b""}
    assert read_ids(zipped(tmp_path / "e.zip", files)) == ["ada"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"<!DOCTYPE html><html>expired</html>", "a web page, not an export"),
        (b"[" + ONE + b"]", "one JSON list"),
        (b"external_id,first_name\n1,Ada\n", "not a Braze segment export"),
        (ONE.decode().encode("utf-16"), "UTF-16"),
        (ONE.decode().encode("utf-16-le"), "UTF-16"),
        (gzip.compress(gzip.compress(ONE)), "an archive inside an archive"),
        (gzip.compress(ONE)[:-9], "damaged or cut off"),
        (gzip.compress(ONE) + b"garbage", "damaged or cut off"),
        (b"PK\x03\x04 and nothing more", "damaged or cut off"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "export"
    path.write_bytes(content)
    assert reason in refusal(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path / "nothing")
    assert "cannot be opened" in refusal(tmp_path)


def test_a_file_of_more_than_two_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export"
    with path.open("wb") as file:
        file.truncate(archive.FILE_LIMIT + 1)
    assert refusal(path) == "The file is larger than 2 GB."


def test_an_archive_inside_a_zip_is_refused(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.txt": ONE}).read_bytes()
    reason = refusal(zipped(tmp_path / "outer.zip", {"inner.zip": inner}))
    assert reason == "“inner.zip”: This is an archive inside an archive; unpack the outer one."


@pytest.mark.parametrize("name", ["../../etc/x", "/etc/x", "a/../../x", "C:\\x", "..\\x", "\\\\host\\x"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out of the archive" in refusal(zipped(tmp_path / "e.zip", {name: ONE}))


@pytest.mark.parametrize("mode", [0o120777, 0o020666])
def test_links_and_devices_are_refused(tmp_path: Path, mode: int) -> None:
    path = edited(tmp_path / "e.zip", lambda entry: setattr(entry, "external_attr", mode << 16))
    assert "a link or a device" in refusal(path)


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = patched(edited(tmp_path / "e.zip", lambda entry: None), 8, struct.pack("<H", 1))
    assert "it is encrypted" in refusal(path)


def test_an_unusual_packing_is_refused(tmp_path: Path) -> None:
    path = edited(tmp_path / "e.zip", lambda entry: setattr(entry, "compress_type", zipfile.ZIP_LZMA))
    assert "packed in a way that Braze does not use" in refusal(path)


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", ONE)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", ONE)
    assert refusal(path) == "The ZIP holds two files of the same name."


def test_more_than_a_thousand_files_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {f"{number}.txt": ONE for number in range(1_001)})
    assert refusal(path) == "The ZIP holds more than 1000 files."


def test_a_huge_directory_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {f"{'x' * 200}{number}.txt": b"" for number in range(4_500)})
    assert refusal(path) == "The ZIP holds more than 1000 files."


def test_a_zip_that_unpacks_to_too_much_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "e.zip", {"a.txt": ONE}), 24, struct.pack("<I", 4_000_000_001))
    assert "more than 4 GB" in refusal(path)


def test_a_zip_that_packs_better_than_any_export_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {"a.txt": b"{" + b" " * 10_000_000})
    assert refusal(path) == "The ZIP unpacks to more than 250 times its size."


def test_copies_of_one_person_are_no_bomb(tmp_path: Path) -> None:
    crowd = text(someone(f"user-{number:07}") for number in range(2_000))
    assert len(read_ids(zipped(tmp_path / "e.zip", {"a.txt": crowd}))) == 2_000


def test_a_zip_that_declares_too_little_is_damaged_and_never_read_beyond(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "e.zip", {"a.txt": ONE * 50}), 24, struct.pack("<I", 100))
    assert "damaged" in refusal(path)


def test_a_gzip_bomb_stops_at_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"{" + b" " * 50_000_000))
    assert refusal(path) == "The file unpacks to far more than it should; it is not read."


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {"a.txt": ONE * 100})
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in refusal(path)


def test_a_broken_entry_header_is_found(tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {"a.txt": ONE})
    path.write_bytes(b"PK\xff\xff" + path.read_bytes()[4:])
    assert refusal(path) == "The ZIP is damaged at “a.txt”."


def test_names_are_shown_without_folders_or_characters_that_deceive() -> None:
    assert archive.display_name("C:\\Users\\me\\exp\u202etxt.zip\r\n") == "exptxt.zip"
    assert archive.display_name("../../\0") == "file without a name"
    assert len(archive.display_name("x" * 5_000)) == 200


def test_a_source_reads_like_any_file(tmp_path: Path) -> None:
    path = plain(tmp_path / "e", someone())
    with archive.open_source(path) as source:
        assert source.read() == ONE
        assert isinstance(source, io.BufferedReader)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is overwritten again and again."""
    return tmp_path_factory.mktemp("scratch") / "export"


def formats(scratch: Path) -> list[bytes]:
    """Return one person in every format."""
    zipped(scratch, {"a.txt": ONE, "b.txt": ONE})
    return [scratch.read_bytes(), gzip.compress(ONE), ONE]


def test_a_file_in_a_zip_without_a_name_is_refused(scratch: Path) -> None:
    zipped(scratch, {"a.txt": ONE})
    scratch.write_bytes(scratch.read_bytes().replace(b"a.txt", b"\0.txt"))
    with pytest.raises(importing.ExportError, match="its name is missing"):
        read_ids(scratch)


@settings(deadline=None, max_examples=300)
@given(
    st.integers(0, 2),
    st.lists(st.tuples(st.integers(0, 2_000), st.binary(min_size=1, max_size=4)), max_size=4),
)
def test_whatever_bytes_are_overwritten_a_file_is_read_or_refused(
    scratch: Path, kind: int, edits: list[tuple[int, bytes]]
) -> None:
    content = bytearray(formats(scratch)[kind])
    for offset, value in edits:
        start = offset % len(content)
        content[start : start + len(value)] = value
    scratch.write_bytes(content)
    with contextlib.suppress(importing.ExportError):
        assert len(read_ids(scratch)) <= 2


@settings(deadline=None)
@given(st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"{"]), st.binary(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused(scratch: Path, start: bytes, rest: bytes) -> None:
    scratch.write_bytes(start + rest)
    with contextlib.suppress(importing.ExportError):
        assert read_ids(scratch) == []

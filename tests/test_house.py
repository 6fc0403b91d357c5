"""The rules of the house that no linter has: sizes, first lines, room names, and nothing of one machine."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"data", "htmlcov", "test-results", "migrations", "__pycache__", "node_modules"}
NO_ROOMS = {"utils", "util", "helpers", "common", "services", "core", "base", "misc"}
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.:/-])/(?:home|root|work|Users|workspace)/\w|--(?:extra-)?index-url +\w|--find-links +\w"
)


def files(*endings: str) -> Iterator[Path]:
    """Every file of ours that ends like this."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.startswith(".")]
        yield from (Path(folder, name) for name in names if name.endswith(endings))


def too_long(found: Iterator[Path], most: int) -> dict[str, int]:
    counts = {path: len(path.read_text().splitlines()) for path in found}
    return {str(path.relative_to(ROOT)): count for path, count in counts.items() if count > most}


def test_modules_have_at_most_300_lines_and_test_files_400() -> None:
    tests = ROOT / "tests"

    assert not too_long((path for path in files(".py") if tests not in path.parents), 300)
    assert not too_long((path for path in files(".py") if tests in path.parents), 400)


def test_templates_have_at_most_120_lines() -> None:
    assert not too_long((path for path in files(".html") if ROOT / "templates" in path.parents), 120)


def test_every_module_opens_with_a_line_that_says_what_it_is_for() -> None:
    silent = []
    for path in files(".py"):
        tree = ast.parse(path.read_text())
        if tree.body and not (ast.get_docstring(tree, clean=False) or "").partition("\n")[0].strip():
            silent.append(str(path.relative_to(ROOT)))

    assert not silent


def test_no_room_is_called_after_nothing() -> None:
    rooms = {path.stem for path in files(".py")} | {path.parent.name for path in files(".py")}

    assert not rooms & NO_ROOMS


def test_no_file_names_a_path_of_one_machine_or_a_package_index() -> None:
    texts = (".py", ".md", ".toml", ".txt", ".html", ".js", ".css", ".sh", ".example", "Makefile", ".yml")
    for path in [*files(*texts), ROOT / ".ci" / "run", ROOT / ".env.example"]:
        assert not OF_ONE_MACHINE.search(path.read_text()), path.relative_to(ROOT)


def test_every_setting_is_explained() -> None:
    settings = (ROOT / "calendar_admin" / "settings.py").read_text()
    names = {*re.findall(r'env\.\w+\("(\w+)"', settings), "PORT", "SANDBOX_PORT"}

    assert len(names) > 20
    assert names == set(re.findall(r"^#(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert names <= set(re.findall(r"`(\w+)`", (ROOT / "README.md").read_text()))


@pytest.mark.parametrize("folder", ["home", "root", "work", "Users"])
def test_the_search_for_machine_paths_finds_one(folder: str) -> None:
    assert OF_ONE_MACHINE.search(f"cd /{folder}/me")
    assert not OF_ONE_MACHINE.search(f"https://example.com/{folder}/me")

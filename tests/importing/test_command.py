"""``manage.py import_subscribers``: what it says, and when it ends in an error."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.management.commands import import_subscribers
from campaigns.models import Subscriber, Workspace
from integrations.sandbox.people import write_export
from tests import builders
from tests.importing.exports import plain, someone

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("import_subscribers", *arguments, stdout=out)
    return out.getvalue()


def test_a_sample_export_is_imported_into_a_workspace_made_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_subscribers, "TELL_SECONDS", 0)
    path = tmp_path / "people.zip"
    write_export(path, 60)
    text = said(str(path))
    assert "60 rows read, 99 % of the file, " in text
    assert "60 rows read: 60 people new, 0 changed, 0 unchanged." in text
    assert "belong to account acme-events, which is not set up here." in text
    assert Subscriber.objects.filter(workspace__name="Braze").count() == 60


def test_problems_are_shown_with_their_place(tmp_path: Path) -> None:
    path = plain(tmp_path / "e.txt", someone(None), someone("a"))
    assert "1 row with a problem:\n  line 1: The user id is missing" in said(str(path))


def test_a_file_that_brings_nobody_ends_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        said(str(tmp_path / "nothing.zip"))
    with pytest.raises(CommandError, match="The only row could not be taken"):
        said(str(plain(tmp_path / "e.txt", someone(None))))


def test_the_only_workspace_is_taken_and_a_choice_must_be_made_between_two(tmp_path: Path) -> None:
    path = str(plain(tmp_path / "e.txt", someone()))
    builders.make_workspace(name="North")
    said(path)
    builders.make_workspace(name="South")
    said(path, "--workspace", "South")
    assert Subscriber.objects.filter(workspace__name__in=["North", "South"]).count() == 2
    for arguments in ([path], [path, "--workspace", "Nrth"]):
        with pytest.raises(CommandError, match="Say --workspace with one of: North, South"):
            said(*arguments)
    assert Workspace.objects.count() == 2


def test_a_fresh_installation_gets_the_workspace_that_was_named(tmp_path: Path) -> None:
    said(str(plain(tmp_path / "e.txt", someone())), "--workspace", "Mine")
    assert Workspace.objects.get().name == "Mine"

"""`manage.py purge`, `halt` and `release`, as somebody at a terminal uses them."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaigns import keeping
from campaigns.models import Halt
from tests.builders import make_user
from tests.keeping.conftest import old_send, said

pytestmark = pytest.mark.django_db


def command(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_purge_says_what_it_removed(settings):
    settings.KEEP_NOTICES_DAYS = 0
    said(old_send(100), 100)

    output = command("purge")

    assert "KEEP_TEXTS_DAYS=90" in output
    assert "KEEP_NOTICES_DAYS=0 (for ever)" in output
    assert "1 texts of calls" in output
    assert "1 removed." in output
    assert "0 removed." in command("purge")


def test_halt_holds_and_release_lets_go():
    command("halt", "--because", "a restore")
    assert not keeping.may_send()

    assert "Release them with --because" in command("release")
    assert not keeping.may_send()

    make_user("admin", username="root")
    assert "Released: 0 sends" in command("release", "--because", "all is well", "--user", "root")
    assert keeping.may_send()
    halt = Halt.objects.get()
    assert (halt.note, halt.release_note, str(halt.released_by)) == ("a restore", "all is well", "root")
    assert "Nothing is held" in command("release")


def test_release_by_somebody_who_may_not_is_refused():
    command("halt", "--because", "a restore")
    make_user("marketer", username="mary")

    with pytest.raises(CommandError, match="administrator"):
        command("release", "--because", "me", "--user", "mary")

    assert not keeping.may_send()

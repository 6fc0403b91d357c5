"""What the programs need before they start: keys, ports, a data folder of their own, a readable queue."""

import json
import stat
from pathlib import Path

import environ
import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError

from campaigns.management import keys, quarantine, stack


@pytest.fixture
def queue(data: Path) -> Path:
    for name in ("messages", "control"):
        (data / "queue" / name).mkdir(parents=True)
    return data / "queue"


@pytest.fixture
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("FIELD_KEYS", raising=False)


def read(file: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What settings.py makes of the file."""
    found: dict[str, str] = {}
    monkeypatch.setattr(environ.Env, "ENVIRON", found)
    environ.Env.read_env(file)
    return found


def test_keys_prints_two_lines_that_differ_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("keys")
    call_command("keys")

    first, second = capsys.readouterr().out.split("SECRET_KEY=")[1:]
    secret, field = first.splitlines()
    assert len(secret) >= 50
    Fernet(field.removeprefix("FIELD_KEYS="))
    assert first != second


@pytest.mark.usefixtures("_no_keys")
def test_missing_keys_are_kept_where_only_the_owner_can_read_them(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys.keep_missing(data)

    file = data / "keys.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = read(file, monkeypatch)
    assert len(kept["SECRET_KEY"]) >= 50
    Fernet(kept["FIELD_KEYS"])


@pytest.mark.usefixtures("_no_keys")
def test_a_key_that_is_kept_or_set_is_never_replaced(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data / "keys.env").write_text("FIELD_KEYS=the-old-one")  # no line end: somebody edited it
    monkeypatch.setenv("FIELD_KEYS", "the-old-one")

    assert keys.keep_missing(data)

    kept = read(data / "keys.env", monkeypatch)
    assert kept["FIELD_KEYS"] == "the-old-one"
    assert len(kept["SECRET_KEY"]) >= 50


def test_nothing_is_written_when_the_environment_has_both_keys(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    monkeypatch.setenv("FIELD_KEYS", "")

    assert not keys.keep_missing(data)
    assert not list(data.iterdir())


@pytest.mark.parametrize("text", ["0", "65536", "eight thousand", "", "-1"])
def test_a_port_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", text)

    with pytest.raises(CommandError, match="PORT must be a port, 1 to 65535"):
        stack.port_from_environment("PORT", default=8000)


def test_two_cannot_run_with_the_same_data(data: Path) -> None:
    with (
        stack.alone_in(data),
        pytest.raises(CommandError, match="already runs with the data in"),
        stack.alone_in(data),
    ):
        pass
    with stack.alone_in(data):
        assert (data / "running.lock").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\x00", b"[]", b"null", b'{"properties": {}}', b'{"properties": null}']
)
def test_a_message_that_cannot_be_read_is_moved_aside(queue: Path, content: bytes) -> None:
    (queue / "messages" / "1_bad.calendar_admin.msg").write_bytes(content)
    good = queue / "messages" / "2_good.calendar_admin.msg"
    good.write_text(json.dumps({"body": "e30=", "properties": {"delivery_tag": "1"}}))

    assert quarantine.clear(queue) == [queue / "quarantine" / "1_bad.calendar_admin.msg"]
    assert (queue / "quarantine" / "1_bad.calendar_admin.msg").read_bytes() == content
    assert good.exists()


def test_bindings_that_cannot_be_read_are_moved_aside(queue: Path) -> None:
    (queue / "control" / "bad.exchange").touch()
    (queue / "control" / "odd.exchange").write_text("[1]")
    (queue / "control" / "good.exchange").write_text('[["a", "", "b"]]')

    assert {file.name for file in quarantine.clear(queue)} == {"bad.exchange", "odd.exchange"}
    assert (queue / "control" / "good.exchange").exists()


def test_an_orderly_queue_is_left_alone(queue: Path) -> None:
    assert quarantine.clear(queue) == []
    assert not (queue / "quarantine").exists()

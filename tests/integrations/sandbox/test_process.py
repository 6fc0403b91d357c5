"""The process: how it is started, what it says first, how it stops."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from django.core.management import load_command_class

from integrations.sandbox.__main__ import main
from tests.integrations.sandbox.conftest import Caller
from tests.sandbox_process import Sandbox

HOUSE = Path(__file__).parents[3]


def test_a_sandbox_stops_at_once_even_when_callers_hang():
    with Sandbox() as rokt:
        caller = Caller(rokt)
        with caller.session:
            caller.log_in()
            rokt.fault("hang")
            with pytest.raises(requests.Timeout):
                caller.call("POST", "/v1/subscriptionevent/acme", {}, timeout=0.2)
            begun = time.monotonic()
            assert rokt.stop() == 0
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_of_django_runs_until_it_is_told_to_stop(number: signal.Signals):
    with subprocess.Popen(
        [sys.executable, "manage.py", "sandbox", "--port", "0", "--host", "localhost"],
        cwd=HOUSE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        assert first.startswith("sandbox on http://127.0.0.1:"), process.stderr.read()
        page = requests.get(first.split()[-1], timeout=10)
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert "Stand-in" in page.text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--host", "0.0.0.0"], "not a loopback address"),
        (["--host", "example.com"], "not a loopback address"),
        (["--port", "65536"], "not a port"),
        (["--port", "-1"], "not a port"),
        (["--token-seconds", "0"], "not a whole number of seconds"),
        (["--apply-after", "soon"], "not a number of seconds"),
        (["--apply-after", "nan"], "not a number of seconds"),
        (["--client", "id-alone"], "not ID:SECRET"),
    ],
)
def test_a_wrong_option_is_told_and_nothing_starts(capsys, options: list[str], reason: str):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert (stopped.value.code, reason in capsys.readouterr().err) == (2, True)


def test_the_command_of_django_tells_its_options():
    told = load_command_class("integrations", "sandbox").create_parser("manage.py", "sandbox").format_help()
    assert "stand-in for Rokt Calendar" in told
    assert all(
        option in told for option in ("--port", "--host", "--client", "--token-seconds", "--apply-after")
    )


def test_the_port_comes_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("SANDBOX_PORT", "eighty")
    with pytest.raises(SystemExit):
        main([])
    assert "'eighty' is not a port" in capsys.readouterr().err
    monkeypatch.delenv("SANDBOX_PORT")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "default 8100" in capsys.readouterr().out


def test_an_address_of_version_six_is_written_as_a_url_needs_it():
    with Sandbox("--host", "::1") as rokt:
        assert rokt.url.startswith("http://[::1]:")
        assert rokt.summary()["requests"] == 0


def test_a_sandbox_that_cannot_start_is_an_error(capfd):
    with pytest.raises(RuntimeError, match="did not start"), Sandbox("--client", "nonsense"):
        pass
    assert "not ID:SECRET" in capfd.readouterr().err


def test_starting_loads_neither_django_nor_celery():
    code = "import sys, integrations.sandbox.__main__; print({'django', 'celery'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

"""One small night of `make chaos`, through the same code, on the database and broker that the tests run on."""

import subprocess
import sys

from tests.workers import ROOT


def test_a_small_night_of_chaos_breaks_no_promise():
    command = [sys.executable, "-m", "tests.chaos", "--stack=given", "--deliveries=1000", "--seeds=7"]

    night = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    assert night.returncode == 0, night.stdout
    assert "lost: 0" in night.stdout

"""What real programs write: web, worker and clock, in both formats, fed with secrets and addresses."""

import json
import signal
from collections.abc import Callable

import pytest
import requests

from tests.processes.running import Running, free_port

HOOK, BEARER, EMAIL, BASIC = "hook-s3cr3t", "bearer-s3cr3t", "ada.s3cr3t@example.com", "YWRhOnMzY3IzdA=="
SECRETS = ("s3cr3t", BASIC)


@pytest.fixture(params=["plain", "json"])
def up(start: Callable[..., Running], request: pytest.FixtureRequest) -> Running:
    running = start(
        "manage.py",
        "up",
        PORT=str(free_port()),
        LOG_FORMAT=request.param,
        METRICS_TOKEN="metrics-s3cr3t",
        GUNICORN_CMD_ARGS="--access-logfile=-",
        TICK_SECONDS="0.5",
    )
    running.format = request.param  # type: ignore[attr-defined]  # a test asks which
    running.wait_for("Calendar Admin runs at ")
    running.wait_for("ready.")
    return running


def test_hostile_requests_leave_neither_secrets_nor_addresses_behind(up: Running) -> None:
    address = up.output.rpartition("runs at ")[2].partition(". ")[0]
    headers = {"Authorization": f"Bearer {BEARER}", "Cookie": "sessionid=cookie-s3cr3t"}
    for path in (f"hooks/rokt/{HOOK}/", f"%68ooks/rokt/{HOOK}/", "users/track"):
        requests.post(f"{address}{path}", headers=headers, data=f'{{"email":"{EMAIL}"}}', timeout=60)
    for path in (
        f"nowhere/{EMAIL}",
        f"login/?q={EMAIL}",
        f"nowhere?q={EMAIL.replace('@', '%40')}",
        "metrics",
    ):
        requests.get(f"{address}{path}", headers={**headers, "Referer": f"{address}?{EMAIL}"}, timeout=60)
    requests.get(f"{address}healthz/live", headers={"Authorization": f"Basic {BASIC}"}, timeout=60)
    up.wait_for("/healthz/live 200")
    up.wait_for("/hooks/rokt/***/ 401", count=2)
    up.wait_for("campaigns.tasks.tick[")

    assert up.end(signal.SIGTERM) == 0

    assert not [secret for secret in SECRETS if secret in up.output]
    if up.format == "json":  # type: ignore[attr-defined]  # as above
        lines = [json.loads(line) for line in up.output.splitlines() if line.startswith("{")]
        assert {"gunicorn.access", "gunicorn.error", "django.request", "celery.apps.worker"} <= {
            line["logger"] for line in lines
        }
        others = [line for line in up.output.splitlines() if line and not line.startswith("{")]
        said = [line.partition(" | ")[2] for line in others if line.startswith(("web ", "worker ", "clock "))]
        assert set(said) <= {"", "worker: Warm shutdown (MainProcess)"}, "what Celery writes past all logging"

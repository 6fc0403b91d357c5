"""How long a call took is measured by a clock that nobody sets (docs/reliability.md, F29)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from integrations.rokt.wire import Target, Verdict, delete
from tests.integrations.raw_server import ACCEPTED, Asked


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_clock_that_is_set_during_a_call_changes_no_duration(jump, serve, send_one):
    clocks: list[time_machine.travel] = []

    def set_the_clock(asked: Asked) -> bool:
        clocks.append(time_machine.travel(datetime.now(UTC) + jump, tick=True))
        clocks[0].start()
        asked.conn.sendall(ACCEPTED)
        return False

    server = serve(set_the_clock)
    try:
        reply = send_one(delete(Target(server.url, "acme"), "E_1"), allowed_hosts={server.place})
    finally:
        clocks[0].stop()

    assert reply.verdict is Verdict.ACCEPTED
    assert 0 <= reply.elapsed_ms < timedelta(minutes=1) / timedelta(milliseconds=1)

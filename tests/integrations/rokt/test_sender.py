"""Many calls at once: order, connections, pace, closing, and that nothing is ever sent twice behind our back."""

import asyncio
import functools
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.rokt.sender import FIRST_WIDTH, Sender
from integrations.rokt.wire import Call, Event, Reply, Target, Verdict, create, delete, read_subscription
from integrations.web.clock import steady
from integrations.web.pace import Pace
from tests.integrations.conftest import AtHome
from tests.integrations.raw_server import ACCEPTED, Asked, RawServer, answer, drips, keeps, says, silent

Serve = Callable[..., RawServer]


def deletes(server: RawServer, count: int) -> list[Call]:
    return [delete(Target(server.url, "acme"), f"E_{number}") for number in range(count)]


def send(server: RawServer, calls: list[Call], *, concurrency: int = 4, timeout: float = 5) -> list[Reply]:
    async def run() -> list[Reply]:
        async with Sender(concurrency, timeout, {server.place}) as sender:
            return await sender.send(calls, token="tok")

    return asyncio.run(run())


def closed_while_sending(
    server: RawServer, calls: list[Call], when: Callable[[], bool], *, concurrency: int
) -> list[Reply]:
    """What a send knows whose sender is closed as soon as `when` holds."""

    async def run() -> list[Reply]:
        async with Sender(concurrency, 5, {server.place}) as sender:
            task = asyncio.create_task(sender.send(calls, token="tok"))
            await asyncio.sleep(0)
            while not when():
                await asyncio.sleep(0.01)
        return await task

    return asyncio.run(run())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def closed(server: RawServer, count: int) -> bool:
    return server.closed == count


def echo(asked: Asked) -> bool:
    """Refuse, and name the event that was asked about."""
    asked.conn.sendall(answer(400, b'{"Reason": "%s"}' % asked.path.rpartition("/")[2].encode()))
    return True


def test_replies_come_in_the_order_of_the_calls(serve: Serve):
    server = serve(echo)
    replies = send(server, deletes(server, 50), concurrency=7)
    assert [reply.reason for reply in replies] == [f"E_{number}" for number in range(50)]
    assert len(server.requests) == 50


def test_nothing_to_send_is_sent(serve: Serve):
    server = serve(echo)
    assert send(server, []) == []
    assert server.connections == 0


def test_connections_are_kept_open_and_never_more_than_allowed(serve: Serve, event: Event):
    server = serve(keeps(ACCEPTED))
    call = create(Target(server.url, "acme"), event, ["id"])
    replies = send(server, [call] * 40, concurrency=3)
    assert {reply.verdict for reply in replies} == {Verdict.ACCEPTED}
    assert len(server.requests) == 40
    assert server.connections == 3


def test_one_bad_answer_does_not_harm_its_neighbours(serve: Serve):
    def script(asked: Asked) -> bool:
        if asked.path.endswith("_3"):
            return says(b"garbage\r\n\r\n")(asked)
        return keeps(ACCEPTED)(asked)

    server = serve(script)
    verdicts = [reply.verdict for reply in send(server, deletes(server, 8), concurrency=2)]
    assert verdicts == [Verdict.ACCEPTED] * 3 + [Verdict.UNKNOWN] + [Verdict.ACCEPTED] * 4


@pytest.mark.parametrize("method", ["DELETE", "GET", "POST"])
def test_a_call_whose_kept_connection_broke_is_in_doubt_and_not_repeated(
    method: str, serve: Serve, event: Event
):
    def script(asked: Asked) -> bool:
        asked.conn.sendall(ACCEPTED if len(server.requests) == 1 else b"")
        return len(server.requests) == 1

    server = serve(script)
    target = Target(server.url, "acme")
    call = {
        "DELETE": delete(target, "E_1"),
        "GET": read_subscription(target, "id"),
        "POST": create(target, event, ["id"]),
    }[method]
    replies = send(server, [call, call], concurrency=1)
    assert [reply.verdict for reply in replies] == [Verdict.ACCEPTED, Verdict.UNKNOWN]
    assert replies[1].reason == "connection closed without an answer"
    assert len(server.requests) == 2


def test_a_connection_closed_between_two_batches_is_not_used_again(serve: Serve):
    goodbye = threading.Semaphore(0)

    def script(asked: Asked) -> bool:
        asked.conn.sendall(ACCEPTED)
        goodbye.acquire(timeout=5)
        return False

    server = serve(script)
    calls = deletes(server, 1)
    sender = Sender(1, 5, {server.place})
    with asyncio.Runner() as runner:  # as a worker uses it: between two batches, nothing runs in the loop
        runner.run(sender.__aenter__())
        verdicts = []
        for count in range(1, 4):
            (reply,) = runner.run(sender.send(calls, token="tok"))
            verdicts.append(reply.verdict)
            goodbye.release()
            wait_until(functools.partial(closed, server, count))
        runner.run(sender.__aexit__(None, None, None))
    assert verdicts == [Verdict.ACCEPTED] * 3
    assert server.connections == 3


def test_cookies_are_not_kept(serve: Serve):
    server = serve(
        keeps(answer(202, b"", "Set-Cookie: id=1; Path=/", "Strict-Transport-Security: max-age=1"))
    )
    send(server, deletes(server, 3), concurrency=1)
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_the_first_of_two_waits_that_can_be_read_counts(serve: Serve):
    server = serve(keeps(answer(429, b"", "Retry-After: soon", "Retry-After: 30")))
    (reply,) = send(server, deletes(server, 1))
    assert (reply.verdict, reply.retry_after) == (Verdict.RETRY, 30)


def test_a_read_of_a_large_subscription_is_whole(serve: Serve):
    body = b'{"subscriptionId": "id", "pad": "' + b"x" * 1_000_000 + b'"}'
    server = serve(keeps(answer(200, body)))
    (reply,) = send(server, [read_subscription(Target(server.url, "acme"), "id")])
    assert reply.answer == body
    assert reply.drift == ""


def test_a_token_that_cannot_be_sent_stops_the_whole_batch(serve: Serve):
    server = serve(keeps(ACCEPTED))

    async def run() -> None:
        async with Sender(1, 5, {server.place}) as sender:
            await sender.send(deletes(server, 2), token="a\r\nX-Evil: 1")

    with pytest.raises(ValueError, match="access token"):
        asyncio.run(run())
    assert server.connections == 0


def test_a_send_whose_sender_is_closed_keeps_the_replies_that_arrived(serve: Serve):
    def script(asked: Asked) -> bool:
        return silent(asked) if asked.path.endswith("_5") else echo(asked)

    server = serve(script)
    calls = deletes(server, 10)
    replies = closed_while_sending(server, calls, lambda: len(server.requests) == 6, concurrency=1)
    assert [reply.reason for reply in replies[:5]] == [f"E_{number}" for number in range(5)]
    assert replies[5].verdict is Verdict.UNKNOWN
    assert {(reply.verdict, reply.begun) for reply in replies[6:]} == {(Verdict.NOT_SENT, False)}
    assert len(server.requests) == 6


def test_a_body_that_drips_in_when_the_sender_is_closed_keeps_its_status(serve: Serve):
    dripping = threading.Event()

    def script(asked: Asked) -> bool:
        dripping.set()
        return drips(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9999\r\n\r\n")(asked)

    server = serve(script)
    begun = time.monotonic()
    replies = closed_while_sending(
        server,
        deletes(server, 2),
        lambda: dripping.is_set() and time.monotonic() > begun + 0.3,
        concurrency=1,
    )
    assert [reply.verdict for reply in replies] == [Verdict.ACCEPTED, Verdict.NOT_SENT]
    assert replies[0].drift == "the body of the answer was cut short"


def test_a_sender_that_is_closed_at_once_has_sent_nothing(serve: Serve):
    server = serve(echo)
    replies = closed_while_sending(server, deletes(server, 3), lambda: True, concurrency=2)
    assert {reply.verdict for reply in replies} <= {Verdict.NOT_SENT, Verdict.UNKNOWN}
    assert server.requests == []


def test_no_call_begins_after_its_time(serve: Serve):
    server = serve(echo)

    async def run() -> list[Reply]:
        async with Sender(2, 5, {server.place}) as sender:
            return await sender.send(deletes(server, 3), token="tok", until=steady() - 0.001)

    replies = asyncio.run(run())
    assert {(reply.verdict, reply.begun) for reply in replies} == {(Verdict.NOT_SENT, False)}
    assert server.requests == []


def test_calls_leave_at_their_pace(serve: Serve):
    left: list[float] = []

    def script(asked: Asked) -> bool:
        left.append(time.monotonic())
        return echo(asked)

    server = serve(script)

    async def run() -> None:
        async with Sender(8, 5, {server.place}) as sender:
            await sender.send(deletes(server, 12), token="tok", pace=Pace(0.05, first=0, burst=2))

    asyncio.run(run())
    assert left[-1] - left[0] >= 0.05 * 7


def test_more_calls_are_open_at_once_where_answers_are_slow(serve: Serve):
    most, now_open, change = [0], [0], threading.Condition()

    def script(asked: Asked) -> bool:
        time.sleep(0.1)
        with change:
            now_open[0] += 1
            most[0] = max(most[0], now_open[0])
            change.notify_all()
            if len(server.requests) > FIRST_WIDTH:  # the first were answered: now more may be open
                change.wait_for(lambda: most[0] > FIRST_WIDTH, timeout=10)
            now_open[0] -= 1
        return echo(asked)

    server = serve(script)
    replies = send(server, deletes(server, 400), concurrency=FIRST_WIDTH + 16, timeout=20)
    assert all(reply.status for reply in replies)
    assert FIRST_WIDTH < most[0] <= FIRST_WIDTH + 16


def test_calls_go_out_over_tls(
    serve: Serve, tls: ssl.SSLContext, certificate: Path, at_home: AtHome, monkeypatch: pytest.MonkeyPatch
):
    server = serve(keeps(ACCEPTED), tls=tls)
    place = at_home("tls.example", server)
    # aiohttp makes its trusted context once, when it is imported.
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)

    async def run() -> list[Reply]:
        async with Sender(2, 5, {place}) as sender:
            return await sender.send([delete(Target(f"https://{place}", "acme"), "E_1")] * 5, token="tok")

    assert {reply.verdict for reply in asyncio.run(run())} == {Verdict.ACCEPTED}
    assert len(server.requests) == 5
    assert server.connections == 2

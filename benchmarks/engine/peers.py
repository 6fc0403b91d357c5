"""What others would do: a Celery task for each person with `requests`, a bare aiohttp loop, sessions in threads."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import aiohttp
import requests
from celery import shared_task
from django.db import transaction

HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}


@shared_task(name="benchmarks.engine.peers.deliver_one")
def deliver_one(delivery_id: int) -> None:
    """Render for one person, post, and write down what came of it: the usual way, with the same tables."""
    from django.utils import timezone

    from campaigns.models import Attempt, Delivery, Entry
    from campaigns.pipeline import render

    row = Delivery.objects.select_related("send", "subscriber").get(pk=delivery_id)
    assert row.subscriber is not None
    writer = _writer(row.send_id)
    person = render.Person(row.external_id, render.data_of(row.subscriber), row.subscription_ids)
    call = writer.write(person).call
    body = call.body.decode()
    answer = requests.post(call.url, data=call.body, headers=HEADERS, timeout=30)
    at = timezone.now()
    with transaction.atomic():
        Attempt.objects.create(
            delivery=row, number=1, operation="create", method=call.method, url=call.url, body=body,
            lease_token=row.send.submit_token, opened_at=at, closed_at=at, outcome="accepted",
            status=answer.status_code, answer=answer.text, elapsed_ms=1,
        )  # fmt: skip
        Entry.objects.create(
            event_id=row.send.event_id, subscriber=row.subscriber, delivery=row,
            subscriptions=row.subscriptions, body=render.content_of(body), accepted_at=at,
        )  # fmt: skip
        row.state, row.due_at, row.changed_at = "accepted", None, at
        row.save(update_fields=["state", "due_at", "changed_at"])


@cache
def _writer(send_id: int) -> Any:
    """Read a send's texts once for each process."""
    from campaigns.models import Send
    from campaigns.pipeline import render

    send = Send.objects.select_related("account").get(pk=send_id)
    return render.writer(render.Content.from_json(send.content), kind=send.kind, account=send.account)


async def _loop(url: str, body: bytes, *, count: int, at_once: int) -> None:
    numbers = iter(range(count))

    async def work(session: aiohttp.ClientSession) -> None:
        for _ in numbers:
            async with session.post(url, data=body, headers=HEADERS) as response:
                await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:
        await asyncio.gather(*(work(session) for _ in range(at_once)))


def bare_loop(url: str, body: bytes, *, count: int, at_once: int, run: Any = asyncio.run) -> float:
    """Calls a second of an aiohttp loop that does nothing else: no database, no rendering."""
    started = time.perf_counter()
    run(_loop(url, body, count=count, at_once=at_once))
    return count / (time.perf_counter() - started)


def threads(url: str, body: bytes, *, count: int, thread_count: int = 64) -> float:
    """Calls a second of `requests` sessions in threads."""
    started = time.perf_counter()
    with ThreadPoolExecutor(thread_count) as pool:
        list(pool.map(partial(_share, url, body), [count // thread_count] * thread_count))
    return count / (time.perf_counter() - started)


def _share(url: str, body: bytes, count: int) -> None:
    with requests.Session() as session:
        for _ in range(count):
            session.post(url, data=body, headers=HEADERS, timeout=30)

"""Reading on while the database works: one thread, one batch ahead, so that memory stays flat."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def read_ahead(items: Generator[Item], size: int) -> Generator[list[Item]]:
    """Yield the items in lists of that size; what reading them raises is raised here, in its turn.

    A thread suffices: the database is another process. It waits for nothing but the file, so it ends with us.
    """

    def following() -> list[Item]:
        return list(islice(items, size))

    with closing(items), ThreadPoolExecutor(1, thread_name_prefix="reading-ahead") as thread:
        coming = thread.submit(copy_context().run, following)  # the context knows the language of messages
        while batch := coming.result():
            coming = thread.submit(copy_context().run, following)
            yield batch

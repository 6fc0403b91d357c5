"""Reading on while the database works: one thread, one batch ahead, so that memory stays flat."""

import gc
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

COLLECT_EVERY = 200_000  # containers; Python's 700 looks through the same waiting batch a hundred times

Item = TypeVar("Item")


def read_ahead(
    items: Generator[Item], size: int, prepare: Callable[[list[Item]], None]
) -> Generator[list[Item]]:
    """Yield the items in lists of that size, each prepared; what reading them raises is raised here, in its turn.

    A thread suffices: the database is another process. It waits for nothing but the file, so it ends with us.
    """

    def following() -> list[Item]:
        batch = list(islice(items, size))
        prepare(batch)
        return batch

    with (
        closing(items),
        few_collections(),
        ThreadPoolExecutor(1, thread_name_prefix="reading-ahead") as thread,
    ):
        coming = thread.submit(copy_context().run, following)  # the context knows the language of messages
        while batch := coming.result():
            coming = thread.submit(copy_context().run, following)
            yield batch


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage in circles less often: people hold none, and the search took a fifth of an import."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)

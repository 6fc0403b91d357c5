"""Reading on while the database works: by a process of its own, one batch ahead, so that memory stays flat.

A thread would not do: only one of them is in Python at a time, and whenever the database has answered, the other
would have to be waited for. A small file is through before another process has begun.
"""

import pickle
import sys
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from subprocess import PIPE, Popen
from typing import Any, Final

from django.conf import settings
from django.utils import translation

from campaigns.importing.export import Row
from campaigns.importing.parcels import Unpacker
from campaigns.importing.readers import check, rows
from campaigns.importing.reading import COMMAND, PLAIN, READ, few_collections, some
from campaigns.importing.texts import ExportError
from campaigns.models import Import

SMALL: Final = 1_000_000  # bytes


def read_ahead(job: Import, size: int, is_read: Callable[[], bool]) -> Generator[list[Row]]:
    """Yield the rows of an import in lists of that size; ExportError, and no row, where the file is damaged anywhere.

    While ``is_read`` says so, what attributes say of subscriptions is read ahead, too.
    """
    with few_collections():
        yield from (here if job.byte_count < SMALL else elsewhere)(job, size, is_read)


def here(job: Import, size: int, _is_read: Callable[[], bool]) -> Generator[list[Row]]:
    """Read the file in this process."""
    check(job)
    with closing(rows(job)) as each:
        while batch := some(each, size):
            yield batch


def elsewhere(job: Import, size: int, is_read: Callable[[], bool]) -> Generator[list[Row]]:
    """Have another process read it; as it keeps nothing, it may be killed at any time."""
    command, unpacker = [sys.executable, "-c", COMMAND], Unpacker()
    with Popen(command, stdin=PIPE, stdout=PIPE, cwd=settings.BASE_DIR, process_group=0) as process:  # noqa: S603
        try:
            tell(process, pickle.dumps((job, size, translation.get_language())))
            tell(process, READ if is_read() else PLAIN)
            check(job)  # while it begins
            while answer := heard(process):
                tell(process, READ if is_read() else PLAIN)
                yield unpacker.unpack(answer)
        except (BrokenPipeError, EOFError, pickle.UnpicklingError) as fault:
            raise ChildProcessError(
                f"The process that reads the file ended with {process.wait()}."
            ) from fault
        finally:
            let_go(process)


def let_go(process: Popen[bytes]) -> None:
    """End the process; an order that it did not hear must not hide what has happened to it."""
    process.kill()
    with suppress(BrokenPipeError):
        if process.stdin:
            process.stdin.close()


def tell(process: Popen[bytes], order: bytes) -> None:
    """Give the process an order."""
    if process.stdin:
        process.stdin.write(order)
        process.stdin.flush()


def heard(process: Popen[bytes]) -> Any:
    """Return the process's next answer, or raise what it met."""
    answer = process.stdout and pickle.load(process.stdout)  # noqa: S301  # our own words
    if isinstance(answer, ExportError):
        raise answer
    return answer

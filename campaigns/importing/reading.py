"""The process that reads the file of an import: it hears an order for each batch, and answers with rows.

It needs nothing but the file: no database, no broker. When whoever asked is gone, it ends.
"""

import gc
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import IO, Final

from django.utils import translation

from campaigns.importing.export import Row
from campaigns.importing.parcels import Packer, Parcel
from campaigns.importing.readers import rows
from campaigns.importing.texts import ExportError

COMMAND: Final = "import django; django.setup(); from campaigns.importing import reading; reading.main()"
PLAIN: Final = b"-"  # an order: the next batch
READ: Final = b"r"  # the same, with what attributes say of subscriptions
MOST_LETTERS: Final = 20_000_000  # of attributes in a batch; two thousand people have three million
COLLECT_EVERY: Final = 200_000  # containers; Python's 700 looks through the same batch a hundred times


def main() -> None:
    """Answer the orders on standard input; what else may be printed does not get among the answers."""
    with suppress(BrokenPipeError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, answers)


def serve(orders: IO[bytes], answers: IO[bytes]) -> None:
    """Hear which import, the size of a batch and the language of messages, and then order after order."""
    job, size, language = pickle.load(orders)  # noqa: S301  # our own words
    packer = Packer()
    with translation.override(language), few_collections(), closing(rows(job)) as each:
        for order in iter(partial(orders.read, 1), b""):
            # nothing is kept: memory that is used again at once is in the processor's cache
            pickle.dump(batch(each, size, packer, is_read=order == READ), answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def batch(each: Iterator[Row], size: int, packer: Packer, *, is_read: bool) -> Parcel | ExportError | None:
    """Return the next rows, None at the end; or why the file cannot be read on."""
    try:
        following = some(each, size)
    except ExportError as fault:
        return fault
    if is_read:
        for row in following:
            if row.person is not None:
                row.person.read()
    return packer.pack(following) if following else None


def some(each: Iterator[Row], size: int) -> list[Row]:
    """Return so many of the next rows, or fewer where people have very long attributes; none at the end."""
    found, letters = list[Row](), 0
    for row in each:
        found.append(row)
        letters += len(row.person.attributes or "") if row.person else 0
        if len(found) == size or letters > MOST_LETTERS:
            break
    return found


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage in circles less often: people hold none, and the search took a fifth of an import."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_EVERY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)

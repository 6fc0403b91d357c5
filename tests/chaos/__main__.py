"""`make chaos`: whole sends under a seeded storm; the exit code is 1 where a promise was broken."""

import os
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from environ import Env

from tests.chaos.stack import STACKS, Broker, Database, stack


def main() -> int:
    """Run the seeds that were asked for, one after the other."""
    wanted = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever ends a run, its servers end with it
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    queue = f"chaos-{os.getpid()}"
    os.environ["DATA_DIR"], os.environ["QUEUE_NAME"] = str(folder), queue
    bad_count = 0
    with stack(wanted.stack, data=folder, queue=queue) as (database, broker):
        for seed in wanted.seeds or range(1, wanted.count + 1):
            bad_count += not _is_good(seed, wanted, database=database, broker=broker, keep=folder)
    say(f"{bad_count} runs with violations; the workers' logs are in {folder}")
    return 1 if bad_count else 0


def say(words: str) -> None:
    """Tell whoever started this."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _is_good(seed: int, wanted: Namespace, *, database: Database, broker: Broker, keep: Path) -> bool:
    name = f"chaos_{os.getpid()}_{seed}"
    _connect(database.make(name), broker.url)
    from tests.chaos.run import run

    told = run(
        seed=seed,
        deliveries=wanted.deliveries,
        stack=wanted.stack,
        database=database,
        broker=broker,
        keep=keep,
    )
    say(str(told))
    _disconnect()
    database.drop(name)
    return not told.violations


def _connect(database_url: str, broker_url: str) -> None:
    """Set Django up for an empty database, and make the tables."""
    os.environ["DATABASE_URL"], os.environ["BROKER_URL"] = database_url, broker_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from django.core.management import call_command
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = Env.db_url_config(database_url)["NAME"]
    call_command("migrate", verbosity=0)


def _disconnect() -> None:
    from django.db import connection

    connection.close()


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--stack", choices=STACKS, default=STACKS[0], help='"given": what DATABASE_URL and BROKER_URL name'
    )
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", help="which nights")
    parser.add_argument("--count", type=int, default=3, help="how many nights, where none are named")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

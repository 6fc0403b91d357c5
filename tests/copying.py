"""How each of several processes of tests gets its database: the first runs the migrations, all copy what they made.

Running them takes some 6 s of a processor, and a copy a fraction of one.
"""

import fcntl
from pathlib import Path

from django.conf import settings
from django.db import connection

MADE = Path(settings.DATA_DIR) / "migrated"  # holds by which run, and its name; one run's processes share it


def make(run: str, process: str) -> None:
    """Make the database of this process, and work with it from now on."""
    creation = connection.creation
    with MADE.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        by, _space, name = MADE.read_text().partition(" ")
        if by != run:
            name = creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            MADE.write_text(f"{run} {name}")
        connection.close()  # nobody copies what is open
        connection.settings_dict["NAME"] = name
        creation.clone_test_db(process, verbosity=0)
    connection.settings_dict.update(creation.get_test_db_clone_settings(process))
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"]
    if connection.vendor == "postgresql":
        # The transaction around a test may be idle for as long as a busy machine needs.
        connection.settings_dict["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"


def remove() -> None:
    """Remove it."""
    connection.creation.destroy_test_db(verbosity=0)


def forget() -> None:
    """Remove what the processes have copied, once they are over."""
    if MADE.exists():
        connection.settings_dict["NAME"] = MADE.read_text().partition(" ")[2]
        MADE.unlink()
        remove()

"""A supervisor of any programs, for tests: `python -m tests.processes.supervised '[{"name": …}]' [STEADY]`."""

import json
import sys

from campaigns.management import processes

if __name__ == "__main__":
    processes.STOP_SECONDS = 1.0
    processes.STEADY_SECONDS = float(sys.argv[2]) if sys.argv[2:] else 30.0
    processes.run(
        [processes.Program(**program) for program in json.loads(sys.argv[1])],
        on_ready=lambda: print("all are ready", flush=True),  # noqa: T201 - what the tests wait for
    )

"""A forked process is what `subprocess.Popen` would have made of it, from the first moment."""

import os
from pathlib import Path

from tests import nursery


def test_a_process_has_its_session_and_its_log_as_soon_as_it_is_known(tmp_path: Path):
    for number in range(20):
        log = tmp_path / f"{number}.log"
        process = nursery.celery(["--version"], environment=os.environ, log=log)
        assert os.getsid(process.pid) == process.pid
        assert log.exists()
        process.kill()
        process.wait()

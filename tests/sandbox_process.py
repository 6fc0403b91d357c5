"""The stand-in Rokt as a separate process, for every test that sends."""

import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlencode, urlsplit


class Sandbox:
    """`with Sandbox("--token-seconds", "5") as rokt:` starts it on a free port and stops it."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "integrations.sandbox", "--port", "0", *self._options],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the sandbox did not start; its reason is on stderr")
        self.url = line.split()[-1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> int:
        """Stop it and return its exit code; also after it is gone already."""
        with self._process:  # closes the pipe and waits
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.returncode

    def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Requests number after+1 and on: n, at, method, path, status, body, fault, note."""
        return cast(list[dict[str, Any]], self._call("GET", f"/sandbox/log?after={after}"))

    def summary(self) -> dict[str, Any]:
        """The counts: requests, paths, events, posted_twice, tokens_issued."""
        return cast(dict[str, Any], self._call("GET", "/sandbox/summary"))

    def entries(self, *, subscription: str = "", event: str = "") -> dict[str, list[dict[str, Any]]]:
        """The events on each subscription, all of them or those asked for."""
        wanted = {"subscription": subscription, "event": event}
        query = urlencode({name: value for name, value in wanted.items() if value})
        return cast(dict[str, list[dict[str, Any]]], self._call("GET", f"/sandbox/entries?{query}"))

    def fault(self, fault: str, **parameters: Any) -> None:
        """Switch on a fault: `fault("429", retry_after="30", count=1)`."""
        self._call("POST", "/sandbox/faults", {"fault": fault, **parameters})

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._call("DELETE", "/sandbox/faults")

    def reset(self) -> None:
        """Empty everything: log, calendars, tokens, faults."""
        self._call("POST", "/sandbox/reset")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text.decode()}"
        return json.loads(text) if text else None

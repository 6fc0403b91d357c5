"""What arrived at the Rokt side, in the order it arrived: compact while it grows, readable when asked."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

MOST_BODY_BYTES = 64 * 1024

# when (Unix time), method, path, status that was sent (None: none was), body, faults, note
Line = tuple[float, str, str, int | None, bytes, str, str]


class Log:
    """Every request that was read to its end, whatever was then done to it."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._statuses: Counter[tuple[str, int | None]] = Counter()
        self._posted: Counter[tuple[str, str]] = Counter()

    def record(self, line: Line, route: str) -> None:
        """Keep one line and count it under `route`, a path without the ids of people and events."""
        self._lines.append(line)
        self._statuses[route, line[3]] += 1

    def posted(self, account: str, event_id: str) -> None:
        """Count a create that arrived, refused and hung ones too."""
        self._posted[account, event_id] += 1

    def lines(self, *, after: int, limit: int | None) -> list[dict[str, Any]]:
        """Lines number after+1, after+2 … as dicts; `n` starts at 1."""
        end = None if limit is None else after + limit
        return [_shown(n, line) for n, line in enumerate(self._lines[after:end], start=after + 1)]

    def summary(self) -> dict[str, Any]:
        """The counts; `posted_twice` holds every "account/event id" that came more than once."""
        paths: dict[str, dict[str, int]] = {}
        for (route, status), count in sorted(self._statuses.items(), key=str):
            paths.setdefault(route, {})["none" if status is None else str(status)] = count
        return {
            "requests": len(self._lines),
            "paths": paths,
            "events": len(self._posted),
            "posted_twice": {"/".join(key): count for key, count in self._posted.items() if count > 1},
        }


def now() -> float:
    """The clock of the log."""
    return time.time()


def _shown(n: int, line: Line) -> dict[str, Any]:
    when, method, path, status, body, fault, note = line
    return {
        "n": n,
        "at": datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds"),
        "method": method,
        "path": path,
        "status": status,
        "body": body.decode(errors="replace"),
        "fault": fault or None,
        "note": note or None,
    }

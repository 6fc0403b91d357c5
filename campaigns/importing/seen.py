"""Which user ids a file has had, and what a table said of them; in a scratch file, so that memory stays flat."""

import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

import orjson

Facts: TypeAlias = dict[str, int]  # what a row says: of which thing, and a number for the value


class Seen:
    """A set of texts of any size, gone when closed."""

    def __init__(self) -> None:
        self.scratch = sqlite3.connect("", isolation_level=None)  # a private file that SQLite itself deletes
        self.scratch.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self.scratch.execute("CREATE TABLE told (id TEXT PRIMARY KEY, facts TEXT) WITHOUT ROWID")
        self.scratch.execute("BEGIN")

    def add(self, texts: Sequence[str]) -> set[str]:
        """Add texts, each once; return those that were there before."""
        listed = (orjson.dumps(texts).decode(),)
        before = "SELECT id FROM seen WHERE id IN (SELECT value FROM json_each(?))"
        again = {text for (text,) in self.scratch.execute(before, listed)}
        self.scratch.execute("INSERT OR IGNORE INTO seen SELECT value FROM json_each(?)", listed)
        return again

    def lacks(self, texts: Sequence[str]) -> list[str]:
        """Return those of the texts that were never added."""
        unknown = "SELECT value FROM json_each(?) WHERE value NOT IN seen"
        return [text for (text,) in self.scratch.execute(unknown, (orjson.dumps(texts).decode(),))]

    def told(self, external_id: str) -> Facts:
        """Return what was said of a person before."""
        row = self.scratch.execute("SELECT facts FROM told WHERE id = ?", (external_id,)).fetchone()
        return orjson.loads(row[0]) if row else {}

    def tell(self, external_id: str, facts: Facts) -> None:
        """Remember what was said of a person, in place of what was remembered."""
        row = external_id, orjson.dumps(facts).decode()
        self.scratch.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", row)

    def close(self) -> None:
        """Forget everything."""
        self.scratch.close()

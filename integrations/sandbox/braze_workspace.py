"""Everything the stand-in holds of one Braze workspace, and how long its exports take and last."""

from integrations.sandbox.braze_crowd import Crowd
from integrations.sandbox.braze_exports import Exports
from integrations.sandbox.braze_gate import Gate

LIFE_SECONDS = 4 * 3600.0


class Workspace:
    """People, keys and exports; an export is ready after `ready_after` seconds and lasts `expires_after`."""

    def __init__(self, *, people_count: int, ready_after: float) -> None:
        self.crowd = Crowd(people_count=people_count)
        self.gate = Gate()
        self.exports = Exports()
        self.ready_after = ready_after
        self.expires_after = LIFE_SECONDS

    def close(self) -> None:
        """Let go of the files."""
        self.exports.close()

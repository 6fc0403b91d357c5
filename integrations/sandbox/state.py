"""Everything one running sandbox holds, and how it is emptied."""

from collections.abc import Mapping
from typing import NamedTuple

from integrations.sandbox.braze_workspace import Workspace
from integrations.sandbox.faults import Faults
from integrations.sandbox.log import Log
from integrations.sandbox.oauth import Tokens
from integrations.sandbox.options import Options
from integrations.sandbox.store import Store
from integrations.sandbox.webhooks import Webhooks


class Call(NamedTuple):
    """One request to Rokt or Braze: `path` as it was on the wire, `params` from the route, decoded."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    host: str
    authorization: str
    content_type: str
    body: bytes


class State:
    """Tokens, calendars, people, log and faults; all of it gone with the process."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._fill()

    def reset(self) -> None:
        """Forget everything: also the tokens, so a client must fetch a new one."""
        self.close()
        self._fill()

    def close(self) -> None:
        """Stop what goes on by itself, and remove the files."""
        self.webhooks.close()
        self.braze.close()

    def _fill(self) -> None:
        self.tokens = Tokens(clients=self.options.clients, token_seconds=self.options.token_seconds)
        self.store = Store(apply_after_seconds=self.options.apply_after_seconds)
        self.log = Log()
        self.faults = Faults()
        self.braze = Workspace(
            people_count=self.options.people_count, ready_after=self.options.export_after_seconds
        )
        self.webhooks = Webhooks(self.options.webhook_url)

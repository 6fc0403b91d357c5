"""Everything one running sandbox holds, and how it is emptied."""

from collections.abc import Mapping
from typing import NamedTuple

from integrations.sandbox.faults import Faults
from integrations.sandbox.log import Log
from integrations.sandbox.oauth import Tokens
from integrations.sandbox.options import Options
from integrations.sandbox.store import Store


class Call(NamedTuple):
    """One request to the Rokt side: `path` as it was on the wire, `params` from the route, decoded."""

    method: str
    path: str
    params: Mapping[str, str]
    authorization: str
    content_type: str
    body: bytes


class State:
    """Tokens, calendars, log and faults; all of it in memory, all of it gone with the process."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        """Forget everything: also the tokens, so a client must fetch a new one."""
        self.tokens = Tokens(clients=self.options.clients, token_seconds=self.options.token_seconds)
        self.store = Store(apply_after_seconds=self.options.apply_after_seconds)
        self.log = Log()
        self.faults = Faults()

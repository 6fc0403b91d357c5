"""Words for tags that Braze does not have, that only Braze has, or that stand where they mean nothing."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NoReturn

from liquid.token import TOKEN_ILLEGAL

from campaigns.liquid.tags.tag import BrazeTag

if TYPE_CHECKING:
    from liquid import Token

    from campaigns.liquid.stream import Stream

_KEPT_IN_BRAZE = {"catalog_items", "catalog_selection_items", "promotion", "content_blocks"}
_NOT_IN_BRAZE = {
    "include",
    "render",
    "layout",
    "block",
    "extends",
    "form",
    "paginate",
    "section",
    "style",
    "doc",
}
_OWNERS = {"else": "if, unless, case or for", "elsif": "if or unless", "when": "case"}
_SLIPS = {"elseif": "elsif", "elif": "elsif", "set": "assign", "end": "endif", "abort": "abort_message"}


def refusal(name: str, known: list[str]) -> str:
    """Why there is no such tag here, and what to write instead."""
    if name in _KEPT_IN_BRAZE:
        return f"{{% {name} %}} reads what is kept in Braze, which only Braze can do; write the text out instead."
    if name in _NOT_IN_BRAZE:
        return f"Braze does not support {{% {name} %}}."
    if name in _OWNERS:
        return f"{{% {name} %}} only works inside {_OWNERS[name]}."
    if name.startswith("end") and name[3:] in known:
        return f"{{% {name} %}} closes nothing: there is no open {{% {name[3:]} %}}."
    close = [_SLIPS[name]] if name in _SLIPS else difflib.get_close_matches(name[:40], known, n=1)
    hint = f" Did you mean {{% {close[0]} %}}?" if close else ""
    return f"There is no tag {{% {name[:40]} %}}.{hint}"


class RefusedTag(BrazeTag):
    """Stands in for every tag that is not registered."""

    name = TOKEN_ILLEGAL

    def read(self, token: Token, stream: Stream) -> NoReturn:
        """Refuse it."""
        stream.refuse(
            refusal(token.value, [*(name for name in self.env.tags if name.isidentifier()), "comment"]), token
        )

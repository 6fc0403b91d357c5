"""The token call of a webhook, answered here: what leaves is signed with the account's own token instead."""

import json
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Account

PLACEHOLDER: Final = "THE-ACCOUNTS-OWN-TOKEN"
ROKT_URL: Final = "https://api.roktcalendar.com"
_PATH = "/oauth2/token"
_ANSWER = {"access_token": PLACEHOLDER, "token_type": "bearer", "expires_in": 300}


def nothing_else() -> liquid.LiquidError:
    """Return the refusal of a call to Rokt that asks for anything but a token."""
    return liquid.LiquidError(
        _(
            "connected_content may ask Rokt Calendar for a token and for nothing else; the calls themselves are"
            " the webhook's."
        )
    )


def token_answer(request: liquid.Request, account: Account) -> liquid.Response | None:
    """Return the answer to a call for a token of this account or of Rokt, or None if it is another call.

    Whatever credential the call names, it stands for the account's own client id and secret, which stay here.
    """
    places = {_place(base.rstrip("/") + _PATH) for base in (account.base_url, ROKT_URL)}
    if request.method != "POST" or _place(request.url) not in places:
        return None
    return liquid.Response(200, {"Content-Type": "application/json"}, json.dumps(_ANSWER))


def _place(url: str) -> tuple[str, str]:
    """Return host and path, whatever the scheme: spelled another way, the credentials would still leave."""
    parts = urlsplit(url.strip().lower())
    return parts.netloc.removesuffix(":443").removesuffix(":80"), parts.path.rstrip("/")

"""The way out of a webhook that is rendered: its token is answered here, all else goes to the host it names."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Account, Credential
from campaigns.pipeline.tokens import ROKT_URL, nothing_else, token_answer
from integrations.braze import content
from integrations.web import address
from integrations.web.errors import AddressError
from integrations.web.exchange import Call, Received

Outgoing = Callable[..., Received]
_KEPT_STATUSES: Final = range(200, 400)


@dataclass(frozen=True, slots=True)
class _Entrance:
    """What a credential's name stands for: headers, and the only hosts that get them."""

    kind: str
    headers: Mapping[str, str] = field(repr=False)
    hosts: frozenset[str]


class Fetcher:
    """Answers ``connected_content`` for one account; made once per send or preview.

    Credentials are read when it is made; afterwards it touches no database and any number of threads may use it.
    ``call`` makes the calls that leave, as ``integrations.braze.content.call`` does.
    """

    def __init__(self, account: Account, *, call: Outgoing = content.call) -> None:
        self._account = account
        self._call = call
        self._allowed_hosts = frozenset(settings.CONNECTED_CONTENT_HOSTS)
        self._entrances = {row.name: _entrance(row) for row in Credential.objects.all()}

    def __call__(self, request: liquid.Request) -> liquid.Response:
        """Return the answer to one call.

        Raises:
            OSError: no answer came.
            LookupError: no credential has that name, or it is of the other kind.
            liquid.LiquidError: the host may not be called, or may not get the credential, or it is Rokt's.
        """
        served = token_answer(request, self._account)
        if served is not None:
            return served
        try:
            place = content.place_of(request.url, allowed_hosts=self._allowed_hosts)
            if self._is_rokts(place):
                raise nothing_else()
            secrets = self._secrets(request, place)
            return _cached(request) or _kept(request, self._answer(request, secrets))
        except AddressError as error:
            raise liquid.LiquidError(str(error)) from error

    def _is_rokts(self, place: content.Place) -> bool:
        """Whether the account's calls go there, or anybody's; a stand-in on this machine is known by its port."""
        own = urlsplit(self._account.base_url)
        if self._account.is_stand_in and self._is_here(place):
            return place.port == own.port
        return place.host.rstrip(".") in (urlsplit(ROKT_URL).hostname, own.hostname)

    def _is_here(self, place: content.Place) -> bool:
        """Whether that is a place on this machine that the settings allow."""
        entry = f"{place.host}:{place.port}"
        return entry in self._allowed_hosts and address.is_loopback_entry(entry)

    def _secrets(self, request: liquid.Request, place: content.Place) -> dict[str, str]:
        """Return the headers that the named credentials stand for."""
        found: dict[str, str] = {}
        asked = {
            Credential.Kind.BASIC: request.basic_auth,
            Credential.Kind.HEADERS: request.auth_credentials,
        }
        for kind, name in asked.items():
            if name is None:
                continue
            entrance = self._entrances.get(name)
            if entrance is None or entrance.kind != kind:
                raise LookupError(name)
            if place.host not in entrance.hosts:
                raise liquid.LiquidError(_not_for(name, place.host))
            if place.scheme != "https" and not self._is_here(place):
                raise liquid.LiquidError(_in_the_open(name))
            found |= entrance.headers
        return found

    def _answer(self, request: liquid.Request, secrets: Mapping[str, str]) -> liquid.Response:
        own = {name.lower() for name in secrets}
        headers = {name: value for name, value in request.headers.items() if name.lower() not in own}
        received = self._call(
            Call(request.method, request.url, (request.body or "").encode(errors="replace")),
            {**headers, **secrets},
            attempt=request.attempt,
            allowed_hosts=self._allowed_hosts,
        )
        return liquid.Response(received.status, dict(received.headers), received.body)


def _entrance(row: Credential) -> _Entrance:
    if row.kind == Credential.Kind.BASIC:
        basic = b64encode(f"{row.username}:{row.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
    else:
        headers = json.loads(row.secret)
    return _Entrance(row.kind, headers, frozenset(row.allowed_hosts.lower().split()))


def _not_for(name: str, host: str) -> str:
    return _(
        "The credential “%(name)s” may not be sent to %(host)s."
        " An admin can add this host to its allowed hosts (Setup, Credentials)."
    ) % {"name": name, "host": host}


def _in_the_open(name: str) -> str:
    return _(
        "The credential “%s” is not sent over http://, where others could read it. Write https:// in the address."
    ) % (name,)


def _cached(request: liquid.Request) -> liquid.Response | None:
    """Return the answer that was kept for such a call, if it may be used again and is still there."""
    kept = cache.get(_key(request)) if request.cache_seconds else None
    return liquid.Response(*kept) if kept else None


def _kept(request: liquid.Request, response: liquid.Response) -> liquid.Response:
    """Return the answer, kept for later calls if the call allows it and the answer is a good one."""
    if (
        request.cache_seconds
        and response.status in _KEPT_STATUSES
        and len(response.body) <= content.BODY_LIMIT
    ):
        kept = (response.status, dict(response.headers), response.body)
        cache.set(_key(request), kept, timeout=request.cache_seconds)
    return response


def _key(request: liquid.Request) -> str:
    """Return what two calls have in common that get the same answer; of credentials only the names are in it."""
    parts = (
        request.method,
        request.url,
        sorted(request.headers.items()),
        request.body,
        request.basic_auth,
        request.auth_credentials,
    )
    return f"connected_content:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"

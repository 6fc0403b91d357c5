"""The token endpoint: client credentials in both documented ways, refresh tokens, RFC 6749 errors."""

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from integrations.sandbox.replies import STAND_IN, RefusedError, Reply, said

FORM = "application/x-www-form-urlencoded"
REFRESH_SECONDS = 3600
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


class OAuthError(Exception):
    """A token is not given; `error` is RFC 6749's word for it."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class Tokens:
    """Opaque tokens and the clients they were given to; judged by the monotonic clock."""

    def __init__(self, *, clients: Mapping[str, str], token_seconds: int) -> None:
        self.issued_count = 0
        self._clients = clients
        self._token_seconds = token_seconds
        self._access: dict[str, float] = {}
        self._refresh: dict[str, tuple[str, float]] = {}

    def check(self, authorization: str) -> None:
        """Let a known, living bearer pass; everything else is a 401."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RefusedError("a bearer token is required", status=401, code="Unauthorized")
        if self._access.get(token, 0.0) <= time.monotonic():
            raise RefusedError("the token is unknown or has expired", status=401, code="Unauthorized")

    def answer(self, *, authorization: str, content_type: str, body: bytes) -> Reply:
        """A token, or the reason why there is none."""
        try:
            reply = self._issue(_form(content_type, body), authorization)
        except OAuthError as error:
            reply = said(error.status, {"error": error.error, "error_description": f"{error} ({STAND_IN})"})
            if error.status == 401 and authorization:
                return reply._replace(headers=(*NO_STORE, ("WWW-Authenticate", 'Basic realm="stand-in"')))
        return reply._replace(headers=NO_STORE)

    def _issue(self, form: dict[str, str], authorization: str) -> Reply:
        grant = form.get("grant_type")
        if not grant:
            raise OAuthError("invalid_request", "grant_type is required")
        client = self._client(form, authorization)
        if grant == "refresh_token":
            self._spend(form.get("refresh_token", ""), client)
        elif grant != "client_credentials":
            raise OAuthError("unsupported_grant_type", f"grant_type {grant[:40]!r} is not supported")
        return self._fresh(client)

    def _client(self, form: dict[str, str], authorization: str) -> str:
        if authorization and "client_secret" in form:
            raise OAuthError("invalid_request", "send the credentials one way, not both")
        if authorization:
            name, secret = _basic(authorization)
        else:
            name, secret = form.get("client_id", ""), form.get("client_secret", "")
        known = self._clients.get(name) == secret if self._clients else bool(name)
        if not (known and secret):
            raise OAuthError("invalid_client", "client id or secret is wrong or missing", status=401)
        return name

    def _spend(self, token: str, client: str) -> None:
        owner, expires = self._refresh.get(token, ("", 0.0))
        if owner != client or expires <= time.monotonic():
            raise OAuthError("invalid_grant", "the refresh token is unknown or has expired")

    def _fresh(self, client: str) -> Reply:
        now = time.monotonic()
        self._access = {token: expires for token, expires in self._access.items() if expires > now}
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._access[access] = now + self._token_seconds
        self._refresh[refresh] = (client, now + REFRESH_SECONDS)
        self.issued_count += 1
        return said(
            200,
            {
                "access_token": access,
                "token_type": "bearer",
                "expires_in": self._token_seconds,
                "refresh_token": refresh,
            },
        )


def without_secrets(body: bytes) -> bytes:
    """What the log may keep of a token request: the names we know, the values that are no secret."""
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    open_names = ("grant_type", "client_id")
    secret_names = ("client_secret", "refresh_token")
    kept = [
        (name, value if name in open_names else "***")
        for name, value in pairs
        if name in (*open_names, *secret_names)
    ]
    return urlencode(kept, safe="*").encode()


def _form(content_type: str, body: bytes) -> dict[str, str]:
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", f"Content-Type must be {FORM}")
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return form


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "the Authorization header is not Basic", status=401)
    return name, secret

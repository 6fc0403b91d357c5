"""Writes the call for a webhook pasted from Braze: rendered as Braze would, then checked before anything leaves."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Account
from campaigns.pipeline import raw_checks
from campaigns.pipeline.content import WebhookText
from campaigns.pipeline.tokens import PLACEHOLDER, ROKT_URL, nothing_else, token_answer
from campaigns.pipeline.written import LeftOutError, Person, RenderError, Written
from integrations.rokt import wire

KNOWN_HEADERS: Final = ("authorization", "content-type", "accept", "user-agent")
CALLS_OUT = re.compile(r"connected_content\s+(\S+)")
CLOCK = re.compile(r"now|today|date|time_zone", re.IGNORECASE)
JSON_TYPE = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)


class Fault(NamedTuple):
    """What is wrong with a webhook for everybody: the part (method, url, headers, body), a code, a sentence."""

    part: str
    code: str
    message: str


def faults(hook: WebhookText) -> Iterator[Fault]:
    """Yield what keeps a webhook from being sent from here, whoever it is for."""
    if not hook.url.strip():
        yield Fault("url", "required", _("Give the webhook's URL."))
    if hook.method != "POST":
        yield Fault("method", "method", _("Rokt Calendar takes events by POST. Choose POST."))
    for name, _value in hook.headers:
        if name.strip().lower() not in KNOWN_HEADERS:
            message = _(
                "The header “%(name)s” is not sent: Rokt Calendar reads only Authorization and Content-Type."
                " Remove it."
            )
            yield Fault("headers", "unknown", message % {"name": name})
    for part, source in _sources(hook):
        try:
            liquid.parse(source)
        except liquid.LiquidError as error:
            yield Fault(part, "liquid", str(error))


def _sources(hook: WebhookText) -> list[tuple[str, str]]:
    return [("url", hook.url), *(("headers", value) for _name, value in hook.headers), ("body", hook.body)]


class RawWriter:
    """Raises ``liquid.LiquidError`` when a part is not Liquid that Braze would take.

    ``event_id`` is what every rendered event id begins with; "" where that is not known yet.
    """

    def __init__(self, hook: WebhookText, *, event_id: str, kind: str, account: Account) -> None:
        self.account = account
        self.method = hook.method
        self.expected = raw_checks.Expected(event_id, kind, account.code, account.base_url)
        self.url = liquid.parse(hook.url)
        self.headers = [(name, liquid.parse(value)) for name, value in hook.headers]
        self.body = liquid.parse(hook.body)
        self.calls_out = _calls_out(hook, account)
        self.lasting = frozenset() if self.calls_out else _lasting(hook)
        self.settled: set[int] = set()

    def write(self, person: Person, *, fetch: liquid.Fetch | None = None) -> Written:
        """Return the call for a person, its body byte for byte as rendered; raises ``RenderError``.

        Without ``fetch``, connected_content can only ask for the account's token.
        """
        rendering = _Rendering(person.data, fetch or self._token_only)
        url = rendering.of("URL", self.url)
        for place, (name, template) in enumerate(self.headers):
            if place not in self.settled:
                _check_header(name, rendering.of(name, template).strip())
            if place in self.lasting:
                self.settled.add(place)
        body = rendering.of(_("body"), self.body)
        _check_token_stays(url, body)
        path = _path(url, self.expected)
        found = raw_checks.event(body, person, self.expected)
        return Written(
            call=wire.Call(self.method, f"{self.account.base_url}{path}", body.encode()),
            event=found.event,
            fallbacks=tuple(rendering.fallbacks),
            notes=(*rendering.notes(), *found.notes),
            ends_at=found.ends_at,
        )

    def ends_at(self, body: str) -> datetime:
        """Return when the event in a body that was written ends: every person may have another time."""
        return raw_checks.ends_at(body)

    def _token_only(self, request: liquid.Request) -> liquid.Response:
        answer = token_answer(request, self.account)
        if answer is None:
            raise nothing_else()
        return answer


class _Rendering:
    """The parts of one webhook rendered for one person, with what was empty in any of them."""

    def __init__(self, data: liquid.Data, fetch: liquid.Fetch) -> None:
        self.data = data
        self.fetch = fetch
        self.fallbacks: dict[str, None] = {}
        self.missing: dict[str, None] = {}

    def of(self, part: str, template: liquid.Template) -> str:
        try:
            result = template.render(self.data, fetch=self.fetch)
        except liquid.Aborted as stop:
            raise LeftOutError(_("The webhook left this person out: %s") % stop.reason) from stop
        except liquid.LiquidError as error:
            raise RenderError(f"{part}: {error}") from error
        self.fallbacks.update(dict.fromkeys(result.fallbacks))
        self.missing.update(dict.fromkeys(result.missing))
        return result.text

    def notes(self) -> list[str]:
        return [_("%s is empty, and no default stands in for it.") % name for name in self.missing]


def _calls_out(hook: WebhookText, account: Account) -> bool:
    """Whether connected_content asks for anything but a token; an address made with Liquid counts as that."""
    tokens = {f"{base}/oauth2/token" for base in (account.base_url, ROKT_URL)}
    asked = (url for _part, source in _sources(hook) for url in CALLS_OUT.findall(source))
    return any(url not in tokens for url in asked)


def _lasting(hook: WebhookText) -> frozenset[int]:
    """Return the places of the headers that are right for all once they are for one: no person and no clock in them."""
    return frozenset(
        place
        for place, (_name, value) in enumerate(hook.headers)
        if not liquid.parse(value).references and not CLOCK.search(value)
    )


@lru_cache(maxsize=64)  # one or two addresses for everybody; a refusal is not kept
def _path(url: str, expected: raw_checks.Expected) -> str:
    """Return the path of a rendered URL, if it leads where a call of this send has to go; else ``RenderError``."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RenderError(_("The URL cannot be read."), url[:200]) from None
    if f"{parts.scheme}://{parts.netloc}" not in (ROKT_URL, expected.base_url):
        raise RenderError(_("The URL does not lead to Rokt Calendar."), url[:200])
    match [unquote(segment) for segment in parts.path.split("/")]:
        case ["", "v1", "subscriptionevent", code, *rest] if rest in ([], ["update"]):
            _check_code(code, expected)
            _check_kind(rest, expected)
        case _:
            raise RenderError(_("The URL is not that of an event of Rokt Calendar."), url[:200])
    if parts.query or parts.fragment or not url.isprintable():
        raise RenderError(_("The URL goes on behind the address of the event."), url[:200])
    return parts.path


def _check_code(code: str, expected: raw_checks.Expected) -> None:
    if not code:
        raise RenderError(
            _("The URL has no account code: rokt:account_code is empty, or no list, for this person.")
        )
    if code != expected.account_code:
        raise RenderError(
            _(
                "The URL names another account than %(code)s: this person is subscribed to several, and the"
                " webhook takes the first."
            )
            % {"code": expected.account_code},
            code[:100],
        )


def _check_kind(rest: list[str], expected: raw_checks.Expected) -> None:
    if expected.is_create and rest == ["update"]:
        raise RenderError(_("This URL updates an event, and the send is for a new one."))
    if not expected.is_create and rest != ["update"]:
        raise RenderError(_("This URL makes a new event, and the send is an update: it lacks /update."))


def _check_token_stays(url: str, body: str) -> None:
    if PLACEHOLDER in url or PLACEHOLDER in body:
        raise RenderError(
            _("The token must stand in the Authorization header only: take it out of URL and body.")
        )


def _check_header(name: str, value: str) -> None:
    """Refuse what would leave otherwise than Braze would send it; the account's token is put in later."""
    match name.strip().lower():
        case "authorization" if value != f"Bearer {PLACEHOLDER}":
            raise RenderError(
                _(
                    "Authorization does not become “Bearer” and the token of the account."
                    " Write it as in the Rokt template."
                )
            )
        case "content-type" if not JSON_TYPE.fullmatch(value):
            raise RenderError(_("Content-Type has to be application/json."))

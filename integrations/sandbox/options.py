"""The few choices a sandbox is started with, from a command line."""

import ipaddress
import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.replies import RefusedError
from integrations.sandbox.webhooks import read_loopback

DEFAULT_PORT = 8100
DEFAULT_PEOPLE = 2_000


@dataclass(frozen=True)
class Options:
    """`clients` maps id to secret; empty means that any client with a secret is let in."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token_seconds: int = 300
    apply_after_seconds: float = 0.0
    clients: Mapping[str, str] = field(default_factory=dict)
    people_count: int = DEFAULT_PEOPLE
    export_after_seconds: float = 0.0
    webhook_url: str = ""


def add_arguments(parser: ArgumentParser) -> None:
    """Teach `parser` the options of the sandbox."""
    # A default that is text goes through `type`, so a bad SANDBOX_PORT is told like a bad --port.
    port = os.environ.get("SANDBOX_PORT", str(DEFAULT_PORT))
    parser.add_argument("--port", type=_port, default=port, help=f"0 takes a free one (default {port})")
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="a loopback address")
    parser.add_argument("--token-seconds", type=_seconds, default=300, help="life of an access token")
    parser.add_argument(
        "--apply-after", type=_delay, default=0.0, metavar="SECONDS", help="time from a 202 to the calendar"
    )
    parser.add_argument(
        "--client", type=_client, action="append", default=[], metavar="ID:SECRET", help="let in only these"
    )
    parser.add_argument("--people", type=_people, default=DEFAULT_PEOPLE, help="how many there are in Braze")
    parser.add_argument(
        "--export-after", type=_delay, default=0.0, metavar="SECONDS", help="time until an export is there"
    )
    parser.add_argument("--webhook-url", type=_webhook_url, help="where Rokt's webhooks go by themselves")


def options_from(parsed: Mapping[str, Any]) -> Options:
    """The options out of what the parser understood."""
    return Options(
        host=parsed["host"],
        port=parsed["port"],
        token_seconds=parsed["token_seconds"],
        apply_after_seconds=parsed["apply_after"],
        clients=dict(parsed["client"]),
        people_count=parsed["people"],
        export_after_seconds=parsed["export_after"],
        webhook_url=parsed["webhook_url"] or "",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _loopback(text: str) -> str:
    """Refuse to be seen from outside: the doors of the sandbox ask nobody for a password."""
    try:
        loopback = text == "localhost" or ipaddress.ip_address(text).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ArgumentTypeError(f"{text!r} is not a loopback address; the sandbox has no locks")
    return text


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return int(text)


def _people(text: str) -> int:
    if not text.isdecimal() or int(text) > 1_000_000:
        raise ArgumentTypeError(f"{text!r} is not a number of people from 0 to 1000000")
    return int(text)


def _webhook_url(text: str) -> str:
    try:
        return read_loopback("the address", text)
    except RefusedError as error:
        raise ArgumentTypeError(str(error)) from None


def _delay(text: str) -> float:
    try:
        delay = float(text)
    except ValueError:
        delay = -1.0
    if not 0 <= delay <= 3600:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return delay


def _client(text: str) -> tuple[str, str]:
    name, _, secret = text.partition(":")
    if not name or not secret:
        raise ArgumentTypeError(f"{text!r} is not ID:SECRET")
    return name, secret

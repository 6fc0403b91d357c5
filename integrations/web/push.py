"""One short message to somebody's webhook: a public https host, no redirects, little time."""

from collections.abc import Collection, Mapping

from integrations.web import address
from integrations.web.errors import AddressError
from integrations.web.exchange import Call, Received
from integrations.web.session import WebSession, ask

CAP = 4_096  # bytes of the answer; nobody reads more


def check_place(base_url: str, *, allowed_hosts: Collection[str]) -> str:
    """The place that a webhook is at: any host with https, or a loopback `host:port` of `allowed_hosts`.

    Raises:
        AddressError: with a sentence that says what is wrong.
    """
    place = address.check_public(base_url, allowed_hosts=allowed_hosts)
    scheme, _, where = place.partition("://")
    if scheme != "https" and where not in allowed_hosts:
        raise AddressError("The address must start with https://.")
    return place


def push(
    url: str, body: bytes, *, headers: Mapping[str, str], seconds: float, allowed_hosts: Collection[str]
) -> Received:
    """POST `body` and return the answer, whatever it says.

    Raises:
        AddressError, NotReachableError: nothing was sent.
        NoAnswerError: it left, and no answer came.
    """
    with WebSession(allowed_hosts, check=check_place) as session:
        return ask(session, Call("POST", url, body), headers=headers, seconds=seconds, cap=CAP)

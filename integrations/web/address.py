"""Which addresses we may call: checked when they are saved, and again at the moment a connection is made."""

import re
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from integrations.web.errors import AddressError

# All that we accept: user:pw@, [::1], %2e, a unicode dot, a path or a newline have no place in it.
_SHAPE: Final = re.compile(r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?/?", re.ASCII | re.IGNORECASE)
_ANY_HOST: Final = re.compile(r"(https?)://([a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_PUBLIC_PORTS: Final = {"http": "80", "https": "443"}
_NUMERIC_HOST: Final = re.compile(
    r"(.*\.)?(0x[0-9a-f]*|[0-9]+)", re.ASCII
)  # what URL parsers take for an IPv4 address
_NAT64: Final = IPv6Network("64:ff9b::/96")


def check(base_url: str, *, allowed_hosts: Collection[str]) -> str:
    """The address in its one normal form (`https://host`, no slash at the end), if it may be called at all.

    `allowed_hosts` holds host names, or `host:port`. A loopback entry (`127.0.0.1:8100`, `localhost:8100`)
    allows plain http to exactly that place; any other entry allows https only.

    Raises:
        AddressError: with a sentence that says what is wrong.
    """
    found = _SHAPE.fullmatch(base_url)
    if found is None:
        raise AddressError("The address must be https:// and a host name, with nothing before or after it.")
    scheme, host, port = found[1].lower(), found[2].lower(), found[3] or ""
    place = host + port
    if place not in {entry.lower() for entry in allowed_hosts}:
        raise AddressError(f"{place} is not one of the addresses that may be called.")
    if is_loopback_entry(place):
        if scheme != "http":
            raise AddressError(f"{place} is the sandbox on this machine and is called with http://.")
    elif scheme != "https":
        raise AddressError("The address must start with https://.")
    elif _NUMERIC_HOST.fullmatch(host):
        raise AddressError("The address must be a host name, not an IP address.")
    return f"{scheme}://{place}"


def check_public(base_url: str, *, allowed_hosts: Collection[str]) -> str:
    """The address as `https://host:port` if it is some host's port 80 or 443, or a loopback entry that is allowed.

    Whether that host is public shows only when it is connected to: see `check_peer`.

    Raises:
        AddressError: with a sentence that says what is wrong.
    """
    found = _ANY_HOST.fullmatch(base_url)
    if found is None:
        raise AddressError("The address must be http:// or https:// and a host name.")
    scheme, host = found[1].lower(), found[2].lower()
    port = found[3] or _PUBLIC_PORTS[scheme]
    place = f"{host}:{port}"
    if port not in _PUBLIC_PORTS.values() and not (is_loopback_entry(place) and place in allowed_hosts):
        raise AddressError(f"{place} may not be called: only the ports 80 and 443 may.")
    return f"{scheme}://{place}"


def origin(url: str) -> str:
    """What comes before a URL's path: `https://host`, to be put to `check`."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def check_peer(ip: str, *, place: str, allowed_hosts: Collection[str]) -> None:
    """Refuse a connection whose far end is not where it should be, whatever the host name said.

    `ip` is the address found for `place` (`host:port`). A loopback entry of `allowed_hosts` must end on
    this machine; every other place must end on the public internet.

    Raises:
        AddressError: the connection must not be used.
    """
    address = ip_address(ip.partition("%")[0])
    sandbox = is_loopback_entry(place) and place in allowed_hosts
    if not (address.is_loopback if sandbox else _is_public(address)):
        raise AddressError(f"{place} leads to {ip}, which is not a public address.")


def is_loopback_entry(place: str) -> bool:
    """Whether `host:port` names this machine in one of the two plain spellings that the sandbox may have."""
    host, colon, _ = place.partition(":")
    return bool(colon) and (host == "localhost" or _is_loopback_literal(host))


class PublicResolver(AbstractResolver):
    """Name resolution for aiohttp that refuses every answer `check_peer` refuses; one bad address spoils all.

    aiohttp does not ask a resolver about IP literals: the address itself must have passed `check`.
    """

    def __init__(self, allowed_hosts: Collection[str]) -> None:
        self._allowed_hosts = allowed_hosts
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            AddressError: one of them must not be called.
            OSError: the name was not found.
        """
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            check_peer(one["host"], place=f"{host}:{port}", allowed_hosts=self._allowed_hosts)
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._resolver.close()


def _is_loopback_literal(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return _is_public(carried)
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64): the one that is reached."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour

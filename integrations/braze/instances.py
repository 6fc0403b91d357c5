"""Where a Braze workspace is called: the instances, and any other REST endpoint that somebody types in."""

import re
from collections.abc import Collection
from typing import Final

from integrations.web import address
from integrations.web.errors import AddressError

# Instance -> REST endpoint. Newer regions may exist: any other host may be typed in.
INSTANCES: Final = {
    **{f"US-0{number}": f"https://rest.iad-0{number}.braze.com" for number in range(1, 9)},
    "US-10": "https://rest.us-10.braze.com",
    "EU-01": "https://rest.fra-01.braze.eu",
    "EU-02": "https://rest.fra-02.braze.eu",
    "AU-01": "https://rest.au-01.braze.com",
}
_SHAPE: Final = re.compile(r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?/?", re.ASCII | re.IGNORECASE)
_DASHBOARD: Final = re.compile(r"dashboard[-.](au-)?([0-9]{2})\.braze\.(com|eu)")


def instance_of(rest_url: str) -> str | None:
    """The name of the instance with this REST endpoint (`US-01`), if it is one that is known."""
    return next((name for name, url in INSTANCES.items() if url == rest_url), None)


def rest_endpoint(text: str, *, allowed_hosts: Collection[str] = ()) -> str:
    """A REST endpoint in its one normal form: `https://host`, without a path or a slash at its end.

    A host alone is taken as https. `allowed_hosts` are the loopback places (`127.0.0.1:8100`) that may be called
    as well, with http. Whether a host is public shows only when it is connected to, and is checked then.

    Raises:
        AddressError: with a sentence that says what is wrong.
    """
    text = text.strip()
    url = text if "://" in text else f"https://{text}"
    if (found := _SHAPE.fullmatch(url)) is None:
        raise AddressError(
            "The REST endpoint must be https:// and a host name, such as https://rest.iad-01.braze.com."
        )
    _refuse_neighbours(found[2].lower())
    return check_storage(url, allowed_hosts=allowed_hosts)


def check_rest(base_url: str, *, allowed_hosts: Collection[str]) -> str:
    """`rest_endpoint` as `WebSession` asks it, of every request."""
    return rest_endpoint(base_url, allowed_hosts=allowed_hosts)


def check_storage(base_url: str, *, allowed_hosts: Collection[str]) -> str:
    """The place of an export, if it may be fetched from: any public host with https, or an allowed loopback place.

    Raises:
        AddressError: with a sentence that says what is wrong.
    """
    if (found := _SHAPE.fullmatch(base_url)) is None:
        raise AddressError("The address must be https:// and a host name.")
    host, port = found[2].lower(), found[3] or ""
    if address.is_loopback_entry(host + port) and host + port in allowed_hosts:
        return address.check(base_url, allowed_hosts=allowed_hosts)
    if port not in {"", ":443"} or "." not in host.strip("."):
        raise AddressError(f"{host}{port} is not a public https address.")
    return address.check(f"{found[1]}://{host}", allowed_hosts={host})


def _refuse_neighbours(host: str) -> None:
    """Addresses of Braze that people copy by mistake."""
    if host.startswith("sdk."):
        raise AddressError(f"{host} is Braze's SDK endpoint. The REST endpoint begins with rest.")
    if host.startswith("dashboard"):
        raise AddressError(f"{host} is Braze's dashboard.{_instead(host)}")


def _instead(host: str) -> str:
    if (found := _DASHBOARD.fullmatch(host)) is None:
        return " The REST endpoint begins with rest."
    region = "AU" if found[1] else "EU" if found[3] == "eu" else "US"
    url = INSTANCES.get(f"{region}-{found[2]}")
    return f" Its REST endpoint is {url}." if url else " The REST endpoint begins with rest."

"""One calendar subscription as read from Braze, and the names of the attributes that Rokt Calendar writes."""

from typing import NamedTuple

SUBSCRIPTION_ID = "rokt:subscription_id"
TAGS = "rokt:tags"
TEXTS = {
    "rokt:account_code": "account_code",
    "rokt:account_id": "account_rokt_id",
    "rokt:account_name": "account_name",
    "rokt:calendar_code": "calendar_code",
    "rokt:calendar_id": "calendar_rokt_id",
    "rokt:calendar_title": "calendar_title",
    "rokt:country_code": "country_code",
    "rokt:device_name": "device_name",
    "rokt:geo_country": "geo_country",
    "rokt:source": "source",
    "rokt:subscriber_email": "email",
    "rokt:subscription_method": "method",
}
OPT_INS = {"rokt:optIn1": "opt_in_1", "rokt:optIn2": "opt_in_2"}
SUFFIXED = TEXTS | OPT_INS | {TAGS: "tags"}
NAMES = frozenset({SUBSCRIPTION_ID, *SUFFIXED})


class Values(NamedTuple):
    """One subscription. ``position`` is its place in Braze's list of ids; those without an id follow.

    What belongs to this subscription alone comes first; from ``account_code`` on many have it in common.
    """

    position: int
    suffix: str = ""
    rokt_id: str = ""
    email: str = ""
    account_code: str = ""
    account_rokt_id: str = ""
    account_name: str = ""
    calendar_code: str = ""
    calendar_rokt_id: str = ""
    calendar_title: str = ""
    country_code: str = ""
    device_name: str = ""
    geo_country: str = ""
    opt_in_1: bool | None = None
    opt_in_2: bool | None = None
    source: str = ""
    method: str = ""
    tags: tuple[str, ...] = ()

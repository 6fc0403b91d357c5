"""A calendar event as the webhook template of Braze's page about Rokt Calendar, ready to paste.

The body is the one of that page, line by line; only every value is passed through ``json_escape``, so that a quote
in a title or a name cannot break the JSON. (Braze's page shows quotes and backslashes; that line breaks are escaped
too is how every known implementation does it, but Braze does not say so: look at the preview there.)

The URL is another, because that page's posts to the wrong place: it takes the account of the *first* entry of
``rokt:account_code``, which is the oldest subscription of the person, whatever account that was for, and it posts
all subscription ids of the person there. So:

* The account's code stands in the URL literally: this event belongs to one account.
* A *new event* goes only to people all of whose ``rokt:account_code`` entries are of this account; then all of their
  subscription ids are, too. People with several accounts are left out. Liquid cannot do better: the entries are
  ``code/suffix``, the ids carry no suffix, and no rule that joins the two is documented. (An id without any entry is
  taken for this account's, as the importer does.)
* An *update* carries no subscription ids, so it goes to everybody who has an entry of this account.
* Nobody without a user id gets a call (their event ids would be one and the same), nor a new event without an id.

Where any of this does not hold, the URL stays empty and ``abort_message`` tells Braze's log why: even where an abort
were not heard, nothing could be posted.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from integrations.braze.captured import TextError, captured

_CODE = re.compile(r"[A-Za-z0-9_-]+")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+")
_CREDENTIAL = re.compile(r"[^\s{}%:<>'\"]+")

_FIELDS: Final = (
    ("eventId", "{{eventId | json_escape}}_{{${user_id} | json_escape}}"),
    ("title", "{{eventTitle | json_escape}}"),
    ("description", "{{eventDescr | json_escape}}"),
    ("location", "{{eventLocation | json_escape}}"),
    ("start", "{{eventStart | json_escape}}"),
    ("end", "{{eventEnd | json_escape}}"),
    ("timezone", "{{eventTZ | json_escape}}"),
    ("notifyBefore", "{{notifyBefore | json_escape}}"),
)
_IDS: Final = """["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]"""
_NAMES: Final = frozenset(
    (
        "eventId",
        "eventTitle",
        "eventDescr",
        "eventLocation",
        "eventStart",
        "eventEnd",
        "notifyBefore",
        "eventTZ",
    )
)

# The loop stops at the first entry that decides; the last code seen is the one that is asked about.
_GUARD: Final = (
    "{{% assign accountCodes = {{{{custom_attribute.${{rokt:account_code}}}}}} %}}"
    "{{% for entry in accountCodes %}}{{% assign accountCode = entry | split: '/' | first %}}"
    "{{% if accountCode {stops} '{code}' %}}{{% break %}}{{% endif %}}{{% endfor %}}"
    "{{% if accountCode == '{code}' and {{{{${{user_id}}}}}} != blank{more} %}}{url}"
    "{{% else %}}{{% abort_message('{reason}') %}}{{% endif %}}"
)
_HAS_IDS: Final = " and {{custom_attribute.${rokt:subscription_id}}} != blank"


@dataclass(frozen=True, slots=True)
class Event:
    """What the template says. Texts may hold Liquid; times are naive wall times in ``timezone``, a Windows id."""

    account_code: str
    event_id: str
    title: str
    description: str
    location: str
    start: datetime
    end: datetime
    timezone: str
    notify_before: int  # minutes


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook template: each part goes into a field of its own in Braze."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


def create(event: Event, *, base_url: str, credential_name: str) -> Webhook:
    """Return the template that puts a new event into calendars.

    ``base_url`` is the API's, without a slash at the end; ``credential_name`` is what Braze calls the account's client
    id and secret (Settings > Connected Content).

    Raises:
        TextError: see ``captured``; or a code, an address or a name that cannot stand in the template.
    """
    _check(event, base_url, credential_name)
    url = _GUARD.format(
        stops="!=",
        code=event.account_code,
        more=_HAS_IDS,
        url=f"{base_url}/v1/subscriptionevent/{event.account_code}",
        reason=f"Left out: it takes a user id, a subscription id, and no account but {event.account_code}",
    )
    body = f'{{\n  "event": {_event("  ")},\n  "subscriptionIds": {_IDS}\n}}'
    return Webhook("POST", url, _headers(base_url, credential_name), f"{_captures(event)}\n\n{body}")


def update(event: Event, *, base_url: str, credential_name: str, flat: bool = False) -> Webhook:
    """Return the template that changes the event where it is; ``flat`` leaves out "event", as Rokt's own page does.

    Takes and raises what ``create`` does.
    """
    _check(event, base_url, credential_name)
    url = _GUARD.format(
        stops="==",
        code=event.account_code,
        more="",
        url=f"{base_url}/v1/subscriptionevent/{event.account_code}/update",
        reason=f"Left out: it takes a user id and a subscription of account {event.account_code}",
    )
    body = _event("") if flat else f'{{\n  "event": {_event("  ")}\n}}'
    return Webhook("POST", url, _headers(base_url, credential_name), f"{_captures(event)}\n\n{body}")


def _check(event: Event, base_url: str, credential_name: str) -> None:
    """Refuse what would be read as Liquid, or cut short, where it stands."""
    if not _CODE.fullmatch(event.account_code):
        raise TextError(f"The account code {event.account_code!r} cannot stand in an address.")
    if not _ADDRESS.fullmatch(base_url):
        raise TextError(f"{base_url!r} is not the address of an API.")
    if not _CREDENTIAL.fullmatch(credential_name):
        raise TextError(
            f"Braze could not read the credential name {credential_name!r}: without spaces and signs it can."
            " Rename it there, and in the workspace here."
        )
    for value in (event.event_id, event.timezone):
        if "{" in value or "}" in value:
            raise TextError(f"{value!r} holds a brace, which Braze would read as Liquid.")


def _captures(event: Event) -> str:
    texts = {"title": event.title.strip(), "description": event.description, "location": event.location}
    safe = captured(texts, taken=_NAMES)
    values = {
        "eventId": event.event_id,
        "eventTitle": safe["title"],
        "eventDescr": safe["description"],
        "eventLocation": safe["location"],
        "eventStart": event.start.isoformat(timespec="seconds"),
        "eventEnd": event.end.isoformat(timespec="seconds"),
        "notifyBefore": str(event.notify_before),
        "eventTZ": event.timezone,
    }
    return "\n".join(f"{{% capture {name} %}}{value}{{% endcapture %}}" for name, value in values.items())


def _event(indent: str) -> str:
    lines = (f'{indent}  "{name}": "{value}"' for name, value in _FIELDS)
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _headers(base_url: str, credential_name: str) -> tuple[tuple[str, str], ...]:
    token = (
        f"{{% connected_content {base_url}/oauth2/token :method post :basic_auth {credential_name}"
        " :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
    )
    return (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))

"""The webhook of Braze's Rokt Calendar page, as it stands there and filled in for a test."""

from typing import Any

from campaigns.models import Event, EventWebhook
from campaigns.pipeline.render import WebhookText

URL = (
    "{% assign accountCode = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}"
    "https://api.roktcalendar.com/v1/subscriptionevent/{{accountCode}}"
)
TOKEN = (
    "Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post"
    " :basic_auth <Rokt-Calendar-API> :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
)
HEADERS = (("Authorization", TOKEN), ("Content-Type", "application/json"))
CAPTURES = """{% capture eventId %}Event_0001{% endcapture %}
{% capture eventTitle %}Event Title{% endcapture %}
{% capture eventDescr %}Event Description{% endcapture %}
{% capture eventLocation %}Event Location{% endcapture %}
{% capture eventStart %}2019-02-21T15:00:00{% endcapture %}
{% capture eventEnd %}2019-02-21T15:00:00{% endcapture %}
{% capture notifyBefore %}15{% endcapture %}
{% capture eventTZ %}Eastern Standard Time{% endcapture %}

"""
EVENT = """{
  "event": {
    "eventId": "{{eventId}}_{{${user_id}}}",
    "title": "{{eventTitle}}",
    "description": "{{eventDescr}}",
    "location": "{{eventLocation}}",
    "start": "{{eventStart}}",
    "end": "{{eventEnd}}",
    "timezone": "{{eventTZ}}",
    "notifyBefore": "{{notifyBefore}}"
  }"""
IDS = """,
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]"""


BODY = f"{CAPTURES}{EVENT}{IDS}\n}}"
UPDATE_BODY = f"{CAPTURES}{EVENT}\n}}"


def filled_in(body: str, **said: str) -> str:
    """A body with other words between its capture tags."""
    for name, text in said.items():
        before, tag, rest = body.partition(f"{{% capture {name} %}}")
        body = f"{before}{tag}{text}{rest[rest.index('{% endcapture') :]}"
    return body


def body(event: Event, *, kind: str = "create") -> str:
    """The seed's body with a sale in it, at the event's own times."""
    start, end = (moment.isoformat(timespec="seconds") for moment in (event.start_local, event.end_local))
    texts = {"eventTitle": "Summer Sale", "eventDescr": "Three days only", "eventLocation": "All shops"}
    return filled_in(BODY if kind == "create" else UPDATE_BODY, **texts, eventStart=start, eventEnd=end)


def hook(event: Event, *, kind: str = "create", **parts: Any) -> WebhookText:
    """The seed's webhook for an event; ``parts`` stand in for its own."""
    url = URL if kind == "create" else f"{URL}/update"
    whole: dict[str, Any] = {"url": url, "headers": HEADERS, "body": body(event, kind=kind), **parts}
    return WebhookText(**whole)


def use(event: Event, *, kind: str = "create", **parts: Any) -> None:
    """Give an event a webhook of its own."""
    text = hook(event, kind=kind, **parts)
    event.uses_webhook = True
    event.save()
    EventWebhook.objects.update_or_create(
        event=event,
        kind=kind,
        defaults={"method": text.method, "url": text.url, "headers": text.headers, "body": text.body},
    )

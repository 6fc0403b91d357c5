"""The webhook of Braze's Rokt Calendar page, with its capture lines filled in for a test."""

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
{% capture eventTitle %}Summer Sale{% endcapture %}
{% capture eventDescr %}Three days only{% endcapture %}
{% capture eventLocation %}All shops{% endcapture %}
{% capture eventStart %}START{% endcapture %}
{% capture eventEnd %}END{% endcapture %}
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


def body(event: Event, *, kind: str = "create") -> str:
    """The seed's body with the event's own times."""
    start, end = (moment.isoformat(timespec="seconds") for moment in (event.start_local, event.end_local))
    captures = CAPTURES.replace("START", start).replace("END", end)
    return f"{captures}{EVENT}{IDS if kind == 'create' else ''}\n}}"


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

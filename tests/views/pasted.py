"""What a browser posts for an event whose call a webhook makes, and people to try it on."""

from datetime import timedelta

from django.urls import reverse

from campaigns.pipeline.render import WebhookText
from tests import builders

ONE = "06423672-b6ba-4536-aa36-70788a7a0a36"
TWO = "9a9007c7-f5a4-4811-b13c-ff10919f1078"

# The webhook of Braze's page about Rokt Calendar, as it is copied from there.
URL = (
    "{% assign accountCode = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}"
    "https://api.roktcalendar.com/v1/subscriptionevent/{{accountCode}}"
)
HEADERS = (
    "Authorization: Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post"
    " :basic_auth <Rokt-Calendar-API> :body grant_type=client_credentials :save token :retry %}{{token.access_token}}"
    "\nContent-Type: application/json"
)
BODY = """{% capture eventId %}Event_0001{% endcapture %}
{% capture eventTitle %}Event Title{% endcapture %}
{% capture eventDescr %}Event Description{% endcapture %}
{% capture eventLocation %}Event Location{% endcapture %}
{% capture eventStart %}2019-02-21T15:00:00{% endcapture %}
{% capture eventEnd %}2019-02-21T15:00:00{% endcapture %}
{% capture notifyBefore %}15{% endcapture %}
{% capture eventTZ %}Eastern Standard Time{% endcapture %}

{
  "event": {
    "eventId": "{{eventId}}_{{${user_id}}}",
    "title": "{{eventTitle}}",
    "description": "{{eventDescr}}",
    "location": "{{eventLocation}}",
    "start": "{{eventStart}}",
    "end": "{{eventEnd}}",
    "timezone": "{{eventTZ}}",
    "notifyBefore": "{{notifyBefore}}"
  },
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]
}"""
UPDATE_BODY = BODY[: BODY.index(',\n  "subscriptionIds"')] + "\n}"


def captured(body=BODY, **said):
    """The body with other words between its capture tags."""
    start = builders.in_days(30)
    times = {
        "eventStart": start.isoformat(timespec="seconds"),
        "eventEnd": (start + timedelta(hours=2)).isoformat(timespec="seconds"),
    }
    for name, text in {**times, **said}.items():
        before, tag, rest = body.partition(f"{{% capture {name} %}}")
        body = f"{before}{tag}{text}{rest[rest.index('{% endcapture') :]}"
    return body


def posted(event=None, **changes):
    """What a browser posts for an event that is as it should be."""
    fields = {
        "create_method": "POST",
        "create_url": URL,
        "create_headers": HEADERS,
        "create_body": captured(eventTitle="Summer sale"),
        "update_method": "POST",
        "update_url": "",
        "update_headers": "",
        "update_body": "",
        "version": str(event.version) if event else "1",
    }
    return fields | changes


def with_update(**said):
    return {
        "update_url": f"{URL}/update",
        "update_headers": HEADERS,
        "update_body": captured(UPDATE_BODY, **{"eventTitle": "Summer sale", **said}),
    }


def subscriber(account, user_id, name, rokt_id, *, codes=None):
    codes = codes or [account.code]
    person = builders.make_subscriber(
        user_id,
        first_name=name,
        profile={"time_zone": "Europe/London"},
        attributes={
            "rokt:account_code": [f"{code}/f5733866ade{at}" for at, code in enumerate(codes)],
            "rokt:subscription_id": [rokt_id],
        },
    )
    builders.make_subscription(person, account, rokt_id=rokt_id)
    return person


def raw_event(campaign, **texts):
    """An event as it is once these webhooks, and the pasted one, have been saved."""
    pairs = tuple(
        (name, value) for name, _colon, value in (line.partition(": ") for line in HEADERS.split("\n"))
    )
    said = WebhookText("POST", URL, pairs, captured(eventTitle="Summer sale"))
    return builders.make_raw_event(campaign, **{"create": said, **texts})


def new(campaign, **query):
    return f"{reverse('event_from_template', args=[campaign.pk])}{'?' if query else ''}" + "&".join(
        f"{name}={value}" for name, value in query.items()
    )


def edit(event):
    return reverse("event_webhook", args=[event.pk])


def check(client, campaign, event=None, **changes):
    about = {"campaign": campaign.pk, "event": event.pk if event else ""}
    return client.post(reverse("event_webhook_check"), posted(event) | about | changes)

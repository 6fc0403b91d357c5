"""What a browser posts for an event whose call a webhook makes, and people to try it on."""

from datetime import timedelta

from django.urls import reverse

from campaigns.pipeline.render import WebhookText
from tests import builders
from tests.pipeline.braze_webhook import BODY, UPDATE_BODY, URL, filled_in
from tests.pipeline.braze_webhook import HEADERS as PAIRS

ONE = "06423672-b6ba-4536-aa36-70788a7a0a36"
TWO = "9a9007c7-f5a4-4811-b13c-ff10919f1078"

HEADERS = "\n".join(f"{name}: {value}" for name, value in PAIRS)


def captured(body=BODY, **said):
    """The body with other words between its capture tags."""
    start = builders.in_days(30)
    times = {
        "eventStart": start.isoformat(timespec="seconds"),
        "eventEnd": (start + timedelta(hours=2)).isoformat(timespec="seconds"),
    }
    return filled_in(body, **{**times, **said})


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

"""A whole sample audience, byte for byte against the webhook that Braze's page for Rokt Calendar shows."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from campaigns import importing, liquid
from campaigns.models import Account, Subscriber
from campaigns.pipeline.render import data_of
from integrations.sandbox.people import write_export
from tests.builders import make_account, make_campaign, make_event, make_segment, make_workspace
from tests.pipeline.running import queue, run

pytestmark = pytest.mark.django_db

# The request body of "send new event", with the captures filled in as a marketer would, and made safe for quotes.
BODY = """{% capture eventId %}Event_0001{% endcapture %}
{% capture eventTitle %}TITLE{% endcapture %}
{% capture eventDescr %}DESCRIPTION{% endcapture %}
{% capture eventLocation %}Open for "50%" off{% endcapture %}
{% capture eventStart %}START{% endcapture %}
{% capture eventEnd %}END{% endcapture %}
{% capture notifyBefore %}15{% endcapture %}
{% capture eventTZ %}Eastern Standard Time{% endcapture %}

{
  "event": {
    "eventId": "{{eventId}}_{{${user_id} | json_escape}}",
    "title": "{{eventTitle | json_escape}}",
    "description": "{{eventDescr | json_escape}}",
    "location": "{{eventLocation | json_escape}}",
    "start": "{{eventStart}}",
    "end": "{{eventEnd}}",
    "timezone": "{{eventTZ}}",
    "notifyBefore": "{{notifyBefore}}"
  },
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]
}
"""
TITLE = "{{${first_name} | default: 'Friend'}}, \"여름\" sale"
DESCRIPTION = "Line one\nfor {{${last_name} | default: 'you'}} \\ 🎉"


def as_braze_would(source: str, subscriber: Subscriber, account: Account) -> tuple[bytes, int]:
    """The seed's webhook for one person as compact JSON, with the ids of one account, and how many those are."""
    mine = {sub.rokt_id for sub in subscriber.subscriptions.all() if sub.traits.account_code == account.code}
    known = subscriber.attributes.get("rokt:subscription_id", [])
    ids = [rokt_id for rokt_id in ([known] if isinstance(known, str) else known) if rokt_id in mine]
    data = data_of(subscriber)
    attributes: dict[str, Any] = {**data.custom_attributes, "rokt:subscription_id": ids}
    text = liquid.render(source, liquid.Data(user=data.user, custom_attributes=attributes)).text
    return orjson.dumps(json.loads(text)), len(ids)


def test_two_thousand_people_get_the_seeds_body_byte_for_byte(rokt, staff, tmp_path: Path):
    write_export(tmp_path / "export.zip", people=2_400)
    importing.run(importing.start(tmp_path / "export.zip", workspace=make_workspace()).pk)
    people = {
        subscriber.external_id: subscriber
        for subscriber in Subscriber.objects.prefetch_related("subscriptions")
    }
    bodies, lengths = Counter[str](), Counter[int]()

    for code in ("acme-events", "northwind"):
        account = make_account(
            code, base_url=rokt.url, rate_per_second=10_000, burst_count=5_000, at_once_count=250
        )
        campaign = make_campaign(account=account, segment=make_segment())
        event = make_event(
            campaign,
            event_id="Event_0001",
            title=TITLE,
            description=DESCRIPTION,
            location='Open for "50%" off',
        )
        send = run(queue(event, staff))
        source = (
            BODY.replace("TITLE", TITLE)
            .replace("DESCRIPTION", DESCRIPTION)
            .replace("START", event.start_local.isoformat())
            .replace("END", event.end_local.isoformat())
        )
        sent = [line["body"] for line in rokt.log() if line["path"] == f"/v1/subscriptionevent/{code}"]
        assert len(sent) == send.accepted_count > 500
        for body in sent:
            external_id = json.loads(body)["event"]["eventId"].removeprefix("Event_0001_")
            expected, length = as_braze_would(source, people[external_id], account)
            assert body.encode() == expected
            bodies[external_id] += 1
            lengths[length] += 1

    assert len(bodies) >= 2_000
    assert min(lengths[1], lengths[2]) > 50, "people with one and with two subscriptions"
    assert max(bodies.values()) == 2, "some people are in both accounts, with a call for each"
    assert rokt.summary()["posted_twice"] == {}

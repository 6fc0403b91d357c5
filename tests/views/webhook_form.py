"""What a browser posts from the page of a webhook template, and people to try it on."""

from typing import Any

from django.test import Client
from django.urls import reverse

from campaigns.models import Account, Subscriber, WebhookTemplate
from campaigns.pipeline import compose
from tests import builders

URL = "https://api.roktcalendar.com/v1/subscriptionevent/shop"
HEADERS = f"Authorization: {builders.WEBHOOK_TOKEN}\nContent-Type: application/json"


def pasted(template: WebhookTemplate | None = None) -> dict[str, str]:
    """The fields of a new template filled in, or those of a stored one as they are when its page is opened."""
    fields = {"method": "POST", "url": URL, "headers": HEADERS, "body": builders.WEBHOOK_BODY, "tags": ""}
    if template is None:
        return {**fields, "name": "Mine", "description": "", "version": "0"}
    template.refresh_from_db()
    stored = compose.webhook_of(template)
    return {
        **fields,
        "method": stored.method,
        "url": stored.url,
        "body": stored.body,
        "name": template.name,
        "description": template.description,
        "tags": ", ".join(template.tags.values_list("name", flat=True)),
        "version": str(template.version),
        "seen_at": template.changed_at.isoformat(),
    }


def post(
    client: Client, template: WebhookTemplate | None = None, *, status: int = 302, **changes: Any
) -> Any:
    """Save a template from its page, and see the answer that is expected."""
    address = reverse("webhook_edit", args=[template.pk]) if template else reverse("webhook_new")
    response = client.post(address, pasted(template) | changes)
    assert response.status_code == status
    return response


def check(client: Client, **changes: Any) -> Any:
    """The panel beside the form of a new template."""
    response = client.post(reverse("webhook_check"), pasted() | changes)
    assert response.status_code == 200
    return response


def person(account: Account, user_id: str, *, count: int = 1, **columns: Any) -> Subscriber:
    """Somebody with subscriptions of an account, whose attributes say the same."""
    defaults = {"first_name": user_id.title()}
    made = builders.make_subscriber(user_id, **{**defaults, **columns})
    rows = [builders.make_subscription(made, account) for _ in range(count)]
    if "attributes" not in columns:
        made.attributes = {
            "rokt:account_code": [f"{account.code}/{row.suffix}" for row in rows],
            "rokt:subscription_id": [row.rokt_id for row in rows],
        }
        made.save()
    return made

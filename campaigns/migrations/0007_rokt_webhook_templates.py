"""The two webhook templates that Rokt Calendar gives to Braze, word for word, to begin with."""

from django.db import migrations

DESCRIPTION = (
    "From Braze’s page about its partner Rokt Calendar, word for word. Before it can be used in Braze, replace"
    " <Rokt-Calendar-API> by the name of your credential. Duplicate it, and change the copy."
)
TAG = "Rokt Calendar"
URL = """{% assign accountCode = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}https://api.roktcalendar.com/v1/subscriptionevent/{{accountCode}}"""
HEADERS = [
    [
        "Authorization",
        "Bearer {% connected_content https://api.roktcalendar.com/oauth2/token :method post"
        " :basic_auth <Rokt-Calendar-API> :body grant_type=client_credentials :save token :retry %}"
        "{{token.access_token}}",
    ],
    ["Content-Type", "application/json"],
]
EVENT = """{% capture eventId %}Event_0001{% endcapture %}
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
  }"""
SUBSCRIPTIONS = """,
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]"""
TEMPLATES = {
    "Rokt Calendar: new event": {"url": URL, "body": f"{EVENT}{SUBSCRIPTIONS}\n}}"},
    "Rokt Calendar: update an event": {"url": f"{URL}/update", "body": f"{EVENT}\n}}"},
}


def add(apps, schema_editor):
    """Add the templates; a name that somebody has taken stays theirs."""
    Template = apps.get_model("campaigns", "WebhookTemplate")
    for name, text in TEMPLATES.items():
        template, is_new = Template.objects.get_or_create(
            name=name, defaults={"description": DESCRIPTION, "version": 1}
        )
        if is_new:
            template.tags.create(name=TAG)
            template.versions.create(number=1, method="POST", headers=HEADERS, **text)


def remove(apps, schema_editor):
    """Remove the templates that nobody has changed or used."""
    Template, Version = (apps.get_model("campaigns", name) for name in ("WebhookTemplate", "WebhookVersion"))
    for name, text in TEMPLATES.items():
        ours = Template.objects.filter(
            name=name, description=DESCRIPTION, version=1, is_archived=False, created_by=None
        )
        used = Version.objects.filter(copies__isnull=False).values("template")
        same = Version.objects.filter(number=1, made_by=None, method="POST", headers=HEADERS, **text)
        ours.filter(pk__in=same.values("template")).exclude(pk__in=used).delete()


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_reasons_for_leaving_out")]
    operations = [migrations.RunPython(add, remove)]

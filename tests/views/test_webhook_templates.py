"""Webhook templates: pasting and saving, two tabs, the list, copies, archiving."""

from unittest import mock

import pytest
from django.db import IntegrityError
from django.urls import reverse

from campaigns.models import EventWebhook, WebhookTemplate
from campaigns.pipeline import compose
from tests import builders
from tests.views.typed import text_of
from tests.views.webhook_form import URL, pasted, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing(db):
    """Begin without the two templates that every installation has."""
    WebhookTemplate.objects.all().delete()


@pytest.fixture
def template():
    return builders.make_webhook_template(name="Mine", description="why")


def test_a_pasted_webhook_is_saved_as_its_first_version(marketer):
    response = post(
        marketer,
        tags="Rokt, sale,ROKT",
        url=f"`{URL}`",
        headers=f"- **Authorization**: `{builders.WEBHOOK_TOKEN}`\r\n- **Content-Type**: application/json",
        body="{\r\n}",
    )

    template = WebhookTemplate.objects.get()
    assert response["Location"] == reverse("webhook_edit", args=[template.pk])
    hook = compose.webhook_of(template)
    assert (hook.method, hook.url, hook.body) == ("POST", URL, "{\n}")
    assert hook.headers == (
        ("Authorization", builders.WEBHOOK_TOKEN),
        ("Content-Type", "application/json"),
    )
    assert (template.version, template.created_by) == (1, marketer.user)
    assert [tag.name for tag in template.tags.all()] == ["ROKT", "sale"]
    assert "Saved as version 1." in text_of(marketer.get(response["Location"]))


def test_another_text_is_another_version_and_another_name_is_none(marketer, template):
    post(marketer, template, body=builders.WEBHOOK_BODY + "\n")
    template.refresh_from_db()
    assert template.version == 2

    response = post(marketer, template, body=builders.WEBHOOK_BODY + "\n", name="Ours")

    template.refresh_from_db()
    assert (template.name, template.version) == ("Ours", 2)
    assert "Saved. The text is the same." in text_of(marketer.get(response["Location"]))


def test_what_cannot_be_sent_is_saved_with_a_warning(marketer):
    response = post(marketer, method="PUT")

    assert WebhookTemplate.objects.count() == 1
    assert "It cannot be sent as it is" in text_of(marketer.get(response["Location"]))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Fill in “Name”: it is required."),
        ("name", "Theirs", "Another template has this name. Choose a different one."),
        ("name", "x" * 201, "At most 200 characters fit here, and these are 201. Shorten the text."),
        ("url", "", "Fill in “URL”: it is required."),
        ("url", " \n", "Fill in “URL”: it is required."),
        ("url", "``", "Fill in “URL”: it is required."),
        ("url", "h" * 8_193, "At most 8192 characters fit here, and these are 8193. Shorten the text."),
        ("url", "a\n\x00", "In line 2 is a character (U+0000) that cannot be sent. Delete it."),
        ("body", "\ufffe", "In line 1 is a character"),
        (
            "body",
            "x" * 100_001,
            "At most 100000 characters fit here, and these are 100001. Shorten the text.",
        ),
        ("body", "x" * 300_000, "At most 100000 characters fit here"),
        ("headers", '{"a": [1,', "Line 1 is no header. Write it as “Name: value”."),
        ("headers", "\x07", "In line 1 is a character (U+0007) that cannot be sent. Delete it."),
        ("headers", "Autorisierung: x", "“Autorisierung” is a translation."),
        ("headers", "x" * 40_001, "At most 40000 characters fit here"),
        ("method", "PATCH", "PATCH"),
        ("tags", "x" * 65, "A tag has at most 64 characters: “xxxxxxxxxxxxxxxxxxxx…” is longer."),
        ("tags", ",".join(map(str, range(21))), "At most 20 tags are possible, and these are 21."),
    ],
)
def test_bad_input_is_named_and_nothing_is_saved(marketer, field, value, message):
    builders.make_webhook_template(name="Theirs")
    response = post(marketer, status=200, **{field: value})

    assert list(response.context["form"].errors) == [field]
    assert message in " ".join(response.context["form"].errors[field])
    assert WebhookTemplate.objects.count() == 1


def test_more_than_the_server_takes_is_said_plainly(marketer):
    response = post(marketer, status=400, body="x" * 1_000_001)

    assert "larger than this page takes" in text_of(response)
    assert not WebhookTemplate.objects.exists()


def test_a_name_taken_at_the_last_moment_is_said(marketer):
    with mock.patch.object(compose, "save_template", side_effect=IntegrityError):
        response = post(marketer, status=200)

    assert response.context["form"].errors["name"] == [
        "Another template has just taken this name. Choose a different one."
    ]


def test_two_tabs_notice_each_other_and_nothing_is_lost(marketer, template):
    first, second = pasted(template), pasted(template)
    address = reverse("webhook_edit", args=[template.pk])
    marketer.post(address, first | {"body": "theirs"})

    response = marketer.post(address, second | {"body": "mine"})

    assert response.status_code == 409
    said = text_of(response)
    assert "Somebody else has saved this template since you opened it" in said
    assert "Version 2, which is saved now, differs from yours in: Body." in said
    assert response.context["form"]["body"].value() == "mine"
    again = response.context["form"]
    again_posted = second | {name: again[name].value() for name in ("version", "seen_at")} | {"body": "mine"}
    assert marketer.post(address, again_posted).status_code == 302
    assert [row.body for row in template.versions.order_by("number")][1:] == ["theirs", "mine"]


def test_two_tabs_notice_another_description_too(marketer, template):
    opened = pasted(template)
    address = reverse("webhook_edit", args=[template.pk])
    marketer.post(address, opened | {"description": "theirs"})

    response = marketer.post(address, opened | {"description": "mine"})

    assert response.status_code == 409
    assert "The webhook itself is the same" in text_of(response)


@pytest.mark.parametrize(
    "changes", [{"version": "x"}, {"version": "9" * 30}, {"seen_at": "2026-99-99T00:00:00"}]
)
def test_a_damaged_stamp_is_no_error(marketer, template, changes):
    status = 409 if "version" in changes else 302

    post(marketer, template, status=status, **changes)


def test_auditors_read_and_cannot_write(auditor, template):
    address = reverse("webhook_edit", args=[template.pk])

    assert "You can read this template, but not change it." in text_of(auditor.get(address))
    assert auditor.post(address, pasted(template)).status_code == 403
    assert auditor.post(reverse("webhook_check"), pasted()).status_code == 403
    for name in ("webhook_duplicate", "webhook_archive", "webhook_versions"):
        assert auditor.post(reverse(name, args=[template.pk]), {"version": "1"}).status_code == 403
    assert template.versions.count() == 1


# The list, copies, archiving


def test_the_list_shows_and_finds(marketer, template, event):
    template.tags.create(name="sale")
    builders.make_webhook_template(name="Other", is_archived=True)
    EventWebhook.objects.create(event=event, kind="create", origin=template.versions.get(), url="x")
    EventWebhook.objects.create(event=event, kind="update", origin=template.versions.get(), url="x")
    address = reverse("admin:campaigns_webhooktemplate_changelist")

    rows = {row.name: row for row in marketer.get(address).context["cl"].result_list}

    assert rows.keys() == {"Mine", "Other"}
    assert rows["Mine"].event_count == 1
    for query in ("q=sale", "tags__name=sale", "is_archived__exact=0", "q=why"):
        found = marketer.get(f"{address}?{query}").context["cl"].result_list
        assert [row.name for row in found] == ["Mine"], query
    assert reverse("webhook_edit", args=[template.pk]) in marketer.get(address).content.decode()


def test_nobody_deletes_a_template(admin, template):
    address = reverse("admin:campaigns_webhooktemplate_delete", args=[template.pk])

    assert admin.post(address, {"post": "yes"}).status_code == 403


def test_events_made_from_it_are_named(marketer, template, event):
    EventWebhook.objects.create(event=event, kind="create", origin=template.versions.get(), url="x")

    said = text_of(marketer.get(reverse("webhook_edit", args=[template.pk])))

    assert "1 event was made from this template." in said
    assert "Event_0001 (Summer)" in said


def test_a_copy_opens(marketer, template):
    response = marketer.post(reverse("webhook_duplicate", args=[template.pk]))

    copy = WebhookTemplate.objects.get(name="Copy of Mine")
    assert response["Location"] == reverse("webhook_edit", args=[copy.pk])


def test_a_double_click_on_duplicate_is_no_error(marketer, template):
    with mock.patch.object(compose, "duplicate_template", side_effect=IntegrityError):
        response = marketer.post(reverse("webhook_duplicate", args=[template.pk]), follow=True)

    assert "Another copy is just being made." in text_of(response)


def test_archiving_offers_the_way_back(marketer, template):
    address = reverse("webhook_archive", args=[template.pk])

    response = marketer.post(address, {"do": "archive"}, follow=True)

    template.refresh_from_db()
    assert template.is_archived
    page = response.content.decode()
    assert "“Mine” is archived. Events made from it keep what they have." in text_of(response)
    assert f'action="{address}"' in page
    assert 'value="restore"' in page

    response = marketer.post(address, {"do": "restore"}, follow=True)

    template.refresh_from_db()
    assert not template.is_archived
    assert "“Mine” is back." in text_of(response)


def test_names_in_messages_are_only_text(marketer):
    template = builders.make_webhook_template(name="<b>bold")

    response = marketer.post(reverse("webhook_archive", args=[template.pk]), follow=True)

    assert "<b>bold" not in response.content.decode()


def test_an_archived_template_is_offered_for_no_event(marketer, template, campaign):
    address = reverse("webhook_edit", args=[template.pk])
    assert "Use it for an event" in text_of(marketer.get(address))

    compose.archive_template(template)

    assert "Use it for an event" not in text_of(marketer.get(address))


def test_using_it_leads_to_a_new_event_of_the_campaign(marketer, template, campaign):
    response = marketer.get(reverse("webhook_use", args=[template.pk]), {"campaign": campaign.pk})

    target = reverse("event_from_template", args=[campaign.pk])
    assert response["Location"] == f"{target}?template={template.pk}"


def test_using_it_needs_a_campaign(marketer, template):
    address = reverse("webhook_use", args=[template.pk])

    response = marketer.get(address, {"campaign": "0"}, follow=True)

    assert "Choose the campaign that the event is for." in text_of(response)
    assert "there is none yet. Begin a campaign" in text_of(response)

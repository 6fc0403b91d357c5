"""Webhook templates: versions that never change, copies, archiving, and the two that come from Rokt's page."""

import importlib
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from campaigns import liquid
from campaigns.models import EventWebhook, WebhookTemplate, WebhookVersion
from campaigns.pipeline import compose, raw, render
from tests import builders

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).parent / "texts" / "rokt_partner_page_ko.md").read_text(encoding="utf-8")
SEED = importlib.import_module("campaigns.migrations.0007_rokt_webhook_templates")
NEW, UPDATE = "Rokt Calendar: new event", "Rokt Calendar: update an event"
HOOK = render.WebhookText("POST", "https://example.com", (("Content-Type", "application/json"),), "{}")


@pytest.fixture
def empty():
    """A database in which nobody has any template yet."""
    WebhookTemplate.objects.all().delete()


def save(template, hook, by, version=0, **more):
    return compose.save_template(template, hook, by=by, expected_version=version, **more)


def test_saving_a_new_template_writes_its_first_version(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff, tags=["a", "b", "a"])

    version = template.versions.get()
    assert (template.version, version.number, version.made_by) == (1, 1, staff)
    assert template.created_by == staff
    assert render.WebhookText.from_row(version) == HOOK == compose.webhook_of(template)
    assert [tag.name for tag in template.tags.all()] == ["a", "b"]


def test_another_text_is_the_next_version_and_the_first_stays_as_it_was(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff)
    other = render.WebhookText("PUT", "https://example.com/2", (), "")

    save(template, other, staff, 1)

    assert WebhookTemplate.objects.get(name="Mine").version == 2
    texts = [render.WebhookText.from_row(row) for row in template.versions.order_by("number")]
    assert texts == [HOOK, other]


def test_the_same_text_is_no_new_version(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff, tags=["a"])
    template.name = "Ours"

    save(template, HOOK, staff, 1)

    stored = WebhookTemplate.objects.get(name="Ours")
    assert (stored.version, stored.versions.count()) == (1, 1)
    assert stored.tags.get().name == "a"


def test_a_stale_version_is_refused_and_changes_nothing(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff)
    late = WebhookTemplate.objects.get(pk=template.pk)
    save(template, render.WebhookText(url="https://example.com/theirs"), staff, 1)
    late.name = "Late"

    with pytest.raises(compose.StaleTemplateError, match="Somebody else has changed this template"):
        save(late, render.WebhookText(url="https://example.com/mine"), staff, 1)

    assert template.versions.count() == 2
    assert not WebhookTemplate.objects.filter(name="Late").exists()


def test_a_new_description_is_noticed_by_those_who_saw_the_old_one(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff)
    seen_at = WebhookTemplate.objects.get(pk=template.pk).changed_at
    template.description = "theirs"
    save(template, HOOK, staff, 1, seen_at=seen_at)

    with pytest.raises(compose.StaleTemplateError):
        save(template, HOOK, staff, 1, seen_at=seen_at)


def test_saving_does_not_bring_back_what_was_archived_meanwhile(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff)
    compose.archive_template(WebhookTemplate.objects.get(pk=template.pk))

    save(template, HOOK, staff, 1)

    assert WebhookTemplate.objects.get(pk=template.pk).is_archived


def test_archiving_and_bringing_back(staff):
    template = save(WebhookTemplate(name="Mine"), HOOK, staff)

    compose.archive_template(template)
    template.refresh_from_db()
    assert template.is_archived

    compose.restore_template(template)
    template.refresh_from_db()
    assert not template.is_archived


def test_a_name_is_taken_once(staff):
    save(WebhookTemplate(name="Mine"), HOOK, staff)

    with pytest.raises(IntegrityError), transaction.atomic():
        save(WebhookTemplate(name="Mine"), HOOK, staff)

    assert WebhookVersion.objects.filter(template__name="Mine").count() == 1


def test_copies_are_counted_up_and_hold_what_is_said_now(staff):
    template = save(WebhookTemplate(name="Mine", description="why"), HOOK, staff, tags=["a"])
    newest = render.WebhookText(url="https://example.com/newest")
    save(template, newest, staff, 1)

    copies = [compose.duplicate_template(template, by=staff) for _ in range(3)]

    assert [copy.name for copy in copies] == ["Copy of Mine", "Copy of Mine (2)", "Copy of Mine (3)"]
    assert [compose.webhook_of(copy) for copy in copies] == [newest] * 3
    assert {(copy.version, copy.description, copy.created_by) for copy in copies} == {(1, "why", staff)}
    assert copies[0].tags.get().name == "a"


def test_the_copy_of_a_long_name_is_cut(staff):
    template = save(WebhookTemplate(name="x" * 200), HOOK, staff)

    names = [compose.duplicate_template(template, by=staff).name for _ in range(2)]

    assert [len(name) for name in names] == [200, 200]
    assert names[1].endswith("x (2)")


# The two templates of Rokt's page


def seed(name):
    return compose.webhook_of(WebhookTemplate.objects.get(name=name))


@pytest.fixture
def seeds(empty):
    SEED.add(apps, None)


def test_the_templates_say_what_the_page_says_character_by_character(seeds):
    urls = re.findall(r"\{% raw %\}`(.*?)`\{% endraw %\}", PAGE)
    bodies = re.findall(r"```javascript\n(.*?)\n```", PAGE, re.DOTALL)
    [(scheme, token)] = re.findall(r": (Bearer) `(.*)`", PAGE)

    hooks = [seed(NEW), seed(UPDATE)]

    assert [hook.url for hook in hooks] == urls
    assert [hook.body for hook in hooks] == bodies
    headers = (("Authorization", f"{scheme} {token}"), ("Content-Type", "application/json"))
    assert [(hook.method, hook.headers) for hook in hooks] == [("POST", headers)] * 2


def test_the_templates_say_where_they_come_from(seeds):
    for template in WebhookTemplate.objects.all():
        assert "page about its partner Rokt Calendar, word for word" in template.description
        assert [tag.name for tag in template.tags.all()] == ["Rokt Calendar"]
        assert (template.version, template.is_archived) == (1, False)


def test_the_placeholder_of_the_credential_is_explained(seeds):
    token = seed(NEW).headers[0][1]

    assert "<Rokt-Calendar-API> stands for the name of your own credential." in [
        finding.message for finding in liquid.lint(token)
    ]


@pytest.mark.parametrize(("name", "kind", "end"), [(NEW, "create", ""), (UPDATE, "update", "/update")])
@pytest.mark.parametrize("count", [1, 2])
def test_the_templates_write_calls_for_real_people(seeds, account, name, kind, end, count):
    ids = [f"06423672-b6ba-4536-aa36-70788a7a0a3{number}" for number in range(count)]
    person = builders.make_subscriber(
        "ada",
        attributes={
            "rokt:account_code": [f"{account.code}/{number}" for number in range(count)],
            "rokt:subscription_id": ids,
        },
    )
    assert list(raw.faults(seed(name))) == []

    writer = raw.RawWriter(seed(name), event_id="", kind=kind, account=account)
    written = writer.write(render.Person("ada", render.data_of(person), ids))

    assert not writer.calls_out
    assert written.call.url == f"{account.base_url}/v1/subscriptionevent/{account.code}{end}"
    assert '"eventId": "Event_0001_ada"' in written.call.body.decode()
    listed = '","'.join(ids)
    is_listed = f'"subscriptionIds": ["{listed}"]' in written.call.body.decode()
    assert is_listed == (kind == "create")


def test_a_name_that_somebody_has_taken_stays_theirs(empty):
    mine = builders.make_webhook_template(name=NEW, description="mine")

    SEED.add(apps, None)

    mine.refresh_from_db()
    assert (mine.description, mine.versions.count()) == ("mine", 1)
    assert WebhookTemplate.objects.filter(name=UPDATE).exists()


def test_going_back_removes_what_nobody_has_touched(seeds):
    SEED.remove(apps, None)

    assert not WebhookTemplate.objects.exists()


def test_going_back_keeps_what_somebody_uses_or_has_changed(seeds, staff, event):
    changed = WebhookTemplate.objects.get(name=NEW)
    save(changed, HOOK, staff, 1)
    used = WebhookTemplate.objects.get(name=UPDATE)
    EventWebhook.objects.create(event=event, kind="update", origin=used.versions.get(), url="x")

    SEED.remove(apps, None)

    assert WebhookTemplate.objects.count() == 2


def test_going_back_keeps_a_template_of_somebody_with_that_name(empty):
    builders.make_webhook_template(name=NEW, description=SEED.DESCRIPTION)

    SEED.remove(apps, None)

    assert WebhookTemplate.objects.filter(name=NEW).exists()

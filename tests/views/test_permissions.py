"""Every address, every role: readers change nothing, strangers see nothing, and nothing is ever a 500."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns import audit
from campaigns.models import (
    Alert,
    ApiKey,
    Calendar,
    Credential,
    Delivery,
    HookAddress,
    Notice,
    PersonList,
    Send,
    SubscriberAction,
)
from campaigns.pipeline import compose, dryrun
from tests import builders

# What everybody may do for themselves, and what only draws: none of it touches anything that is kept for others.
OWN_BUSINESS = {
    "set_language", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:index", "admin:jsi18n", "admin:autocomplete", "admin:search", "admin:app_list", "admin:view_on_site",
    "javascript-catalog",
}  # fmt: skip
ONLY_DRAWS = {
    "audit_check",
    "event_ics",
    "event_preview",
    "webhook_check",
    "event_webhook_check",
    "event_webhook_ics",
    "event_zones",
    "event_people",
    "segment_count",
}

MACHINES = {"users_track", "rokt_hook"}  # let in by a key or a secret address alone: see tests/inbound

READ_BY_AUDITORS = {
    "campaign_detail", "event_edit", "segment_edit", "send_review", "send_detail", "send_progress", "send_move",
    "delivery_detail", "event_export", "history_csv", "import_detail", "webhook_edit", "webhook_versions",
    "event_test", "dryrun_detail", "dryrun_csv", "subscriber_detail", "subscriber_timeline",
    "subscriber_why", "segment_versions", "segment_drift", "segment_to_braze", "person_list", "person_list_unknown",
    "alert_detail", "alert_settings", "apikey_detail", "import_problems", "hook_addresses", "notice_detail",
    "workspace_sync",
    *(f"admin:campaigns_{model}_changelist" for model in (
        "account", "alert", "apikey", "auditevent", "calendar", "campaign", "credential", "delivery", "import",
        "notice", "personlist", "segment", "send", "subscriber", "subscriberaction", "webhooktemplate", "workspace",
    )),
    *(f"admin:campaigns_{model}_change" for model in ("account", "calendar", "credential", "workspace")),
}  # fmt: skip


ADDING = (
    "campaign_new", "event_new", "event_from_template", "segment_new", "segment_from_braze", "person_list_new",
    "import_new", "webhook_new",
)  # fmt: skip

SETUP = (
    "admin:campaigns_account", "admin:campaigns_workspace", "admin:campaigns_apikey", "admin:auth_",
    "admin:campaigns_auditevent",
    "admin:campaigns_notice", "alert_settings", "alert_test", "apikey_", "hook_", "notice_", "workspace_",
)  # fmt: skip


@pytest.fixture
def pks(event):
    """The primary keys that fill the addresses, by the first word of an address's name."""
    person = builders.make_subscriber("ada")
    builders.make_subscription(person, event.account)
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    delivery = builders.make_delivery(send, Delivery.State.FAILED, subscriber=person)
    calendar = Calendar.objects.create(account=event.account, code="offers")
    return {
        "campaign": event.campaign_id,
        "event": event.pk,
        "segment": event.campaign.segment_id,
        "send": send.pk,
        "delivery": delivery.pk,
        "import": builders.make_import().pk,
        "account": event.account_id,
        "calendar": calendar.pk,
        "subscriber": person.pk,
        "workspace": person.workspace_id,
        "credential": Credential.objects.create(name="weather", secret="x", allowed_hosts="a.example").pk,
        "webhook": (template := builders.make_webhook_template().pk),
        "webhooktemplate": template,
        "dryrun": dryrun.ask(compose.draft(event, Send.Kind.CREATE), by=None).pk,
        "apikey": ApiKey.objects.create(workspace=person.workspace, name="Rokt", digest="x").pk,
        "person": (people := PersonList.objects.create(name="VIPs").pk),
        "personlist": people,
        "subscriberaction": SubscriberAction.objects.create(subscriber=person, verb="exported").pk,
        "hook": HookAddress.objects.create(account=event.account, digest="x").pk,
        "notice": Notice.objects.create(
            account=event.account, event_id="n", event_type="Test", body="{}", received_at=timezone.now()
        ).pk,
        "alert": Alert.objects.create(
            kind="account_stopped", account=event.account, since=timezone.now(), opened_at=timezone.now()
        ).pk,
        "auditevent": audit.append("send.paused", by=None, about=("send", send.pk), data={}).pk,
        "user": builders.make_user("marketer").pk,
    }


def patterns(resolver: Any = None, space: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern) and entry.name and entry.name not in MACHINES:
            yield space + entry.name, entry.pattern


def addresses(pks: dict[str, int]) -> dict[str, str]:
    """Every address of the web app that has a name, with what is really there filled in."""
    found = {}
    for name, pattern in patterns():
        words = name.removeprefix("admin:").removeprefix("campaigns_").removeprefix("auth_").split("_")
        kinds = {"pk": words[0], "object_id": words[0], "id": words[0]}
        kinds |= {"campaign_pk": "campaign", "segment_pk": "segment"}
        kinds |= {"send_review": {"pk": "event"}, "hook_addresses": {"pk": "account"}}.get(name, {})
        values = {key: pks.get(kinds.get(key, ""), "") for key in pattern.converters}
        values |= {
            key: {"kind": "create", "action": "pause", "app_label": "campaigns"}[key]
            for key in values
            if key in ("kind", "action", "app_label")
        }
        try:
            found[name] = reverse(name, kwargs=values)
        except NoReverseMatch:
            assert name in ("admin:app_list", "admin:view_on_site"), name
    return found


def everything() -> dict[str, list[Any]]:
    """All that is kept for others; last_login is everybody's own."""
    models: list[Any] = [*apps.get_app_config("campaigns").get_models(), Group]
    kept = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}
    kept["User"] = list(User.objects.order_by("pk").values("pk", "username", "is_superuser", "is_active"))
    return kept


def test_the_walk_knows_every_address(pks):
    found = addresses(pks)

    assert set(found) >= READ_BY_AUDITORS | ONLY_DRAWS
    assert len(found) > 80


def test_auditors_read_everything_and_change_nothing(auditor, pks):
    before = everything()

    for name, address in addresses(pks).items():
        if name in OWN_BUSINESS:
            continue
        got, posted = auditor.get(address), auditor.post(address, {"post": "yes", "name": "x", "when": "now"})
        if name in READ_BY_AUDITORS:
            assert got.status_code == 200, name
        assert got.status_code in (200, 302, 400, 403, 404, 405), name
        if name not in ONLY_DRAWS:
            assert posted.status_code in (403, 405), name
        for method in (auditor.put, auditor.patch, auditor.delete):
            assert method(address).status_code in (200, 302, 403, 405), name

    assert everything() == before


@pytest.mark.parametrize("name", ADDING)
def test_who_may_not_add_is_told_so_instead_of_given_a_form_that_cannot_be_saved(
    auditor, marketer, pks, name
):
    address = addresses(pks)[name]

    refused = auditor.get(address)

    assert refused.status_code == 403
    assert "This is not open to you" in refused.content.decode()
    assert marketer.get(address).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_sent_to_the_sign_in_page(pks, method):
    before, nobody = everything(), Client()

    for name, address in addresses(pks).items():
        if name in ("set_language", "admin:login", "admin:jsi18n", "admin:logout"):
            continue
        response = getattr(nobody, method)(address)
        assert response.status_code == 302, name
        assert response["Location"].startswith(reverse("admin:login")), name

    assert everything() == before


def test_staff_without_a_role_see_nothing(pks):
    before, nobody = everything(), builders.make_client("")
    before["User"] = everything()["User"]

    for name, address in addresses(pks).items():
        if name in OWN_BUSINESS:
            continue
        for response in (nobody.get(address), nobody.post(address)):
            assert response.status_code in (403, 405), name

    assert everything() == before


def test_marketers_do_not_see_setup_or_staff(marketer, pks):
    for name, address in addresses(pks).items():
        if name.startswith(SETUP):
            assert marketer.get(address).status_code in (403, 405), name
            assert marketer.post(address, {"name": "x"}).status_code == 403, name


@pytest.mark.parametrize("action", ["release", "decline", "doubts"])
def test_marketers_neither_release_nor_decide(marketer, pks, action):
    address = reverse("send_action", args=[pks["send"], action])

    assert marketer.post(address, {"verdict": "again", "note": "x", "everything": "1"}).status_code == 403


@pytest.mark.parametrize("pk", [999_999, 0, 10**18, 10**30])
def test_what_is_not_there_is_not_found_for_anybody(admin, pks, pk):
    nowhere = dict.fromkeys(pks, pk)
    for name, address in addresses(nowhere).items():
        if name in OWN_BUSINESS | ONLY_DRAWS or str(pk) not in address:
            continue
        assert admin.get(address).status_code in (404, 405, 403), name
        assert admin.post(address).status_code in (404, 405, 403), name


def test_posts_without_the_token_of_the_form_are_refused(pks):
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(builders.make_user("approver"))

    for action in ("pause", "cancel", "retry", "release"):
        assert careful.post(reverse("send_action", args=[pks["send"], action])).status_code == 403
    assert careful.post(reverse("send_review", args=[pks["event"], "create"])).status_code == 403
    assert careful.post(reverse("import_new")).status_code == 403


@pytest.mark.parametrize(
    "target", ["//evil.example", "https:evil.example", "\\evil.example", "/\\evil.example"]
)
def test_signing_in_leads_to_pages_of_ours_only(db, target):
    user = builders.make_user("auditor")
    user.set_password("long enough")
    user.save()

    response = Client().post(
        f"{reverse('admin:login')}?next={target}",
        {"username": user.username, "password": "long enough", "next": target},
    )

    there = urljoin("http://testserver/login/", response["Location"].replace("\\", "/"))
    assert urlsplit(there).netloc == "testserver"

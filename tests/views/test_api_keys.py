"""The pages of API keys: made and shown once, listed without secrets, revoked by admins only."""

import html
import re

import pytest
from django.urls import reverse

from campaigns.inbound import keys
from campaigns.models import ApiKey, Subscriber, Workspace
from tests import builders
from tests.inbound.pushing import make_key, push

LIST, NEW = "admin:campaigns_apikey_changelist", "apikey_new"


@pytest.fixture
def workspace(db: None) -> Workspace:
    """The only workspace."""
    return builders.make_workspace(name="Shop people")


def made(client, only: Workspace, **fields: str):
    given = {"name": "Rokt Calendar", "workspace": str(only.pk), "may_track": "on", **fields}
    return client.post(reverse(NEW), {name: value for name, value in given.items() if value})


def shown(response, field: str) -> str:
    found = re.search(rf'<textarea id="{field}"[^>]*>([^<]*)</textarea>', response.content.decode())
    assert found, field
    return html.unescape(found[1])


def test_a_new_key_is_shown_once_with_everything_that_rokt_needs_and_it_works(admin, workspace) -> None:
    response = made(admin, workspace)
    text = shown(response, "key")
    assert shown(response, "root") == "http://testserver"
    assert shown(response, "address") == "http://testserver/users/track"
    message = shown(response, "message")
    assert "http://testserver/users/track" in message
    assert text not in message
    assert "no-store" in response.headers["Cache-Control"]
    assert keys.find(text) == ApiKey.objects.get(
        name="Rokt Calendar", created_by=admin.user, workspace=workspace
    )

    assert push(text, {"attributes": [{"external_id": "mia"}]}).status_code == 201
    assert Subscriber.objects.get().workspace == workspace
    key = ApiKey.objects.get()
    for address in (
        reverse(LIST),
        reverse("apikey_detail", args=[key.pk]),
        reverse("apikey_revoke", args=[key.pk]),
    ):
        page = admin.get(address).content.decode()
        assert text not in page
        assert key.digest not in page
        assert f"…{text[-4:]}" in page


def test_a_page_that_is_sent_twice_makes_one_key(admin, workspace) -> None:
    made(admin, workspace)
    again = made(admin, workspace)
    assert "A working key has this name" in again.content.decode()
    keys.revoke(ApiKey.objects.get())
    made(admin, workspace)
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 201), ("workspace", ""), ("workspace", "0"), ("may_track", "")],
)
def test_what_is_missing_is_named_and_no_key_is_made(admin, workspace, field, value) -> None:
    response = made(admin, workspace, **{field: value})
    assert list(response.context["form"].errors) == [field]
    assert not ApiKey.objects.exists()


def test_the_only_workspace_is_chosen_and_without_one_the_page_says_where_to_go(admin) -> None:
    assert reverse("admin:campaigns_workspace_add") in admin.get(reverse(NEW)).content.decode()
    workspace = builders.make_workspace()
    assert f'<option value="{workspace.pk}" selected' in admin.get(reverse(NEW)).content.decode()


def test_revoking_asks_first_and_cannot_be_undone(admin, workspace) -> None:
    text, key = make_key(workspace), ApiKey.objects.get()
    address = reverse("apikey_revoke", args=[key.pk])
    assert "Revoke this key for good?" in admin.get(address).content.decode()
    assert keys.find(text)
    assert "opens nothing any more" in admin.post(address, follow=True).content.decode()
    assert keys.find(text) is None
    at = ApiKey.objects.get().revoked_at
    assert "had been revoked before" in admin.post(address, follow=True).content.decode()
    assert ApiKey.objects.get().revoked_at == at
    detail = admin.get(reverse("apikey_detail", args=[key.pk])).content.decode()
    assert address not in detail
    assert admin.get(address).status_code == 302


def test_the_page_warns_where_nobody_outside_can_reach_us(admin, workspace, settings) -> None:
    settings.ALLOWED_HOSTS = ["calendars.example"]
    make_key(workspace)
    address = reverse("apikey_detail", args=[ApiKey.objects.get().pk])
    plain = admin.get(address, headers={"Host": "calendars.example"}).content.decode()
    safe = admin.get(address, headers={"Host": "calendars.example"}, secure=True).content.decode()
    assert "cannot reach http://calendars.example" in plain
    assert "cannot reach" not in safe
    assert "https://calendars.example/users/track" in safe


def test_auditors_see_the_list_and_change_nothing(auditor, workspace) -> None:
    make_key(workspace)
    key = ApiKey.objects.get()
    assert "Rokt Calendar" in auditor.get(reverse(LIST)).content.decode()
    detail = auditor.get(reverse("apikey_detail", args=[key.pk]))
    assert detail.status_code == 200
    assert reverse("apikey_revoke", args=[key.pk]) not in detail.content.decode()
    assert auditor.get(reverse(NEW)).status_code == made(auditor, workspace).status_code == 403
    assert auditor.post(reverse("apikey_revoke", args=[key.pk])).status_code == 403
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize("role", ["marketer", "approver", ""])
def test_nobody_else_sees_keys_at_all(role, workspace) -> None:
    make_key(workspace)
    key, client = ApiKey.objects.get(), builders.make_client(role)
    own = [reverse(f"apikey_{name}", args=[key.pk]) for name in ("detail", "revoke")]
    for address in (reverse(LIST), reverse(NEW), *own):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code in (403, 405)
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_the_list_leads_to_our_pages_and_nothing_is_deleted_there(admin, workspace) -> None:
    make_key(workspace)
    key = ApiKey.objects.get()
    listed = admin.get(reverse(LIST)).content.decode()
    assert reverse("apikey_detail", args=[key.pk]) in listed
    assert "not yet" in admin.get(reverse("apikey_detail", args=[key.pk])).content.decode()
    assert admin.get(reverse("admin:campaigns_apikey_add")).url == reverse(NEW)
    assert (
        admin.post(reverse("admin:campaigns_apikey_delete", args=[key.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert ApiKey.objects.count() == 1


def test_the_number_of_questions_of_the_list_does_not_depend_on_keys(
    admin, workspace, django_assert_max_num_queries
):
    for number in range(12):
        make_key(workspace, name=f"key {number}")
    with django_assert_max_num_queries(12):
        assert "key 11" in admin.get(reverse(LIST)).content.decode()

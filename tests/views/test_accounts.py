"""Setting up accounts: addresses that may be called, secrets that never come back, the test, the new start."""

from urllib.parse import urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Account, Breaker, RateLimit, Send, Token, Workspace
from campaigns.pipeline import gate
from tests import builders
from tests.sandbox_process import Sandbox

SECRET = "s3cret-of-the-shop"
ADD, LIST = ("admin:campaigns_account_add", "admin:campaigns_account_changelist")


@pytest.fixture(scope="module")
def rokt_process():
    with Sandbox("--client", "shop:right") as sandbox:
        yield sandbox


@pytest.fixture
def rokt(rokt_process, settings):
    rokt_process.reset()
    settings.ROKT_HOSTS = [urlsplit(rokt_process.url).netloc, "api.roktcalendar.com"]
    return rokt_process


def change(account):
    return reverse("admin:campaigns_account_change", args=[account.pk])


def fields(**typed):
    return {
        "name": "The Shop",
        "code": "shop",
        "timezone": "Eastern Standard Time",
        "base_url": "https://api.roktcalendar.com",
        "client_id": "a-client",
        "client_secret": SECRET,
        "rate_per_second": "10",
        "burst_count": "10",
        "at_once_count": "4",
        "when_in_doubt": "verify",
        "update_body": "wrapped",
        **typed,
    }


def errors(response):
    assert response.status_code == 200, "the form was taken"
    return response.context["adminform"].form.errors


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_an_account_is_set_up_with_a_secret_that_is_encrypted_and_logged_without_it(admin):
    admin.post(reverse(ADD), fields(client_secret=f"  {SECRET}\n"))

    account = Account.objects.get()
    assert account.client_secret == SECRET
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin.user, str(account.pk))
    assert SECRET not in f"{entry.change_message}{entry.object_repr}"


def test_a_secret_that_is_left_blank_is_kept_and_a_typed_one_replaces_it(admin, account):
    admin.post(change(account), fields(client_secret="", name="Renamed"))
    account.refresh_from_db()
    assert (account.name, account.client_secret) == ("Renamed", "a-secret")
    assert "secret" not in LogEntry.objects.get().change_message.lower()

    admin.post(change(account), fields(client_secret="another"))
    account.refresh_from_db()
    assert account.client_secret == "another"
    assert "lient secret" in LogEntry.objects.latest("pk").change_message
    assert "another" not in LogEntry.objects.latest("pk").change_message


def test_no_page_ever_shows_a_secret(admin, auditor, rokt):
    account = builders.make_account("shop", client_secret=SECRET, base_url=rokt.url)
    workspace = builders.make_workspace(rest_key=SECRET)
    addresses = [
        change(account),
        reverse("admin:campaigns_account_history", args=[account.pk]),
        reverse(LIST),
        reverse("admin:campaigns_workspace_change", args=[workspace.pk]),
        reverse("admin:campaigns_workspace_changelist"),
    ]
    bad = fields(client_secret=SECRET, base_url="junk")

    for client in (admin, auditor):
        for address in addresses:
            response = client.get(address)
            assert response.status_code == 200
            assert SECRET not in response.content.decode()
    assert SECRET not in admin.post(change(account), bad).content.decode()
    assert account.client_id in auditor.get(change(account)).content.decode()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Paste the client secret that Rokt gave you."),
        ("Basic dGhlOnNlY3JldA==", "This is a whole header."),
        ("authorization: Basic dGhl", "This is a whole header."),
        ("Bearer abc", "This is a whole header."),
        ("two words", "There is a blank or a line break in the middle"),
        ("line\nbreak", "There is a blank or a line break in the middle"),
        ("x" * 2_001, "at most 2000 characters"),
    ],
)
def test_what_is_no_secret_is_refused(admin, typed, message):
    found = errors(admin.post(reverse(ADD), fields(client_secret=typed)))

    assert message in found["client_secret"][0]
    assert len(found["client_secret"]) == 1
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("http://api.roktcalendar.com", "The address must start with https://."),
        ("https://evil.example", "evil.example is not one of the addresses that may be called."),
        ("https://user:pw@api.roktcalendar.com", "The address must be https:// and a host name"),
        ("https://api.roktcalendar.com/v1/..", "The address must be https:// and a host name"),
        ("https://api.roktcalendar.com.", "is not one of the addresses"),
        ("https://169.254.169.254", "is not one of the addresses"),
        ("https://0x7f000001", "is not one of the addresses"),
        ("https://[::1]", "The address must be https:// and a host name"),
        ("https://api.roktcalendar.com:22", "is not one of the addresses"),
        ("https://api.roktcalendar.com\r\nHost: evil", "The address must be https:// and a host name"),
        ("https://api。roktcalendar.com", "The address must be https:// and a host name"),
        ("javascript:alert(1)", "The address must be https:// and a host name"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused_with_its_sentence(admin, typed, message):
    found = errors(admin.post(reverse(ADD), fields(base_url=typed)))

    assert message in found["base_url"][0]
    assert not Account.objects.exists()


def test_the_address_is_kept_in_its_normal_form(admin):
    admin.post(reverse(ADD), fields(base_url="HTTPS://API.RoktCalendar.com/"))

    assert Account.objects.get().base_url == "https://api.roktcalendar.com"


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("timezone", "Narnia"),
        ("code", "two words"),
        ("code", "../shop"),
        ("rate_per_second", "0"),
        ("at_once_count", "-1"),
        ("burst_count", "1e9"),
        ("when_in_doubt", "pray"),
    ],
)
def test_settings_that_make_no_sense_are_refused(admin, name, typed):
    assert name in errors(admin.post(reverse(ADD), fields(**{name: typed})))


def test_zones_are_chosen_by_their_labels_and_other_names_are_understood(admin):
    assert "Kolkata, UTC+5:30 now" in admin.get(reverse(ADD)).content.decode()

    admin.post(reverse(ADD), fields(timezone="Asia/Kolkata"))

    assert Account.objects.get().timezone == "India Standard Time"


def test_fields_that_the_form_does_not_have_are_ignored(admin, account):
    admin.post(change(account), fields(stopped_reason="x", stopped_at_0="2020-01-01", id="99"))

    account.refresh_from_db()
    assert (account.stopped_at, account.stopped_reason) == (None, "")


def test_the_code_stays_once_something_was_sent(admin, event):
    builders.make_send(event)

    admin.post(change(event.account), fields(code="other"))

    assert Account.objects.get(pk=event.account_id).code == "shop"


def test_the_connection_is_tried_step_by_step(admin, rokt):
    account = builders.make_account("shop", base_url=rokt.url, client_id="shop", client_secret="right")

    response = admin.post(reverse("admin:campaigns_account_try", args=[account.pk]))

    assert response["Location"] == change(account)
    assert [text.partition(":")[0] for text in said(response)] == [
        "Address", "Connection", "Credentials", "Account"
    ]  # fmt: skip


def test_a_connection_that_fails_says_where(admin, rokt):
    account = builders.make_account("shop", base_url=rokt.url, client_id="shop", client_secret="wrong")

    response = admin.post(reverse("admin:campaigns_account_try", args=[account.pk]))

    messages = list(get_messages(response.wsgi_request))
    assert [message.level_tag for message in messages] == ["success", "success", "error"]
    assert str(messages[-1]).startswith("Credentials:")


def test_an_address_that_is_not_allowed_any_more_is_told_of(admin, account, settings):
    settings.ROKT_HOSTS = []

    response = admin.post(reverse("admin:campaigns_account_try", args=[account.pk]))

    assert said(response) == ["Address: api.roktcalendar.com is not one of the addresses that may be called."]


def test_a_stopped_account_says_why_and_starts_again(admin, account, monkeypatch):
    looked = []
    monkeypatch.setattr(tasks, "look_now", lambda: looked.append(1))
    Account.objects.update(stopped_at=timezone.now(), stopped_reason="HTTP 401 twice")
    Token.objects.create(account=account, access_token="old")
    Breaker.objects.create(account=account, open_until=timezone.now())
    RateLimit.objects.create(account=account, held_until=timezone.now())
    assert "HTTP 401 twice" in admin.get(change(account)).content.decode()
    assert "stopped" in admin.get(reverse(LIST)).content.decode()

    response = admin.post(reverse("admin:campaigns_account_start", args=[account.pk]), follow=True)

    account.refresh_from_db()
    assert (account.stopped_at, account.stopped_reason) == (None, "")
    assert not Token.objects.exists()
    assert gate.may_call(account) == 1  # a call alone, first
    assert RateLimit.objects.get().held_until is None
    assert looked == [1]
    assert "The account may send again" in response.content.decode()
    assert LogEntry.objects.get().change_message == "Started again."


@pytest.mark.parametrize("name", ["try", "start"])
def test_the_buttons_are_posts_of_admins(admin, marketer, auditor, account, name):
    address = reverse(f"admin:campaigns_account_{name}", args=[account.pk])

    assert admin.get(address).status_code == 405
    assert marketer.post(address).status_code == 403
    assert auditor.post(address).status_code == 403
    assert admin.post(reverse(f"admin:campaigns_account_{name}", args=[10**15])).status_code == 404


def test_a_stand_in_is_labelled(admin, account):
    assert "Stand-in:" not in admin.get(change(account)).content.decode()
    Account.objects.update(base_url="http://127.0.0.1:8100")

    assert "Stand-in:" in admin.get(change(account)).content.decode()
    assert "stand-in" in admin.get(reverse(LIST)).content.decode()


def test_an_account_with_sends_is_not_deleted(admin, event):
    builders.make_send(event)
    address = reverse("admin:campaigns_account_delete", args=[event.account_id])

    admin.post(address, {"post": "yes"})

    assert Account.objects.filter(pk=event.account_id).exists()
    assert Send.objects.exists()


def test_a_workspace_keeps_its_key_and_takes_only_a_plain_endpoint(admin):
    address = reverse("admin:campaigns_workspace_add")
    typed = {
        "name": "Europe",
        "rest_endpoint": "https://rest.fra-01.braze.eu/",
        "rest_key": SECRET,
        "credential_name": "Rokt",
    }
    admin.post(address, typed)
    workspace = Workspace.objects.get()
    assert (workspace.rest_endpoint, workspace.rest_key) == ("https://rest.fra-01.braze.eu", SECRET)

    again = reverse("admin:campaigns_workspace_change", args=[workspace.pk])
    admin.post(again, {**typed, "rest_key": "", "rest_endpoint": ""})
    workspace.refresh_from_db()
    assert (workspace.rest_endpoint, workspace.rest_key) == ("", SECRET)
    for endpoint in ("http://rest.braze.eu", "https://a/b", "https://user@rest.braze.eu"):
        refused = errors(admin.post(again, {**typed, "rest_endpoint": endpoint}))["rest_endpoint"][0]
        assert "https://" in refused

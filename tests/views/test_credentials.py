"""Setting up credentials: secrets that never come back, hosts that are plain names, and nobody but admins."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from campaigns.models import Credential

SECRET = "s3cret-of-the-shop"
HEADERS = '{\n "X-Api-Key": "s3cret-of-the-shop", "Authorization": "Bearer abc"\n}'
ADD, LIST = "admin:campaigns_credential_add", "admin:campaigns_credential_changelist"


@pytest.fixture
def credential(db):
    return Credential.objects.create(
        name="Shop", username="me", secret=SECRET, allowed_hosts="api.example.com\nshop.example.com"
    )


def change(credential):
    return reverse("admin:campaigns_credential_change", args=[credential.pk])


def fields(**typed):
    return {
        "name": "Shop",
        "kind": "basic",
        "username": "me",
        "secret": SECRET,
        "allowed_hosts": "api.example.com",
        **typed,
    }


def errors(response):
    assert response.status_code == 200, "the form was taken"
    return response.context["adminform"].form.errors


def test_a_credential_is_set_up_with_a_secret_that_is_encrypted_and_logged_without_it(admin):
    admin.post(reverse(ADD), fields(secret=f" {SECRET} "))

    credential = Credential.objects.get()
    assert (credential.name, credential.kind, credential.username) == ("Shop", "basic", "me")
    assert (credential.secret, credential.allowed_hosts) == (SECRET, "api.example.com")
    entry = LogEntry.objects.get()
    assert SECRET not in f"{entry.change_message}{entry.object_repr}"


def test_headers_are_kept_as_they_are_typed_and_have_no_user_name(admin):
    admin.post(reverse(ADD), fields(kind="headers", secret=HEADERS, username="left over"))

    credential = Credential.objects.get()
    assert (credential.kind, credential.secret, credential.username) == ("headers", HEADERS, "")


def test_a_secret_that_is_left_blank_is_kept_and_a_typed_one_replaces_it(admin, credential):
    admin.post(change(credential), fields(secret="", name="Renamed"))
    credential.refresh_from_db()
    assert (credential.name, credential.secret) == ("Renamed", SECRET)
    assert "secret" not in LogEntry.objects.get().change_message.lower()

    admin.post(change(credential), fields(secret="another"))
    credential.refresh_from_db()
    assert credential.secret == "another"
    assert "another" not in LogEntry.objects.latest("pk").change_message


def test_kept_headers_stay_good_for_their_kind(admin):
    admin.post(reverse(ADD), fields(kind="headers", secret=HEADERS))
    credential = Credential.objects.get()

    admin.post(change(credential), fields(kind="headers", secret="", name="Renamed"))

    credential.refresh_from_db()
    assert (credential.name, credential.secret) == ("Renamed", HEADERS)


def test_no_page_ever_shows_a_secret(admin, auditor, credential):
    addresses = [
        change(credential),
        reverse("admin:campaigns_credential_history", args=[credential.pk]),
        reverse(LIST),
    ]

    for client in (admin, auditor):
        for address in addresses:
            response = client.get(address)
            assert response.status_code == 200
            assert SECRET not in response.content.decode()
    for bad in (fields(allowed_hosts="https://x"), fields(kind="headers"), fields(name="two words")):
        assert SECRET not in admin.post(change(credential), bad).content.decode()
    assert "kept as it is; type to replace it" in admin.get(change(credential)).content.decode()


def test_an_auditor_reads_everything_but_the_secret_and_changes_nothing(auditor, credential):
    page = auditor.get(change(credential)).content.decode()

    assert "me" in page
    assert "shop.example.com" in page
    assert "id_secret" not in page
    assert "api.example.com, shop.example.com" in auditor.get(reverse(LIST)).content.decode()
    assert auditor.post(change(credential), fields(name="Mine")).status_code == 403
    assert auditor.get(reverse(ADD)).status_code == 403


@pytest.mark.parametrize("role", ["marketer", "approver"])
def test_those_who_plan_see_no_credentials(request, credential, role):
    client = request.getfixturevalue(role)

    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(change(credential)).status_code == 403
    assert client.post(change(credential), fields(name="Mine")).status_code == 403
    assert client.post(reverse(ADD), fields()).status_code == 403
    assert reverse(LIST) not in client.get(reverse("admin:index")).content.decode()
    assert Credential.objects.get().name == "Shop"


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_the_sidebar_leads_there(request, role):
    page = request.getfixturevalue(role).get(reverse("admin:index")).content.decode()

    assert reverse(LIST) in page
    assert "vpn_key" in page


def test_hosts_are_kept_in_lower_case_each_once_one_a_line(admin):
    typed = "  API.example.com\r\n\r\nshop-1.example.com \n api.EXAMPLE.com\nintranet"

    admin.post(reverse(ADD), fields(allowed_hosts=typed))

    assert Credential.objects.get().allowed_hosts == "api.example.com\nshop-1.example.com\nintranet"


@pytest.mark.parametrize(
    "host",
    [
        "https://api.example.com",
        "api.example.com:443",
        "api.example.com/x",
        "me@api.example.com",
        "*.example.com",
        "api.example.com.",
        ".example.com",
        "-api.example.com",
        "api..example.com",
        "api.example.com,shop.example.com",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "[::1]",
        "::1",
        "münchen.example",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
    ],
)
def test_what_is_no_plain_host_name_is_refused(admin, host):
    found = errors(admin.post(reverse(ADD), fields(allowed_hosts=f"api.example.com\n{host}")))

    assert (
        f"“{host[:80]}” is not a plain host name. Write it like api.example.com" in found["allowed_hosts"][0]
    )
    assert not Credential.objects.exists()


@pytest.mark.parametrize("typed", ["", " \n "])
def test_there_is_at_least_one_host(admin, typed):
    assert (
        "This field is required."
        in errors(admin.post(reverse(ADD), fields(allowed_hosts=typed)))["allowed_hosts"]
    )


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("X-Api-Key: abc", "Headers are written as JSON"),
        ("{'X-Api-Key': 'abc'}", "Headers are written as JSON"),
        ('["X-Api-Key", "abc"]', "Headers are written as JSON"),
        ('"abc"', "Headers are written as JSON"),
        ("{}", "Headers are written as JSON"),
        ("[" * 2_000, "Headers are written as JSON"),
        ('{"X-Api-Key": 1}', "The value of each header must be a text"),
        ('{"X-Api-Key": null}', "The value of each header must be a text"),
        ('{"X-Api-Key": {"a": "b"}}', "The value of each header must be a text"),
        ('{"X-Api-Key": ""}', "The value of each header must be a text"),
        ('{"X Api Key": "abc"}', "a character that headers may not hold"),
        ('{"": "abc"}', "a character that headers may not hold"),
        ('{"X-Api-Key:": "abc"}', "a character that headers may not hold"),
        ('{"X-Api-Key": "abc\\r\\nX: y"}', "a character that headers may not hold"),
        ('{"X-Api-Key": "schlüssel"}', "a character that headers may not hold"),
        ("", "Type the password, or the headers."),
        ("x" * 2_001, "at most 2000 characters"),
    ],
)
def test_what_are_no_headers_is_refused_in_plain_words(admin, typed, message):
    found = errors(admin.post(reverse(ADD), fields(kind="headers", secret=typed)))

    assert message in found["secret"][0]
    assert len(found["secret"]) == 1
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Type the password, or the headers."),
        ("Basic bWU6c2VjcmV0", "This is a whole header."),
        ("two words", "There is a blank or a line break in the middle"),
    ],
)
def test_what_is_no_password_is_refused(admin, typed, message):
    found = errors(admin.post(reverse(ADD), fields(secret=typed)))

    assert message in found["secret"][0]
    assert not Credential.objects.exists()


@pytest.mark.parametrize(("kind", "secret"), [("headers", ""), ("headers", SECRET)])
def test_another_kind_needs_a_secret_of_its_own(admin, credential, kind, secret):
    found = errors(admin.post(change(credential), fields(kind=kind, secret=secret)))

    assert "secret" in found
    credential.refresh_from_db()
    assert (credential.kind, credential.secret) == ("basic", SECRET)


@pytest.mark.parametrize(
    ("typed", "name", "message"),
    [
        ({"username": ""}, "username", "Type the user name"),
        ({"username": "me:you"}, "username", "no colon"),
        ({"username": "me\x07you"}, "username", "no colon"),
        ({"username": "x" * 201}, "username", "at most 200 characters"),
        ({"name": "two words"}, "name", "Use a name without spaces"),
        ({"name": "{{x}}"}, "name", "Use a name without spaces"),
        ({"name": ""}, "name", "required"),
        ({"kind": "magic"}, "kind", "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(admin, typed, name, message):
    found = errors(admin.post(reverse(ADD), fields(**typed)))

    assert message in found[name][0]
    assert not Credential.objects.exists()


def test_two_credentials_cannot_have_one_name(admin, credential):
    assert "already exists" in errors(admin.post(reverse(ADD), fields()))["name"][0]


def test_an_admin_may_delete_one(admin, credential):
    admin.post(reverse("admin:campaigns_credential_delete", args=[credential.pk]), {"post": "yes"})

    assert not Credential.objects.exists()

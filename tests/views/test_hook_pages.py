"""The pages of Rokt's webhooks: addresses on the account, the list of what came in, and one of them."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

import campaigns.admin.notices  # noqa: F401 - the list under test
from campaigns import tasks
from campaigns.inbound import addresses
from campaigns.models import HookAddress, Notice
from tests.builders import make_account, make_subscriber, make_subscription
from tests.inbound.rokt_says import GUID, arrive, entry, envelope, post, subscribe, told, unsubscribe

pytestmark = pytest.mark.django_db

LIST = "/campaigns/notice/"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture
def address(account) -> HookAddress:
    return addresses.make(account, by=None)[0]


@pytest.fixture
def page(account) -> str:
    return reverse("hook_addresses", args=[account.pk])


def shown_token(answer) -> str:
    found = re.search(r"/hooks/rokt/([\w-]+)/", answer.content.decode())
    assert found
    return found[1]


def test_an_admin_makes_an_address_which_is_shown_once_and_works(admin, account, page):
    answer = admin.post(page, {"secret": ""})
    token = shown_token(answer)

    assert b"http://testserver/hooks/rokt/" in answer.content
    assert b"SubscriptionEventRemoved" in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert post(token, subscribe()).status_code == 200
    again = admin.get(page).content.decode()
    assert token not in again
    assert token[-4:] in again
    made = HookAddress.objects.get()
    assert (made.account, made.created_by) == (account, admin.user)


def test_a_page_without_https_warns_that_rokt_cannot_reach_it(admin, page):
    assert b"without https" in admin.post(page, {}).content
    assert b"without https" not in admin.post(page, {}, secure=True).content


def test_a_signing_secret_is_checked_kept_encrypted_and_never_shown(admin, page):
    answer = admin.post(page, {"secret": "whsec_short"})
    assert b"24 to 64 bytes" in answer.content
    assert b"whsec_short" not in answer.content
    assert not HookAddress.objects.exists()

    admin.post(page, {"secret": SECRET})
    assert HookAddress.objects.get().secret == SECRET
    assert SECRET.encode() not in admin.get(page).content


def test_replacing_lets_the_old_one_work_some_days_more(admin, address):
    where = reverse("hook_replace", args=[address.pk])
    assert b'value="7"' in admin.get(where).content

    answer = admin.post(where, {"days": "3", "secret": ""})

    assert shown_token(answer)
    address.refresh_from_db()
    assert abs(address.expires_at - timezone.now() - timedelta(days=3)) < timedelta(minutes=1)
    assert HookAddress.objects.filter(expires_at=None).count() == 1


def test_replacing_keeps_the_secret_unless_a_new_one_is_given(admin, account):
    address, _token = addresses.make(account, by=None, secret=SECRET)

    admin.post(reverse("hook_replace", args=[address.pk]), {"days": "0", "secret": ""})

    assert HookAddress.objects.get(expires_at=None).secret == SECRET


@pytest.mark.parametrize("days", ["", "-1", "91", "x", "1.5"])
def test_days_that_make_no_sense_are_refused_and_nothing_is_made(admin, address, days):
    answer = admin.post(reverse("hook_replace", args=[address.pk]), {"days": days})

    assert answer.status_code == 200
    assert "0 ends the old address now" in answer.context["form"].errors["days"][0]
    assert HookAddress.objects.get().expires_at is None


def test_what_is_replaced_already_is_not_replaced_again(admin, address):
    where = reverse("hook_replace", args=[address.pk])
    admin.post(where, {"days": "1"})

    answer = admin.post(where, {"days": "90"}, follow=True)

    assert b"already" in answer.content
    assert HookAddress.objects.count() == 2


def test_switching_off_takes_effect_at_once(admin, account):
    address, token = addresses.make(account, by=None)
    asked = admin.get(reverse("hook_off", args=[address.pk]))
    assert "It cannot be switched on again." in asked.content.decode()
    assert HookAddress.objects.get().expires_at is None

    answer = admin.post(reverse("hook_off", args=[address.pk]), follow=True)

    assert b"Switched off" in answer.content
    assert post(token, subscribe()).status_code == 401


def test_the_page_counts_what_came_in_today(admin, account, address, page):
    for hours in (0, 0, 24):
        arrive(address, envelope("Test"), at=timezone.now() - timedelta(hours=hours))

    assert re.search(rb"<b>2</b>\s*<span>came in today", admin.get(page).content)


@pytest.mark.parametrize(
    ("role", "read", "write"), [("auditor", 200, 403), ("marketer", 403, 403), ("approver", 403, 403)]
)
def test_only_admins_make_replace_and_switch_off(request, account, address, page, role, read, write):
    browser = request.getfixturevalue(role)

    assert browser.get(page).status_code == read
    assert browser.post(page, {}).status_code == write
    for name in ("hook_replace", "hook_off"):
        assert browser.post(reverse(name, args=[address.pk]), {"days": 0}).status_code == write
    assert HookAddress.objects.get().expires_at is None


def test_an_auditor_sees_no_button_that_would_do_nothing(auditor, address, page):
    answer = auditor.get(page).content

    assert b"Switch off" not in answer
    assert b"Make an address" not in answer


def test_the_list_shows_what_came_in_and_narrows_it_down(auditor, account):
    told(account, subscribe(webhook_id="w1", subscriber_id="new"), envelope("Test", webhook_id="w2"))

    def ids(**asked):
        answer = auditor.get(LIST, asked)
        assert answer.status_code == 200
        return set(re.findall(r"\bw\d\b", answer.content.decode()))

    assert ids() == {"w1", "w2"}
    assert ids(state__exact="orphan") == {"w1"}
    assert ids(type="Test") == {"w2"}
    assert ids(type="other") == set()
    assert ids(q="w2") >= {"w2"}
    assert "w1" not in ids(q="w2")
    assert ids(account__id__exact=account.pk) == {"w1", "w2"}


def test_marketers_see_neither_the_list_nor_a_webhook(marketer, address):
    row = arrive(address, subscribe())
    assert row

    assert marketer.get(LIST).status_code == 403
    assert marketer.get(reverse("notice_detail", args=[row.pk])).status_code == 403


def test_a_webhook_shows_its_text_as_text_and_what_it_changed(auditor, account):
    person = make_subscriber("ada")
    make_subscription(person, account, rokt_id=GUID)
    (row,) = told(account, unsubscribe(accountName="<script>alert(1)</script>"))

    answer = auditor.get(reverse("notice_detail", args=[row.pk])).content.decode()

    assert "<script>alert(1)" not in answer
    assert "&lt;script&gt;alert(1)" in answer
    assert reverse("subscriber_detail", args=[person.pk]) in answer
    assert "2026-11-20 11:00 UTC" in answer
    assert "Look at it again" not in answer


def test_an_orphan_says_what_it_waits_for(admin, account):
    (row,) = told(account, subscribe(subscriber_id="new"))

    answer = admin.get(reverse("notice_detail", args=[row.pk])).content.decode()

    assert "nobody here knows it yet" in answer
    assert "after every import" in answer


def test_an_admin_has_it_looked_at_again(admin, account, monkeypatch):
    monkeypatch.setattr(tasks, "start_notices", tasks.work_through_notices)
    (row,) = told(account, subscribe(subscriber_id="new"))
    make_subscriber("new")

    admin.post(reverse("notice_detail", args=[row.pk]))

    row.refresh_from_db()
    assert row.state == Notice.State.DONE


def test_nobody_else_has_it_looked_at_again(auditor, approver, address):
    row = arrive(address, subscribe())
    assert row

    assert auditor.post(reverse("notice_detail", args=[row.pk])).status_code == 403
    assert approver.post(reverse("notice_detail", args=[row.pk])).status_code == 403


def test_what_is_done_or_erased_is_not_looked_at_again(admin, account):
    (row,) = told(account, subscribe(subscriber_id="new"))
    Notice.objects.filter(pk=row.pk).update(body="", state=Notice.State.IGNORED, due_at=None)

    answer = admin.post(reverse("notice_detail", args=[row.pk]), follow=True).content.decode()

    assert "nothing to look at again" in answer
    assert "The text is gone" in answer
    assert Notice.objects.get().state == Notice.State.IGNORED


def test_a_webhook_of_an_entry_leads_to_its_deliveries(auditor, account, event):
    (row,) = told(account, entry("SubscriptionEventAdded", "Event_0001_zoe"))

    answer = auditor.get(reverse("notice_detail", args=[row.pk])).content.decode()

    assert "nobody here has sent it to this person" in answer


def test_what_is_not_there_is_not_found(admin):
    other = make_account("other")

    assert admin.get(reverse("hook_addresses", args=[other.pk + 1])).status_code == 404
    assert admin.get(reverse("notice_detail", args=[1])).status_code == 404
    assert admin.get(reverse("hook_replace", args=[1])).status_code == 404

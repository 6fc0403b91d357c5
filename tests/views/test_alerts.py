"""Alerts on pages: the banner, the list, one alert, and who is told."""

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import alerts
from campaigns.models import Alert, AlertSettings, Delivery, Halt, Send
from campaigns.pipeline import gate, record
from tests import builders
from tests.alerts.conftest import body_of, ops, post_office, receiver  # noqa: F401 - fixtures
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")
LIST = reverse("admin:campaigns_alert_changelist")
WHO = reverse("alert_settings")
TEST = reverse("alert_test")
SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


@pytest.fixture
def stopped(account):
    gate.stop(account, "Rokt does not accept the client id and secret.")
    alerts.look()
    return Alert.objects.get()


@pytest.fixture
def failed(event):
    send = builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())
    builders.make_delivery(send, Delivery.State.FAILED, reason=Delivery.Reason.REFUSED)
    record.finish(send)
    alerts.look()
    return Alert.objects.get()


def settings_of(client, **typed):
    return client.post(
        WHO, {"mail_addresses": "", "webhook_url": "", "webhook_secret": "", **typed}, follow=True
    )


@pytest.mark.parametrize("role", ["marketer", "approver", "auditor", "admin"])
def test_the_home_page_says_that_an_alert_is_open(stopped, role):
    page = builders.make_client(role).get(HOME)

    assert "1 alert is open" in text_of(page)
    assert "Account stopped: The Shop" in text_of(page)
    assert reverse("alert_detail", args=[stopped.pk]) in page.content.decode()


@pytest.mark.parametrize("role", ["marketer", "auditor", "admin"])
def test_an_alert_about_everything_has_pages_as_every_other(role):
    Halt.objects.create(made_at=timezone.now())
    alerts.look()
    client, alert = builders.make_client(role), Alert.objects.get()

    assert "All sends are held" in text_of(client.get(HOME))
    assert "All sends are held" in text_of(client.get(LIST))
    shown = client.get(reverse("alert_detail", args=[alert.pk]))
    assert "Somebody had all sends held" in text_of(shown)
    assert ("Open the held sends" in text_of(shown)) == (client.get(reverse("halt")).status_code == 200)


def test_the_home_page_is_quiet_when_it_is_over(stopped, admin):
    Alert.objects.update(resolved_at=timezone.now())

    assert "alert is open" not in text_of(admin.get(HOME))


def test_many_alerts_are_a_few_lines_and_a_link(admin):
    for _number in range(5):
        gate.stop(builders.make_account(), "No.")
    alerts.look()
    page = admin.get(HOME)

    assert "5 alerts are open" in text_of(page)
    assert len(page.context["alerts"]) == 3
    assert f"{LIST}?state=open" in page.content.decode()


def test_the_list_tells_open_from_over(stopped, failed_too, marketer):
    everything, still_open = text_of(marketer.get(LIST)), text_of(marketer.get(LIST, {"state": "open"}))

    assert "Account stopped: The Shop" in everything
    assert "People did not get it" in everything
    assert "Account stopped: The Shop" in still_open
    assert "People did not get it" not in still_open


@pytest.fixture
def failed_too(event, stopped):
    send = builders.make_send(event, state=Send.State.FINISHED, finished_at=timezone.now())
    return Alert.objects.create(
        kind="send_failed", account=send.account, send=send, since=timezone.now(), opened_at=timezone.now(),
        resolved_at=timezone.now(),
    )  # fmt: skip


def test_an_alert_says_what_happened_what_to_do_and_who_was_told(ops, failed, admin):  # noqa: F811
    alerts.tell()
    page = admin.get(reverse("alert_detail", args=[failed.pk]))

    text = text_of(page)
    assert "1 of 1 people did not get it." in text
    assert "Look at the reasons" in text
    assert "ops@example.com" in text
    assert reverse("send_detail", args=[failed.send_id]) in page.content.decode()


def test_addresses_of_staff_are_for_those_who_see_the_settings(ops, failed, marketer, auditor):  # noqa: F811
    alerts.tell()
    address = reverse("alert_detail", args=[failed.pk])

    assert "ops@example.com" not in text_of(marketer.get(address))
    assert "ops@example.com" in text_of(auditor.get(address))


def test_an_approver_says_that_failures_are_dealt_with(failed, approver):
    address = reverse("alert_detail", args=[failed.pk])
    assert "It is dealt with" in text_of(approver.get(address))
    page = approver.post(address, follow=True)

    assert "Marked as dealt with." in text_of(page)
    failed.refresh_from_db()
    assert failed.closed_by == approver.user
    assert f"dealt with by {approver.user}" in text_of(page)


def test_what_ends_by_itself_cannot_be_waved_away(stopped, admin):
    address = reverse("alert_detail", args=[stopped.pk])

    assert "It is dealt with" not in text_of(admin.get(address))
    assert "ends by itself" in text_of(admin.post(address, follow=True))
    stopped.refresh_from_db()
    assert stopped.resolved_at is None


@pytest.mark.parametrize("role", ["marketer", "auditor"])
def test_who_may_only_read_does_not_end_an_alert(failed, role):
    client = builders.make_client(role)
    address = reverse("alert_detail", args=[failed.pk])

    assert "It is dealt with" not in text_of(client.get(address))
    assert client.post(address).status_code == 403


def test_an_admin_sets_who_is_told(admin, receiver):  # noqa: F811
    url = f"{receiver.url}/in?key=k3y"
    page = settings_of(
        admin,
        mail_addresses="ops@example.com, boss@example.com\nops@example.com",
        webhook_url=url,
        webhook_secret=SECRET,
    )

    assert "Saved." in text_of(page)
    to = alerts.current_route()
    assert to.mail_addresses == ("ops@example.com", "boss@example.com")
    assert (to.webhook_url, to.webhook_secret) == (url, SECRET)
    assert SECRET not in admin.get(WHO).content.decode()


def test_a_secret_left_blank_stays_and_goes_when_it_is_asked_to(admin, receiver):  # noqa: F811
    settings_of(admin, webhook_url=receiver.url, webhook_secret=SECRET)
    settings_of(admin, webhook_url=receiver.url)
    assert alerts.current_route().webhook_secret == SECRET
    settings_of(admin, webhook_url=receiver.url, without_secret="on")

    assert alerts.current_route().webhook_secret == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"mail_addresses": "ops@example.com\nnobody"}, "“nobody” is not an e-mail address"),
        ({"mail_addresses": "\n".join(f"a{n}@example.com" for n in range(21))}, "At most 20 addresses"),
        ({"webhook_url": "http://example.com/x"}, "must start with https://"),
        ({"webhook_url": "https://example.com:8443/x"}, "only the ports 80 and 443"),
        ({"webhook_url": "https://user@example.com/x"}, "must be http:// or https:// and a host name"),
        ({"webhook_url": "https://example.com/a b"}, "There is a blank"),
        ({"webhook_secret": "short"}, "A signing secret is whsec_"),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(admin, typed, said):
    page = settings_of(admin, **typed)

    assert said in text_of(page)
    assert not AlertSettings.objects.exists()


def test_the_address_of_the_webhook_is_stored_encrypted(admin, receiver):  # noqa: F811
    settings_of(admin, webhook_url=f"{receiver.url}/the-key-of-ops", webhook_secret=SECRET)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT webhook_url, webhook_secret FROM campaigns_alertsettings")
        stored = cursor.fetchone()

    assert not any("the-key-of-ops" in text or "whsec" in text for text in stored)


def test_an_auditor_reads_who_is_told_without_keys(admin, auditor, receiver):  # noqa: F811
    settings_of(
        admin,
        mail_addresses="ops@example.com",
        webhook_url=f"{receiver.url}/the-key-of-ops",
        webhook_secret=SECRET,
    )
    page = auditor.get(WHO)

    assert "ops@example.com" in text_of(page)
    assert "127.0.0.1 · signed" in text_of(page)
    assert "the-key-of-ops" not in page.content.decode()
    assert SECRET not in page.content.decode()
    assert auditor.post(WHO, {"mail_addresses": ""}).status_code == 403
    assert auditor.post(TEST).status_code == 403


def test_those_who_plan_do_not_see_who_is_told(marketer, approver):
    assert marketer.get(WHO).status_code == approver.get(WHO).status_code == 403


def test_a_test_alert_shows_every_answer(admin, ops, post_office, receiver):  # noqa: F811
    AlertSettings.objects.all().delete()
    AlertSettings.objects.create(
        pk=1, mail_addresses="gone@example.com\nops@example.com", webhook_url=receiver.url
    )
    post_office.refused.add("gone@example.com")
    text = text_of(admin.post(TEST, follow=True))

    assert "gone@example.com: The mail server said: 550 no such mailbox" in text
    assert "ops@example.com: The mail server took it." in text
    assert "Webhook: The webhook answered HTTP 204." in text
    assert post_office.letters[0]["Subject"] == "[Calendar Admin] Test"
    assert body_of(receiver.requests[0])["news"] == "test"


def test_a_mail_server_that_fails_once_is_not_asked_again_by_a_test(admin, ops, post_office):  # noqa: F811
    AlertSettings.objects.update(mail_addresses="ops@example.com\nboss@example.com")
    post_office.greeting = b"421 out to lunch"
    text = text_of(admin.post(TEST, follow=True))

    assert "ops@example.com: The mail server said: 421 out to lunch" in text
    assert "boss@example.com: Not tried" in text
    assert post_office.visits == 1


def test_the_page_says_what_is_missing(admin, settings):
    settings.EMAIL_HOST, settings.SITE_URL = None, ""
    assert "Nobody is told of anything." in text_of(admin.get(WHO))
    assert "nowhere to send a test to" in text_of(admin.post(TEST, follow=True))
    text = text_of(settings_of(admin, mail_addresses="ops@example.com"))

    assert "EMAIL_URL" in text
    assert "SITE_URL" in text

"""Who is told: one message for each alert and place, tried until it is taken, and told again when it is over."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from campaigns import alerts, tasks
from campaigns.models import Account, Alert, AlertMessage, AlertSettings, Delivery, Send
from campaigns.pipeline import gate, record
from integrations.rokt import signature
from tests import builders
from tests.alerts.conftest import body_of
from tests.alerts.moments import pass_by
from tests.integrations.raw_server import answer, says

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


def stop(account: Account) -> None:
    gate.stop(account, "Rokt does not accept the client id and secret: nobody@example.com is unknown.")
    tasks.watch()


def start(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(stopped_at=None, stopped_reason="")
    tasks.watch()


def told(office) -> list[str]:
    return [letter["Subject"] for letter in office.letters]


def test_one_mail_says_what_happened_since_when_what_to_do_and_where(ops, account, post_office):
    for _tick in range(10):
        stop(account)

    [letter] = post_office.letters
    text = letter.get_content()
    assert letter["To"] == "ops@example.com"
    assert letter["Subject"] == "[Calendar Admin] Alert: Account stopped: The Shop"
    assert "The account The Shop stopped and sends nothing: Rokt does not accept the client id" in text
    assert "Since: 20" in text
    assert "What to do: Put right what the reason says" in text
    assert f"https://calendar.example.com/campaigns/account/{account.pk}/change/" in text
    assert "nobody" not in text
    assert "a-secret" not in text


def test_the_end_is_told_once_it_has_lasted(ops, account, post_office):
    stop(account)
    start(account)
    pass_by(minutes=14)
    tasks.watch()
    assert len(post_office.letters) == 1
    pass_by(minutes=2)
    for _tick in range(3):
        tasks.watch()

    assert told(post_office)[1:] == ["[Calendar Admin] Over: Account stopped: The Shop"]
    assert "It is over since: 20" in post_office.letters[1].get_content()


def test_trouble_that_comes_and_goes_is_one_mail_and_one_end(ops, account, post_office):
    for _time in range(10):
        stop(account)
        start(account)
        pass_by(minutes=4)
    pass_by(minutes=15)
    tasks.watch()

    assert [subject.split(":")[0] for subject in told(post_office)] == [
        "[Calendar Admin] Alert",
        "[Calendar Admin] Over",
    ]


def test_a_failed_send_names_numbers_and_reasons_and_no_person(ops, send, post_office):
    person = builders.make_subscriber("ada-1", email="ada@example.com", first_name="Ada")
    builders.make_delivery(
        send,
        Delivery.State.FAILED,
        subscriber=person,
        reason=Delivery.Reason.REFUSED,
        detail="ada@example.com",
    )
    record.finish(send)
    tasks.watch()

    [letter] = post_office.letters
    assert "1 of 1 people did not get it.\n- refused by Rokt: 1" in letter.get_content()
    assert f"https://calendar.example.com/sends/{send.pk}/" in letter.get_content()
    assert "ada" not in letter.as_string().lower()


def test_every_address_gets_its_own_mail_and_a_refused_one_keeps_none_back(ops, account, post_office):
    AlertSettings.objects.update(mail_addresses="gone@example.com\nops@example.com\nboss@example.com")
    post_office.refused.add("gone@example.com")
    stop(account)

    assert len(post_office.to("ops@example.com")) == len(post_office.to("boss@example.com")) == 1
    waiting = AlertMessage.objects.get(told_at=None)
    assert waiting.address == "gone@example.com"
    assert "550 no such mailbox" in waiting.problem
    post_office.refused.clear()
    pass_by(seconds=11)
    tasks.watch()
    assert len(post_office.to("gone@example.com")) == 1
    assert len(post_office.letters) == 3


def test_a_dead_mail_server_is_asked_less_and_less_and_in_the_end_everybody_hears(ops, account, post_office):
    AlertSettings.objects.update(mail_addresses="\n".join(f"ops{n}@example.com" for n in range(5)))
    post_office.greeting = b"421 out to lunch"
    visits = []
    stop(account)
    for wait in (10, 60, 5 * 60, 15 * 60, 30 * 60, 60 * 60, 60 * 60):
        visits.append(post_office.visits)
        pass_by(seconds=wait - 5)
        tasks.watch()
        assert post_office.visits == visits[-1]
        pass_by(seconds=6)
        tasks.watch()

    assert visits == [1, 2, 3, 4, 5, 6, 7]
    assert "421 out to lunch" in AlertMessage.objects.earliest("pk").problem
    post_office.greeting = b"220 back"
    pass_by(minutes=61)
    tasks.watch()
    assert len(post_office.letters) == 5


def test_after_three_days_of_refusal_nobody_tries_any_more(ops, account, post_office):
    post_office.greeting = b"421 out to lunch"
    stop(account)
    pass_by(days=4)
    tasks.watch()
    visits = post_office.visits
    pass_by(days=1)
    tasks.watch()

    assert post_office.visits == visits
    assert AlertMessage.objects.get().told_at is None


def test_who_could_not_be_told_of_the_beginning_hears_of_both_at_the_end(ops, account, post_office):
    post_office.greeting = b"421 out to lunch"
    stop(account)
    post_office.greeting = b"220 back"
    start(account)
    pass_by(minutes=10)
    tasks.watch()
    assert not post_office.letters
    pass_by(minutes=6)
    tasks.watch()

    assert told(post_office) == ["[Calendar Admin] Over: Account stopped: The Shop"]


def test_without_a_mail_server_nothing_is_lost(ops, account, settings, post_office):
    settings.EMAIL_HOST = None
    stop(account)
    assert "EMAIL_URL" in AlertMessage.objects.get().problem
    settings.EMAIL_HOST = "127.0.0.1"
    pass_by(seconds=11)
    tasks.watch()

    assert len(post_office.letters) == 1


def test_an_address_that_is_taken_away_gets_nothing_and_a_new_one_hears_what_is_open(
    ops, account, post_office
):
    post_office.refused.add("ops@example.com")
    stop(account)
    AlertSettings.objects.update(mail_addresses="new@example.com")
    post_office.refused.clear()
    pass_by(minutes=5)
    tasks.watch()

    assert [letter["To"] for letter in post_office.letters] == ["new@example.com"]


def test_a_worker_that_dies_while_it_tells_leaves_the_message_to_the_next(
    ops, account, post_office, monkeypatch
):
    gate.stop(account, "No.")
    alerts.look()

    def die(*_args, **_options):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("campaigns.alerts.mail.send", die)
        with pytest.raises(SystemExit):
            alerts.tell()
    alerts.tell()
    assert not post_office.letters
    pass_by(minutes=3)
    alerts.tell()

    assert len(post_office.letters) == 1


def test_the_webhook_gets_json_that_is_signed(account, receiver, send):
    AlertSettings.objects.create(pk=1, webhook_url=f"{receiver.url}/in?key=k", webhook_secret=SECRET)
    builders.make_delivery(send, Delivery.State.FAILED, reason=Delivery.Reason.REFUSED)
    record.finish(send)
    tasks.watch()

    [request] = receiver.requests
    said = body_of(request)
    assert request.startswith(b"POST /in?key=k HTTP/1.1\r\n")
    assert said["kind"] == "send_failed"
    assert said["news"] == "opened"
    assert said["send"] == send.pk
    assert said["account"] == "shop"
    assert said["link"] == f"https://calendar.example.com/sends/{send.pk}/"
    assert "did not get it" in said["text"]
    assert said["facts"] == {"count": 1, "people": 1, "reasons": [["refused", 1]]}
    head, _gap, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert signature.verify(body, headers, [SECRET], now=timezone.now()) == f"alert-{said['id']}-opened"


def test_a_webhook_that_answers_anything_but_yes_is_tried_again_and_mail_goes_on(
    ops, account, receiver, post_office
):
    AlertSettings.objects.all().delete()
    AlertSettings.objects.create(pk=1, mail_addresses="ops@example.com", webhook_url=receiver.url)
    receiver.script = says(answer(302, b"", "Location: http://169.254.169.254/"))
    stop(account)
    assert len(post_office.letters) == 1
    assert AlertMessage.objects.get(told_at=None).problem == "The webhook answered HTTP 302."
    receiver.script = says(answer(200))
    pass_by(seconds=11)
    tasks.watch()

    assert len(receiver.requests) == 2
    assert "webhook-signature" not in receiver.requests[1].decode().lower()
    assert not AlertMessage.objects.filter(told_at=None).exists()
    assert len(post_office.letters) == 1


@pytest.mark.parametrize("url", ["http://example.com/x", "https://127.0.0.1:9/x", "https://127.0.0.1/x"])
def test_a_webhook_that_leads_inside_is_never_called(account, url):
    AlertSettings.objects.create(pk=1, webhook_url=url)
    stop(account)

    assert "could not be called" in AlertMessage.objects.get().problem


def test_a_silent_mail_server_does_not_keep_the_clock_or_the_sender(
    ops, account, post_office, settings, monkeypatch
):
    """The tick only publishes; what waits for the mail server is a task of its own, outside any transaction."""
    settings.EMAIL_TIMEOUT = 0.3
    post_office.is_silent = True
    gate.stop(account, "No.")
    published = []
    monkeypatch.setattr(tasks, "_publish", lambda task, *_args: published.append(task.name))
    tasks.tick()
    assert "campaigns.tasks.watch" in published
    assert post_office.visits == 0
    tasks.watch()

    assert post_office.visits == 1
    assert "timed out" in AlertMessage.objects.get().problem


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_somebody_is_told(ops, account, post_office, monkeypatch):
    seen = []
    hand_over = alerts.mail.send

    def look(*args, **options):
        seen.append(connection.in_atomic_block)
        return hand_over(*args, **options)

    monkeypatch.setattr("campaigns.alerts.mail.send", look)
    stop(account)

    assert seen == [False]


@pytest.mark.django_db(transaction=True)
def test_ten_ticks_at_once_tell_once(post_office):
    account = builders.make_account()
    AlertSettings.objects.create(pk=1, mail_addresses="ops@example.com\nboss@example.com")
    gate.stop(account, "No.")
    barrier = threading.Barrier(10)

    def work() -> None:
        try:
            barrier.wait()
            tasks.watch()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tasks.watch()  # who was overtaken left the rest to the next tick

    assert sorted(letter["To"] for letter in post_office.letters) == ["boss@example.com", "ops@example.com"]


def test_a_finished_send_that_is_tried_again_does_not_flood(ops, send, post_office, marketer):
    builders.make_delivery(send, Delivery.State.FAILED, reason=Delivery.Reason.REFUSED)
    record.finish(send)
    for _round in range(3):
        tasks.watch()
        with transaction.atomic():
            record.requeue_failed(send)
        tasks.watch()
        send.deliveries.update(state=Delivery.State.FAILED, due_at=None)
        Send.objects.update(queued_count=0, failed_count=1)
        record.finish(Send.objects.get())
        pass_by(minutes=2)
    tasks.watch()

    assert len(post_office.letters) == 1
    assert Alert.objects.get().resolved_at is None
    assert Alert.objects.get().since < timezone.now() - timedelta(minutes=5)

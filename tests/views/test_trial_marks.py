"""What a test looks like afterwards: its answers, and that no page takes it for the event itself."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attempt, Delivery, Send
from tests import builders
from tests.views.tried import a_test, body


def test_the_answers_stand_on_the_page_of_the_test(marketer, event, ada):
    send = a_test(event, ada, Delivery.State.FAILED)
    delivery = send.deliveries.get()
    builders.make_attempt(delivery, Attempt.Outcome.RETRY, status=503)
    builders.make_attempt(delivery, Attempt.Outcome.REFUSED, status=400, answer='{"error": "<no>"}')

    page = body(marketer.get(reverse("send_progress", args=[send.pk])))

    assert "Answers" in page
    assert "Ada Lovelace" in page
    assert '<td data-label="HTTP status">400</td>' in page
    assert "{&quot;error&quot;: &quot;&lt;no&gt;&quot;}" in page
    assert reverse("delivery_detail", args=[delivery.pk]) in page
    assert "Try all of them again" not in page


def test_a_test_that_waits_or_was_accepted_without_a_word_says_so(marketer, event, ada, bob):
    send = a_test(event, ada)
    builders.make_attempt(send.deliveries.get())
    builders.make_delivery(send, Delivery.State.QUEUED, subscriber=bob, due_at=timezone.now())

    page = body(marketer.get(reverse("send_progress", args=[send.pk])))

    assert "accepted without a word" in page
    assert "none yet" in page


def test_a_real_send_has_no_table_of_answers(marketer, event, ada):
    real = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_delivery(real, subscriber=ada)

    page = body(marketer.get(reverse("send_detail", args=[real.pk])))

    assert "Answers" not in page
    assert "This is a test." not in page


def test_tests_are_marked_in_the_lists(marketer, event, ada, bob):
    send = a_test(event, ada)
    real = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    builders.make_delivery(real, subscriber=bob)
    sends = reverse("admin:campaigns_send_changelist")

    assert [row.pk for row in marketer.get(f"{sends}?is_test__exact=1").context["cl"].result_list] == [
        send.pk
    ]
    assert [row.pk for row in marketer.get(f"{sends}?is_test__exact=0").context["cl"].result_list] == [
        real.pk
    ]
    for address in (sends, reverse("admin:campaigns_delivery_changelist")):
        assert body(marketer.get(address)).count("> test <") == 1
    delivery = reverse("delivery_detail", args=[send.deliveries.get().pk])
    assert "by a test" in body(marketer.get(delivery))


def test_the_spreadsheet_tells_tests_apart(marketer, event, ada, bob):
    a_test(event, ada)
    builders.make_delivery(builders.make_send(event, state=Send.State.SENDING), subscriber=bob)

    lines = b"".join(marketer.get(reverse("history_csv"))).decode().splitlines()

    assert [line.rpartition(",")[2] for line in lines] == ['"test"', '"no"', '"yes"']


def test_the_campaign_shows_the_last_real_send(marketer, event, ada):
    real = builders.make_send(event, state=Send.State.FINISHED, started_at=timezone.now())
    a_test(event, ada)

    page = body(marketer.get(reverse("campaign_detail", args=[event.campaign_id])))

    assert f"Send #{real.pk}, new event" in page
    assert "Send an update" not in page
    assert reverse("event_test", args=[event.pk]) in page


def test_the_home_page_marks_a_running_test_and_asks_no_decision_for_a_failed_one(marketer, event, ada):
    builders.make_send(builders.make_event())
    a_test(event, ada, Delivery.State.FAILED)
    running = a_test(event, ada, Delivery.State.QUEUED)
    Send.objects.filter(pk=running.pk).update(state=Send.State.SENDING)

    page = body(marketer.get(reverse("admin:index")))

    assert '<span class="ca-badge ca-info">test</span>' in page
    assert "failed and can still be tried again" not in page


def test_a_scheduled_send_says_that_it_waits_for_a_test(marketer, event, ada):
    test = a_test(event, ada, Delivery.State.QUEUED)
    real = builders.make_send(event)
    later = builders.make_send(event, scheduled_at=timezone.now() + timedelta(hours=1))

    waiting = f"Test #{test.pk} of this event is still on its way"
    assert waiting in body(marketer.get(reverse("send_progress", args=[real.pk])))
    assert waiting not in body(marketer.get(reverse("send_progress", args=[later.pk])))

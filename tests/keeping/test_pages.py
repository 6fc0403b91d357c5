"""Pages of the history say what was removed, when, and after how many days, instead of breaking."""

import pytest
from django.utils import timezone

from campaigns import keeping
from campaigns.models import Delivery
from tests.builders import make_entry
from tests.keeping.conftest import ago, old_event, old_send, said

pytestmark = pytest.mark.django_db

REMOVED = "The text was removed on {} after 90 days."


def today() -> str:
    return f"{timezone.now():%Y-%m-%d}"


def page_of(browser, delivery: Delivery) -> str:
    return str(browser.get(f"/deliveries/{delivery.pk}/").content.decode())


def test_a_delivery_says_that_its_texts_were_removed(auditor):
    call = said(old_send(100), 100)
    keeping.tidy_up(seconds=60)

    page = page_of(auditor, call.delivery)

    assert REMOVED.format(today()) in page
    assert "HTTP 202" in page
    assert "No text." not in page


def test_a_delivery_says_that_its_calls_were_removed(auditor):
    call = said(old_send(401), 401)
    keeping.tidy_up(seconds=60)

    page = page_of(auditor, call.delivery)

    assert f"Removed on {today()} after 400 days" in page
    assert "Nothing has left for this person" not in page


def test_an_entry_says_that_its_content_was_removed(auditor):
    event = old_event(days=120)
    call = said(old_send(120, event=event, deliver_until=ago(119)), 120)
    make_entry(call.delivery)
    keeping.tidy_up(seconds=60)

    assert page_of(auditor, call.delivery).count(REMOVED.format(today())) == 2
    assert auditor.get(f"/subscribers/{call.delivery.subscriber_id}/").status_code == 200


def test_the_answers_of_a_test_say_so(auditor):
    send = old_send(100, is_test=True)
    said(send, 100)
    keeping.tidy_up(seconds=60)

    assert REMOVED.format(today()) in auditor.get(f"/sends/{send.pk}/").content.decode()


def test_the_list_and_the_spreadsheet_stay_whole(auditor):
    call = said(old_send(401), 401)
    keeping.tidy_up(seconds=60)

    assert call.delivery.external_id in auditor.get("/campaigns/delivery/").content.decode()
    lines = b"".join(auditor.get("/history.csv").streaming_content).decode()
    assert call.delivery.external_id in lines

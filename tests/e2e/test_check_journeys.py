"""Before the send, in a real browser: everybody is checked, a test is sent, other data is tried."""

import csv
import io
import re

import pytest
from icalendar import Calendar
from playwright.sync_api import Page, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e

NAMELESS = "{{${first_name}}}"
CANNOT = re.compile(r"[\d,]+ people cannot be sent to")


def review_with_findings(page: Page, name: str) -> None:
    """Bring an event whose title some people have no name for as far as its review, with everybody checked."""
    steps.begin_campaign(page, name, audience="Match days")
    steps.compose(page, NAMELESS)
    page.get_by_role("link", name="Review and send").click()
    expect(page.get_by_text(CANNOT).first).to_be_visible(timeout=steps.FINISHED)


def test_everybody_is_checked_and_a_title_without_a_name_is_mended_before_the_send(visit):
    page = visit("marketer").page
    review_with_findings(page, "Nameless")
    count = steps.people_in(page.get_by_text(CANNOT).first)
    assert count > 0

    behind = page.locator("#everybody").get_by_role("link", name=re.compile(r"^\s*[\d,]+ people\s*$")).first
    assert steps.people_in(behind) == count
    behind.click()
    expect(page.locator(".ca-table tbody tr")).to_have_count(count)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    header, *people = csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig")))
    assert len(people) == count
    assert {len(line) for line in people} == {len(header)}

    page.get_by_role("link", name="See it for this person").first.click()
    expect(page.locator("#panel")).to_contain_text("Nothing would be sent to")
    page.get_by_label("Title").fill("{{${first_name} | default: 'Friend'}}, come in")
    expect(page.locator(".ca-look:visible").get_by_role("heading", name="Friend, come in")).to_be_visible()
    steps.save(page)
    page.get_by_role("link", name="Review and send").click()

    expect(page.get_by_text(re.compile(r"All [\d,]+ people can be sent to"))).to_be_visible(
        timeout=steps.FINISHED
    )
    expect(page.get_by_role("button", name=re.compile(r"Send to [\d,]+ people"))).to_be_enabled()


def test_a_test_reaches_one_person_is_marked_as_such_and_the_real_send_still_comes(visit, demo):
    page = visit("marketer").page
    steps.begin_campaign(page, "Rehearsal", audience="Match days")
    steps.compose(page, "Rehearsed {{${first_name} | default: 'Friend'}}")
    user_id = page.locator("#panel .ca-person small").inner_text().split(" · ")[0]
    event_address = page.url

    page.get_by_role("link", name="Send a test").click()
    expect(page.get_by_role("button", name="Send the test")).to_be_disabled()
    page.get_by_label("Find somebody").fill(user_id)
    person = page.get_by_role("group").filter(has_text=user_id)
    person.get_by_role("checkbox").first.check()
    page.get_by_label("Save these for the next test").check()
    expect(page.locator("#test-call")).to_contain_text("/v1/subscriptionevent/acme-events")
    page.get_by_role("button", name="Send the test to 1 person").click()
    expect(page.get_by_text("This is a test.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=user_id)).to_contain_text("202", timeout=steps.FINISHED)
    tested = steps.calls_about(demo, "Rehearsed ")
    assert [steps.person_of(line) for line in tested] == [user_id]
    page.get_by_role("link", name="Sends").first.click()
    expect(page.locator("#result_list tbody tr").filter(has_text="Rehearsed").first).to_contain_text("test")

    page.goto(event_address)
    page.get_by_role("link", name="Send a test").click()
    expect(page.get_by_role("heading", name="Saved for tests")).to_be_visible()
    expect(page.get_by_role("group").filter(has_text=user_id).get_by_role("checkbox").first).to_be_visible()

    page.goto(event_address)
    page.get_by_role("link", name="Review and send").click()
    page.get_by_role("button", name=re.compile(r"Send to [\d,]+ people")).click(timeout=steps.FINISHED)
    expect(page.get_by_text("finished", exact=True).first).to_be_visible(timeout=steps.FINISHED)
    calls = steps.calls_about(demo, "Rehearsed ")
    assert len(calls) == 1 + steps.people_in(page.locator("#book-all"))
    assert user_id in [steps.person_of(line) for line in calls[1:]]


def test_the_preview_tries_other_data_other_people_and_three_calendars(visit):
    page = visit("marketer").page
    steps.begin_campaign(page, "Preview", audience="Match days")
    steps.compose(page, "Dear {{${first_name} | default: 'Friend'}}")
    title = page.locator(".ca-look:visible").get_by_role("heading", name=re.compile("^Dear "))
    real = title.inner_text()

    page.get_by_text("Try other data").click()
    page.locator("#try-data").get_by_label("first_name").fill("")
    expect(title).to_have_text("Dear Friend")
    expect(page.locator("#shown").get_by_text("With data you made up")).to_be_visible()
    page.get_by_role("button", name="Back to the real").click()
    expect(title).to_have_text(real)

    person = page.locator("#panel [name=person]")
    before = person.get_attribute("value") or ""
    page.get_by_role("button", name="Somebody else at random").click()
    expect(person).not_to_have_attribute("value", before)

    chosen = page.locator("#panel [name=look]:checked")
    seen = []
    chosen.focus()
    for _tab in range(3):
        seen.append(page.locator(".ca-look:visible").get_attribute("aria-label"))
        page.keyboard.press("ArrowRight")
    assert len(set(seen)) == 3

    shown = title.inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download .ics").click()
    (entry,) = Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")
    assert entry["SUMMARY"] == shown
    expect(page.get_by_text("You have changes that are not saved yet.")).to_be_hidden()


def test_the_pages_before_a_send_do_not_scroll_sideways_on_a_phone(visit):
    page = visit("marketer").page
    page.set_viewport_size(steps.PHONE)
    review_with_findings(page, "Checked on a phone")
    steps.fits(page)
    page.get_by_role("link", name="Send a test first").click()
    page.get_by_label("Find somebody").fill("user-000")
    expect(page.get_by_role("heading", name="Found")).to_be_visible()
    steps.fits(page)
    page.go_back()
    page.locator("#everybody").get_by_role("link", name=re.compile("people")).first.click()
    expect(page.locator(".ca-table tbody tr").first).to_be_visible()
    steps.fits(page)

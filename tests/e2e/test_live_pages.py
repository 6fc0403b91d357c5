"""Pages that ask by themselves while the server does not answer, and where the keyboard goes when a save fails."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e

LIVE_PART = "**/imports/*/?said=*"
LINES = "".join(f"old-{number};\r\n" for number in range(2_000))
COUNT_CHANGES = """status => {
    window.said = 0;
    new MutationObserver(changes => { window.said += changes.length; }).observe(status, {childList: true});
}"""


def no_answer(route: Route) -> None:
    """Keep the browser waiting."""


def refused(route: Route) -> None:
    """Answer as a proxy does that has enough."""
    route.fulfill(status=429, body="Too many requests")


def lost(route: Route) -> None:
    """Lose the connection."""
    route.abort()


def try_a_table(page: Page) -> None:
    """Upload a table and be on its page before a worker has read it."""
    page.goto("/imports/new/")
    table: FilePayload = {
        "name": "people.csv",
        "mimeType": "text/csv",
        "buffer": f"user_id;first_name\r\n{LINES}".encode(),
    }
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("progressbar")).to_be_visible()


def test_no_date_in_the_list_of_imports_is_broken_and_no_column_cut_off(visit):
    page = visit("marketer").page
    page.goto("/campaigns/import/")
    table = page.locator("#result_list")

    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    day = "cell => { const day = document.createRange(); day.setStart(cell.firstChild, 0); "
    day += "day.setEnd(cell.firstChild, cell.firstChild.data.search(/\\d/) + 10); return day.getClientRects().length; }"
    assert table.locator("td.field-uploaded").first.evaluate(day) == 1


@pytest.mark.parametrize("fault", [refused, lost, no_answer])
def test_numbers_are_said_to_be_old_once_while_no_answer_comes_and_no_longer(visit, fault):
    page = visit("marketer").page
    page.route(LIVE_PART, fault)
    try_a_table(page)
    status = page.locator("[data-old-of=import-progress]")
    expect(status).to_have_text("")
    status.evaluate(COUNT_CHANGES)

    expect(page.get_by_role("status").filter(has_text="The server does not answer")).to_have_text(
        re.compile(r"from \d{4}-\d\d-\d\d \d\d:\d\d UTC"), timeout=20_000
    )
    with page.expect_request(LIVE_PART):
        pass
    page.wait_for_timeout(100)
    assert page.evaluate("window.said") == 1

    page.unroute(LIVE_PART)
    expect(page.locator(".ca-badge", has_text="tried, not imported")).to_be_visible(timeout=steps.FINISHED)
    expect(status).to_have_text("")


def test_a_save_that_fails_leads_to_what_is_wrong_and_from_there_to_the_fields(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Row", exact=True).click()
    steps.fill_row(steps.rows(page), "calendar code", "is any of")
    steps.settled(page)
    steps.save(page)

    summary = page.get_by_role("group", name="This was not saved")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_text(["Name", "Row 1"])
    colour = "link => getComputedStyle(link).color"
    beside = page.locator("#count").get_by_role("link", name="Row 1")  # looks like a link, too
    assert beside.evaluate(colour) == summary.get_by_role("link", name="Row 1").evaluate(colour)
    summary.get_by_role("link", name="Row 1").press("Enter")
    expect(steps.rows(page).get_by_label("Another value")).to_be_focused()
    summary.get_by_role("link", name="Name").press("Enter")
    expect(page.locator("#id_name")).to_be_focused()


def test_what_kept_a_segment_from_being_saved_is_no_longer_said_when_it_is_mended(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_label("Name").fill("Mended")
    page.get_by_role("button", name="Row", exact=True).click()
    steps.fill_row(steps.rows(page), "calendar code", "is any of")
    page.get_by_role("button", name="Row", exact=True).click()
    steps.settled(page)
    page.get_by_label("Name").fill("")
    steps.save(page)
    summary = page.get_by_role("group", name="This was not saved")
    expect(summary.get_by_role("link")).to_have_text(["Name", "Row 1", "Row 2"])

    page.locator("#count").get_by_role("link", name="Row 1").press("Enter")
    value = steps.rows(page).first.get_by_label("Another value")
    expect(value).to_be_focused()
    value.press_sequentially("match-days")
    expect(page.locator("#count").get_by_role("link")).to_have_text(["Row 2"])
    steps.rows(page).nth(1).get_by_label("Field").select_option(label="country code")
    steps.settled(page)
    steps.rows(page).nth(1).get_by_label("Another value").fill("AU")
    expect(page.locator("#count")).to_contain_text("match-days")
    expect(summary).to_be_visible()

    page.get_by_label("Name").fill("Mended")
    expect(summary).to_have_count(0)
    expect(page.locator("#builder .ca-bad, #builder [aria-invalid]")).to_have_count(0)


def test_a_row_that_was_mended_is_marked_no_longer(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_label("Name").fill("Marked")
    page.get_by_role("button", name="Row", exact=True).click()
    steps.fill_row(steps.rows(page), "calendar code", "is any of")
    steps.settled(page)
    steps.save(page)
    expect(page.locator("#builder p.ca-bad")).to_be_visible()

    steps.rows(page).get_by_label("Another value").press_sequentially("match-days")

    expect(page.get_by_role("group", name="This was not saved")).to_have_count(0)
    expect(page.locator("#builder .ca-bad, #builder .ca-is-bad, #builder [aria-invalid]")).to_have_count(0)


def test_a_save_that_came_too_late_leads_to_what_somebody_else_has_saved(visit):
    page, other = visit("marketer").page, visit("approver").page
    steps.make_segment(page, "Saved twice", "country code", "is any of", "AU")
    other.goto(page.url)
    other.get_by_label("Description").fill("theirs")
    steps.save(other)
    expect(other.get_by_text("Saved.")).to_be_visible()

    page.get_by_label("Description").fill("mine")
    steps.save(page)

    expect(page.get_by_role("group", name="Somebody else has saved this segment")).to_be_focused()

"""Hands, in a real browser: a button pressed twice, a word without an end, a menu without a mouse."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e


def posts_of(page: Page) -> list[str]:
    """Return where the page posts to from now on."""
    posted: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            posted.append(request.url)

    page.on("request", note)
    return posted


def test_a_button_pressed_again_and_again_makes_one_address_and_shows_it(visit):
    page = visit("admin").page
    page.goto("/accounts/2/webhooks/")
    page.get_by_role("button", name="Make an address").click()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("link", name="Replace").first.click()
    posted = posts_of(page)

    page.get_by_role("button", name="Make the new address").evaluate(
        "button => { button.click(); setInterval(() => button.click(), 10); }"
    )

    expect(page.get_by_label("URL")).to_have_value(re.compile("/hooks/rokt/"))
    assert len(posted) == 1


def test_another_button_or_the_same_one_after_coming_back_is_no_slip(visit):
    page = visit("admin").page
    page.goto("/subscribers/7/")
    page.get_by_label("Why? The history keeps it.").fill("asked by phone")
    page.get_by_role("button", name="Suppress", exact=True).click()
    page.get_by_label("Why? The history keeps it.").fill("asked to come back")
    page.get_by_role("button", name="Lift the suppression").click()
    expect(page.get_by_text("Events may be sent to this person again.")).to_be_visible()
    page.get_by_label("Why? The history keeps it.").fill("changed her mind")
    page.get_by_role("button", name="Suppress", exact=True).click()

    expect(page.get_by_text("Nothing is sent to this person any more.").first).to_be_visible()


def test_a_reason_without_blanks_stays_inside_its_box(visit):
    page = visit("admin").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/subscribers/8/")
    page.get_by_label("Why? The history keeps it.").fill("n" * 300)
    page.get_by_role("button", name="Suppress", exact=True).click()
    note = page.locator(".ca-note", has_text="Suppressed")

    expect(note).to_be_visible()
    assert note.evaluate("note => note.scrollWidth <= note.clientWidth")


def test_on_a_phone_the_moments_to_compare_with_are_not_cut_off(visit):
    page = visit("marketer").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/segments/3/drift/")
    page.get_by_role("button", name="Remember who is in it now").click()

    words = page.get_by_label("Since").evaluate("since => since.selectedOptions[0].text")
    assert words.endswith(" people")
    expect(page.get_by_role("paragraph").filter(has_text="Compared with now:")).to_contain_text(words)
    steps.fits(page)


def test_on_a_phone_what_a_column_may_mean_stays_inside_the_page(visit):
    page = visit("marketer").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/imports/new/")
    table: FilePayload = {
        "name": "people.csv",
        "mimeType": "text/csv",
        "buffer": b"user_id,level\nada,gold\n",
    }
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="Upload and look at it").click()

    expect(page.get_by_label("level", exact=True)).to_be_visible()
    steps.fits(page)


def test_setup_and_the_way_out_are_reached_without_a_mouse(visit):
    page = visit("admin").page
    page.goto("/segments/new/")
    page.get_by_role("link", name="Webhooks from Rokt").focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="API keys")).to_be_visible()

    page.get_by_role("link", name="Staff").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()

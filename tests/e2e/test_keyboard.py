"""The shell without a mouse, and as a screen reader hears it: the menu, the filters of a list, the icons."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e import steps

pytestmark = pytest.mark.e2e


def heard(page: Page) -> str:
    """Return what a screen reader finds on the page."""
    return page.locator("body").aria_snapshot()


def test_the_menu_is_closed_and_opened_without_a_mouse(visit):
    page = visit("marketer").page
    menu = page.get_by_role("button", name="Menu", exact=True)
    link = page.get_by_role("link", name="Segments", exact=True)
    expect(menu).to_have_attribute("aria-expanded", "true")

    menu.press("Enter")
    expect(link).to_be_hidden()
    expect(menu).to_have_attribute("aria-expanded", "false")

    menu.press("Space")
    expect(link).to_be_visible()


def test_the_first_stop_of_the_keyboard_leads_past_the_menu(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go to the content")).to_be_focused()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.get_by_role("main").locator(":focus").count() == 1


def test_on_a_phone_the_menu_takes_the_focus_and_gives_it_back(visit):
    page = visit("marketer").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/")
    menu = page.get_by_role("button", name="Menu", exact=True)

    menu.press("Enter")
    close = page.get_by_role("button", name="Close the menu")
    expect(close).to_be_focused()
    expect(page.get_by_role("link", name="Segments", exact=True)).to_be_visible()

    page.keyboard.press("Enter")
    expect(close).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_filters_of_a_list_are_used_without_a_mouse(visit):
    page = visit("marketer").page
    page.goto("/campaigns/segment/")
    opener = page.get_by_role("button", name="Filters")

    opener.press("Enter")
    filters = page.locator("#changelist-filter")
    expect(filters.locator(":focus")).to_be_visible()
    page.keyboard.press("Escape")
    expect(filters).to_be_hidden()
    expect(opener).to_be_focused()

    page.keyboard.press("Space")
    expect(filters.locator(":focus")).to_be_visible()
    filters.get_by_role("link", name="Yes").press("Enter")
    expect(page).to_have_url(re.compile("is_archived__exact=1"))


def test_no_icon_is_read_out_by_the_name_of_its_picture(visit):
    page = visit("marketer").page
    page.goto("/campaigns/segment/")
    expect(page.get_by_role("link", name="Add segment")).to_be_visible()

    snapshot = heard(page)
    for picture in (
        "calendar_month",
        "filter_alt",
        "dock_to_right",
        "unfold_more",
        "arrow_circle",
        "filter_list",
    ):
        assert picture not in snapshot
    assert '"home Home"' not in snapshot


def test_the_name_of_a_list_is_read_on_a_phone_and_long_names_stay_in_their_place(visit):
    page = visit("marketer").page
    name = "Wunderschönerlangername" * 8
    steps.make_segment(page, name[:180], "country code", "is any of", "AU")
    page.goto("/campaigns/segment/")
    table = page.locator("#result_list")
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")

    page.set_viewport_size(steps.PHONE)
    steps.fits(page)
    title = page.locator("h1 > :last-child")
    assert title.evaluate("title => title.scrollWidth <= title.clientWidth")
    cell = table.get_by_role("link", name=name[:180])
    assert cell.evaluate("cell => cell.getBoundingClientRect().right <= innerWidth")


def test_a_long_value_stays_inside_its_row_of_the_rule(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Row", exact=True).press("Enter")
    steps.fill_row(steps.rows(page), "country code", "is any of", "Wunderschönerlangername" * 10)

    steps.fits(page)
    card = page.get_by_role("region", name="Who is in it")
    assert card.evaluate("card => card.scrollWidth <= card.clientWidth")


def test_what_a_field_suggests_is_as_readable_as_other_quiet_words(visit):
    page = visit("marketer").page
    page.goto("/segments/from-braze/")
    colour = "([element, part]) => getComputedStyle(element, part).color"
    field = page.get_by_label("Connected Audience").element_handle()
    lead = page.locator(".ca-head p").element_handle()

    assert page.evaluate(colour, [field, "::placeholder"]) == page.evaluate(colour, [lead, None])


def test_a_group_of_a_rule_is_heard_as_a_group_around_its_rows(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Group", exact=True).press("Enter")
    steps.settled(page)

    group = page.get_by_role("group", name="Group", exact=True)
    expect(group.get_by_role("group", name="Row", exact=True)).to_have_count(1)
    expect(group.get_by_label("Field")).to_be_focused()


def test_a_value_is_typed_on_where_it_was_begun_while_the_builder_comes_back(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Row", exact=True).press("Enter")
    steps.fill_row(steps.rows(page), "country code", "is any of")
    row = steps.rows(page)
    under_way: list[Route] = []
    page.route("**/segments/new/", lambda route: route.continue_() if under_way else under_way.append(route))

    with page.expect_request("**/segments/new/"):
        row.get_by_label("Question").select_option(label="starts with any of")
    row.get_by_label("Another value").first.focus()
    page.keyboard.type("A")
    under_way[0].continue_()
    expect(row.get_by_label("Value", exact=True)).to_have_value("A")
    page.keyboard.type("U")

    expect(row.get_by_label("Value", exact=True)).to_have_value("AU")
    expect(page.locator("#count")).to_contain_text("“AU”")


def test_on_a_phone_every_cell_of_a_list_says_what_it_is(visit):
    page = visit("auditor").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/campaigns/auditevent/")

    expect(page.locator("#result_list td").first).to_have_attribute("data-label", "Number")

"""Whom it is about, in a real browser: segments built and compared, people imported, pushed, suppressed and erased."""

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e import steps
from tests.inbound import pushing, rokt_says
from tests.workers import wait_until

pytestmark = pytest.mark.e2e

TO_MATCH_DAYS = "user-0000001"  # with both opt-ins
TO_TWO_CALENDARS = "user-0000004"
TABLE = (
    "Kundennummer;Vorname;Mail-Adresse;Calendar code;Subscription ID;Stufe\r\n"
    f"csv-1;Anneliese;anneliese@example.com;harvest/f5733866ade2;{pushing.FIRST};gold\r\n"
    f"csv-2;Bérénice;berenice@example.com;harvest/ff10919f1078;{pushing.SECOND};silver\r\n"
    ";Nobody;nobody@example.com;;;gold\r\n"
    "csv-4;Too few cells\r\n"
    "4.9E+11;Spreadsheet;spreadsheet@example.com;;;gold\r\n"
)

PAGES_ABOUT_PEOPLE = (
    "/segments/new/",
    "/segments/3/",
    "/segments/3/versions/",
    "/segments/3/drift/",
    "/segments/3/braze/",
    "/segments/from-braze/",
    "/lists/new/",
    "/imports/new/",
    "/campaigns/subscriber/",
    "/subscribers/1/",
    "/subscribers/1/why/1/",
    "/subscribers/1/erase/",
    "/subscribers/1/timeline/",
    "/api-keys/new/",
    "/campaigns/apikey/",
    "/accounts/1/webhooks/",
    "/campaigns/notice/",
)


def test_a_segment_is_built_by_keyboard_and_mouse_and_counts_at_every_step(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    count, rows = page.locator("#count"), steps.rows(page)
    page.get_by_label("Name").fill("Gold, by keyboard")
    everyone = steps.counted(page)

    page.get_by_role("button", name="Row", exact=True).focus()
    page.keyboard.press("Enter")
    expect(rows.get_by_label("Field")).to_be_focused()
    page.keyboard.press("t")
    expect(rows.get_by_label("Question")).to_be_visible()
    expect(rows.get_by_label("Field")).to_be_focused()
    expect(rows.get_by_label("Field")).to_have_value("tags")
    page.keyboard.press("Tab")
    expect(rows.get_by_label("Question")).to_be_focused()
    steps.fill_row(rows, "tags", "is, or lies below, any of", "VIP")
    expect(count).to_contain_text("Tags include “VIP” or something below")
    below = steps.counted(page)
    assert 0 < below < everyone

    page.get_by_role("button", name="Same person", exact=True).click()
    steps.fill_row(rows.nth(1), "calendar code", "is any of", "match-days")
    expect(count).to_contain_text("the person has a subscription where (calendar code is “match-days”)")
    both = steps.counted(page)
    assert 0 < both < below
    page.get_by_role("button", name="Row", exact=True).last.click()
    steps.fill_row(rows.nth(2), "random sample", "is in the sample")
    rows.nth(2).get_by_label("Percent of all people").fill("50")
    rows.nth(2).get_by_label("Name of the sample").fill("A")
    expect(count).to_contain_text("the person is in the 50 % sample “A”")
    sampled = steps.counted(page)
    assert 0 < sampled < both

    page.get_by_role("button", name="Row", exact=True).last.click()
    steps.fill_row(rows.nth(3), "subscribed", "is within the last days")
    rows.nth(3).get_by_label("Number of days").fill("30")
    expect(count).to_contain_text("Nobody is in it.")
    rows.nth(3).get_by_role("button", name="Remove this row").click()
    expect(rows).to_have_count(3)
    expect(count).to_contain_text("sample “A”.")
    assert steps.counted(page) == sampled
    steps.settled(page)
    page.get_by_role("button", name="Undo removal").click()
    steps.settled(page)
    expect(rows.nth(3).get_by_label("Number of days")).to_have_value("30")
    rows.nth(3).get_by_role("button", name="Remove this row").click()
    expect(rows).to_have_count(3)
    steps.settled(page)

    up = rows.nth(2).get_by_role("button", name=re.compile("^Move up"))
    up.focus()
    page.keyboard.press("Enter")
    expect(count).to_contain_text("“match-days” and the person is in the 50 % sample “A”)")
    expect(rows.nth(2).get_by_role("button", name=re.compile("^Move up"))).to_be_focused()
    assert steps.counted(page) == sampled
    steps.save(page)
    expect(page.get_by_role("heading", name="Gold, by keyboard")).to_be_visible()
    assert steps.counted(page) == sampled


def test_what_is_typed_while_the_builder_is_on_its_way_is_not_lost(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Row", exact=True).click()
    row = steps.rows(page)
    steps.fill_row(row, "calendar code", "")
    late: list[Route] = []
    page.route("**/segments/new/", lambda route: route.continue_() if late else late.append(route))

    row.get_by_label("Question").select_option(label="is none of")
    row.get_by_label("Another value").fill("match-days")
    wait_until(lambda: page.title() and late, seconds=10, what="the question on its way")
    late[0].continue_()

    expect(page.locator("#count")).to_contain_text("Calendar code is not “match-days”.")


def test_an_old_number_does_not_pass_for_a_new_one_where_the_server_does_not_answer(visit):
    page = visit("marketer").page
    page.goto("/segments/new/")
    page.get_by_role("button", name="Row", exact=True).click()
    row, told = steps.rows(page), page.get_by_text("could not be counted")
    steps.fill_row(row, "calendar code", "is any of", "match-days")
    expect(page.locator("#count")).to_contain_text("Calendar code is “match-days”.")
    expect(told).to_be_hidden()

    page.route("**/segments/count/**", lambda route: route.abort())
    row.get_by_label("Another value").last.fill("members")
    expect(told).to_be_visible()

    page.unroute("**/segments/count/**")
    row.get_by_label("Another value").last.fill("tastings")
    expect(page.locator("#count")).to_contain_text("“tastings”")
    expect(told).to_be_hidden()


def test_the_versions_of_a_segment_are_kept_and_another_segment_builds_on_it(visit):
    page = visit("marketer").page
    steps.make_segment(page, "Members", "calendar code", "is any of", "members")
    members = steps.counted(page)
    page.get_by_role("button", name="Row", exact=True).click()
    rows = steps.rows(page)
    steps.fill_row(rows.nth(1), "tags", "has none of", "VIP/Gold")
    match = page.get_by_label("Every subscription to which")
    match.select_option(label="any of these")
    expect(page.locator("#count .ca-note")).to_contain_text("it lets in nearly everyone")
    match.select_option(label="all of these")
    expect(page.locator("#count")).to_contain_text("and tags do not include “VIP/Gold”.")
    expect(page.locator("#count")).not_to_contain_text("it lets in nearly everyone")
    without_gold = steps.counted(page)
    assert 0 < without_gold < members
    steps.save(page)

    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("listitem", name="Version 1")).to_contain_text("Calendar code is “members”.")
    changed = page.get_by_role("listitem", name="Version 2").get_by_role("list", name="What changed")
    expect(changed).to_contain_text("added: tags do not include “VIP/Gold”")

    steps.make_segment(page, "Members again", "another segment", "", "Members")
    assert steps.counted(page) == without_gold
    page.get_by_role("link", name="Segments").first.click()
    page.get_by_role("link", name="Members", exact=True).click()
    expect(page.get_by_text("Other segments ask for this one:")).to_contain_text("Members again")


def test_each_condition_says_why_somebody_is_in_or_out(visit):
    page = visit("marketer").page
    page.goto("/segments/3/")
    person = page.locator("#count .ca-people li").first
    name = person.get_by_role("link").first.inner_text()
    person.get_by_role("link", name=re.compile("^why")).click()
    expect(page.get_by_role("heading", name=f"yes {name} is in.")).to_be_visible()
    for condition, value in (
        ("account code is “northwind”", "“northwind” → applies"),
        ("tags include “VIP/", "VIP/"),
    ):
        answer = page.get_by_role("listitem").filter(has_text=condition).last
        expect(answer).to_contain_text(value)
        expect(answer.get_by_text("applies", exact=True).first).to_be_visible()

    steps.open_person(page, TO_MATCH_DAYS)
    page.get_by_role("combobox", name=re.compile("^Segment")).select_option(label="Summer sale, opted in")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("heading", name=re.compile("^no .* is not in"))).to_be_visible()
    missed = page.get_by_role("listitem").filter(has_text="calendar code is “summer-sale”").last
    expect(missed).to_contain_text("“match-days” → does not apply")
    expect(page.get_by_role("listitem").filter(has_text="first opt-in is yes").last).to_contain_text(
        "yes → applies"
    )


def test_who_came_and_who_was_suppressed_since_stands_on_the_page_with_the_reason(visit, demo):
    key = steps.make_key(visit("admin").page, "Fair")
    came = [
        pushing.subscribing(who, f"06423672-b6ba-4536-aa36-{place:012x}", calendar="fair", first_name=who)
        for place, who in enumerate(("Fay", "Gus", "Hal"), start=0xFA1)
    ]
    steps.push(demo, key, attributes=came[:2])
    approver = visit("approver").page
    steps.make_segment(approver, "Fair", "calendar code", "is any of", "fair")
    assert steps.counted(approver) == 2
    approver.get_by_role("link", name="Who joined or left").click()
    approver.get_by_role("button", name="Remember who is in it now").click()
    expect(approver.get_by_text("Remembered: 2 people are in it now.")).to_be_visible()
    compared = approver.url

    steps.push(demo, key, attributes=came[2:])
    steps.open_person(approver, "Gus")
    steps.suppress(approver, "asked us by phone")
    approver.goto(compared)
    joined, left = (approver.get_by_role("link", name=re.compile(word)) for word in ("joined$", "left$"))
    expect(joined).to_have_text(re.compile("^1"))
    expect(left).to_have_text(re.compile("^1"))
    expect(approver.locator("tbody tr")).to_contain_text(["Hal"])
    expect(approver.locator("tbody tr")).to_contain_text("First seen here since then.")
    left.click()
    expect(approver.locator("tbody tr")).to_contain_text(["Gus"])
    expect(approver.locator("tbody tr")).to_contain_text(re.compile("suppressed", re.IGNORECASE))


def upload(page: Page) -> None:
    """Upload the table and answer what its columns mean."""
    page.goto("/imports/new/")
    file: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.get_by_label("Kundennummer", exact=True)).to_have_value("external_id")
    expect(page.get_by_label("Vorname", exact=True)).to_have_value("first_name")
    expect(page.get_by_label("Calendar code", exact=True)).to_have_value("rokt:calendar_code")
    page.get_by_label("Mail-Adresse", exact=True).select_option(label="E-mail")
    page.get_by_label("Stufe", exact=True).select_option(label="custom attribute called …")
    page.get_by_label("Name of the custom attribute").and_(page.locator(":visible")).fill("stufe")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".ca-badge", has_text="tried, not imported")).to_be_visible(timeout=steps.FINISHED)


def test_a_table_with_bad_rows_is_tried_imported_and_changes_nothing_the_second_time(visit):
    page = visit("marketer").page
    upload(page)
    expect(page.get_by_text("Would be added: 2. Brought up to date: 0.")).to_be_visible()
    problems = page.get_by_role("region", name="Rows with a problem").locator("tbody tr")
    expect(problems).to_have_count(3)
    for place, (line, fault) in enumerate(
        (("4", "user id"), ("5", "The row has 2 of 6 cells."), ("6", "4.9E+11"))
    ):
        expect(problems.nth(place)).to_contain_text(line)
        expect(problems.nth(place)).to_contain_text(fault)

    page.get_by_role("button", name="Import these people").click()
    page.get_by_role("link", name="See who is new").click(timeout=steps.FINISHED)
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    page.get_by_role("link", name="csv-2").click()
    expect(page.locator("#attributes")).to_contain_text('"stufe": "silver"')
    expect(page.get_by_role("heading", name="1 subscription")).to_be_visible()

    upload(page)
    expect(page.get_by_text("Importing this file would change nothing")).to_be_visible()
    expect(page.get_by_role("button", name="Import these people")).to_have_count(0)


def test_somebody_is_suppressed_let_in_again_and_erased_while_the_history_keeps_the_delivery(visit):
    approver = visit("approver").page
    approver.goto("/sends/1/")
    expect(approver.get_by_text("finished", exact=True).first).to_be_visible(timeout=steps.FINISHED)
    steps.open_person(approver, TO_TWO_CALENDARS)
    table = approver.get_by_role("region", name="2 subscriptions")
    expect(table.get_by_role("columnheader")).to_have_text(["1. Match Days", "2. Tastings"])
    expect(table.get_by_role("row", name="Account code (differs)")).to_contain_text("northwind")
    entries = approver.get_by_role("region", name="On their calendar now")
    expect(entries).to_contain_text("ACME Arena")
    log = approver.get_by_role("region", name="What happened")
    expect(log).to_contain_text("Season opener")

    steps.suppress(approver, "asked us by phone")
    expect(approver.locator("#suppressed")).to_contain_text("by approver, because: asked us by phone")
    expect(log).to_contain_text("asked us by phone")
    approver.get_by_label("Why?").fill("it was somebody else")
    approver.get_by_role("button", name="Lift the suppression").click()
    expect(approver.get_by_text("Events may be sent to this person again.")).to_be_visible()
    expect(log).to_contain_text("it was somebody else")
    expect(approver.get_by_role("link", name=re.compile("Erase"))).to_have_count(0)

    admin = visit("admin").page
    admin.goto(approver.url)
    admin.get_by_role("link", name=re.compile("^Erase this person")).click()
    admin.get_by_label("Why?").fill("law")
    admin.get_by_label("Type the user id").fill("somebody else")
    admin.get_by_role("button", name="Erase for good").click()
    expect(admin.get_by_role("alert")).to_contain_text("Nothing was changed.")
    admin.get_by_label("Type the user id").fill(TO_TWO_CALENDARS)
    admin.get_by_role("button", name="Erase for good").click()
    told = admin.get_by_text("Erased. What was sent stays in the history under the name").inner_text()
    (pseudonym,) = re.findall("erased-[0-9a-f]+", told)

    admin.goto(f"/campaigns/subscriber/?q={TO_TWO_CALENDARS}")
    expect(admin.locator("#result_list tbody tr")).to_have_count(0)
    admin.goto(f"/campaigns/delivery/?q={pseudonym}")
    expect(admin.locator("#result_list tbody")).to_contain_text(pseudonym)
    admin.locator("#result_list tbody tr").get_by_role("link").first.click()
    expect(admin.locator("body")).to_contain_text(pseudonym)
    expect(admin.locator("body")).to_contain_text("202")
    expect(admin.locator("body")).not_to_contain_text(TO_TWO_CALENDARS)


def test_a_key_lets_a_person_in_and_a_webhook_tells_of_her_subscription(visit, demo):
    page = visit("admin").page
    key = steps.make_key(page, "Doors")
    guid = "06423672-b6ba-4536-aa36-0000000d0012"
    account: dict[str, Any] = {"rokt:account_code": {"add": [f"acme-events/{guid[-12:]}"]}}
    steps.push(demo, key, attributes=[pushing.subscribing("Dora", guid, first_name="Dora", **account)])
    page.goto("/campaigns/apikey/")
    expect(page.locator("#result_list tbody tr", has_text="Doors")).to_contain_text(key[-4:])
    expect(page.locator("body")).not_to_contain_text(key)
    steps.open_person(page, "Dora")
    expect(page.get_by_role("region", name="1 subscription")).to_contain_text(guid)

    page.goto("/accounts/1/webhooks/")
    page.get_by_role("button", name="Make an address").click()
    address = page.get_by_label("URL", exact=True).input_value()
    steps.post(address, rokt_says.subscribe(guid, account_code="acme-events"))
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("region", name="Addresses")).to_contain_text(address[-5:-1])
    expect(page.locator("body")).not_to_contain_text(address.split("/")[-2])
    page.get_by_role("link", name="See what came in").click()
    page.locator("#result_list tbody tr", has_text="Subscribe").get_by_role("link").first.click()
    told = page.get_by_role("region", name="The subscription, as Rokt has told")
    wait_until(lambda: page.reload() and told.is_visible(), seconds=30, what="a worker for the webhook")
    expect(page.get_by_role("region", name="What was said")).to_contain_text(guid)
    expect(told).to_contain_text("Dora")


def test_a_workspace_is_brought_in_step_with_braze_while_its_page_is_closed(visit):
    page = visit("admin").page
    page.set_viewport_size(steps.PHONE)
    page.goto("/campaigns/workspace/1/change/")
    page.get_by_role("button", name="Check the key").click()
    expect(page.get_by_text("Braze lets the key in, with all that is needed.")).to_be_visible()
    page.get_by_role("link", name="Sync with Braze").click()
    page.get_by_role("button", name="Show segments").click()
    page.get_by_role("radio", name=re.compile("^Everyone with a calendar")).check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("region", name="Progress")).to_contain_text("Begun by admin")
    in_step = page.url

    for address in PAGES_ABOUT_PEOPLE:
        page.goto(address)
        expect(page.get_by_role("heading").first).to_be_visible()
        steps.fits(page)

    page.goto(in_step)
    run = page.get_by_role("region", name="Runs so far").locator("tbody tr").first
    expect(run).to_contain_text("finished", timeout=steps.FINISHED)
    expect(page.get_by_role("button", name="Sync now")).to_be_visible()
    assert int(run.locator("[data-label=Unchanged]").inner_text().replace(",", "")) > 2_000
    steps.fits(page)

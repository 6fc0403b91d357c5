"""The main job in a real browser: compose, preview, send, watch, prove; as a marketer, an approver and an auditor."""

import csv
import io
import json
import re

import pytest
from playwright.sync_api import Dialog, Page, expect

pytestmark = pytest.mark.e2e

FINISHED = 60_000


def new_campaign(page: Page, name: str, *, account: str, audience: str) -> None:
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Account").select_option(label=account)
    page.get_by_label("Audience").select_option(label=audience)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(name).first).to_be_visible()


def compose(page: Page, title: str) -> None:
    page.get_by_role("link", name=re.compile("compose", re.IGNORECASE)).first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Location").fill("Open for 50 % off")


def test_a_marketer_composes_previews_sends_and_the_auditor_finds_it(visit, demo):
    marketer = visit("marketer")
    page = marketer.page
    new_campaign(page, "Winter sale", account="ACME Events", audience="Summer sale, opted in")
    compose(page, "{{${first_name} | default: 'Friend'}}, \"winter\" 김치 sale")

    preview = page.locator("#panel")
    expect(preview).to_contain_text('\\"winter\\" 김치 sale')
    expect(preview).to_contain_text("Bearer ••••••••")
    first = preview.inner_text()
    page.get_by_role("button", name="Next person").click()
    expect(preview).not_to_have_text(first)

    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Review and send").click()
    send = page.get_by_role("button", name=re.compile(r"Send to [\d,]+ people"))
    expect(page.get_by_text(re.compile(r"All [\d,]+ people can be sent to"))).to_be_visible(timeout=FINISHED)
    people = int(re.sub(r"\D", "", send.inner_text()))
    send.click()

    expect(page.get_by_text("finished", exact=True).first).to_be_visible(timeout=FINISHED)
    expect(page.get_by_text("The books balance")).to_be_visible()
    event_ids = {
        json.loads(line["body"])["event"]["eventId"]
        for line in demo.sandbox("/sandbox/log")
        if line["path"] == "/v1/subscriptionevent/acme-events" and "winter" in line["body"]
    }
    assert len(event_ids) == people > 100
    twice = {name.partition("/")[2] for name in demo.sandbox("/sandbox/summary")["posted_twice"]}
    assert not event_ids & twice  # other journeys' tests are posted again by the real send
    send_address = page.url

    auditor = visit("auditor").page
    auditor.goto(send_address)
    expect(auditor.get_by_text("The books balance")).to_be_visible()
    expect(auditor.get_by_role("link", name="Send an update")).to_have_count(0)
    auditor.get_by_role("link", name=f"{people:,}", exact=True).first.click()
    auditor.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(auditor.get_by_text("202").first).to_be_visible()
    expect(auditor.locator("body")).to_contain_text('\\"winter\\" 김치 sale')
    expect(auditor.locator("body")).to_contain_text("marketer")


def test_leaving_with_unsaved_changes_asks_first(visit):
    page = visit("marketer").page
    page.goto("/events/1/")
    page.get_by_label("Title").fill("Not saved yet")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)

    page.get_by_role("link", name="Home").first.click(no_wait_after=True)

    expect(page.get_by_label("Title")).to_have_value("Not saved yet")
    assert asked == ["beforeunload"]


def test_an_update_reaches_those_who_have_the_event(visit, demo):
    page = visit("marketer").page
    page.goto("/sends/1/")
    expect(page.get_by_text("finished", exact=True).first).to_be_visible(timeout=FINISHED)
    page.goto("/events/3/")
    page.get_by_label("Title").fill("Season opener, one hour later")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. Nothing is sent yet.")).to_be_visible()
    page.goto("/events/3/send/update/")
    page.get_by_role("button", name=re.compile(r"Update [\d,]+ calendars")).click(timeout=FINISHED)

    expect(page.get_by_text("finished", exact=True).first).to_be_visible(timeout=FINISHED)
    log = demo.sandbox("/sandbox/log")
    updates = [line for line in log if line["path"] == "/v1/subscriptionevent/acme-events/update"]
    assert updates
    assert {line["status"] for line in updates} == {202}
    assert list(json.loads(updates[0]["body"])) == ["event"]


def test_a_send_that_needs_a_second_person_is_released_by_the_approver(visit):
    marketer = visit("marketer").page
    marketer.goto("/events/2/send/create/")
    marketer.get_by_role("button", name=re.compile("release", re.IGNORECASE)).click(timeout=FINISHED)
    expect(marketer.get_by_text("waiting for release").first).to_be_visible()
    expect(marketer.get_by_role("button", name="Release")).to_have_count(0)

    approver = visit("approver").page
    approver.goto(marketer.url)
    approver.get_by_role("button", name=re.compile("^Release")).click()

    expect(approver.get_by_text("finished", exact=True).first).to_be_visible(timeout=FINISHED)
    expect(approver.locator("body")).to_contain_text("released by approver")


def test_a_segment_counts_while_it_is_built(visit):
    page = visit("marketer").page
    page.goto("/segments/1/")
    count = page.locator("#count")
    expect(count).to_contain_text(re.compile(r"\d+ people"))
    before = count.inner_text()

    page.locator("#builder select").last.select_option(label="is no")
    expect(count).not_to_have_text(before, use_inner_text=True)
    expect(count).to_contain_text("first opt-in is no")
    selects = page.locator("#builder select").count()
    page.get_by_role("button", name="Row").last.click()

    expect(page.locator("#builder select").nth(selects)).to_be_visible()


def test_the_auditor_downloads_the_history_and_can_change_nothing(visit):
    auditor = visit("auditor")
    page = auditor.page
    page.goto("/campaigns/delivery/")
    expect(page.locator("#result_list tbody tr").first).to_be_visible()

    rows = list(csv.reader(io.StringIO(auditor.context.request.get("/history.csv").text().lstrip("\ufeff"))))

    assert len(rows) > 500
    assert "user id" in [cell.lower() for cell in rows[0]]
    for address in ("/events/1/", "/campaigns/1/", "/segments/1/", "/sends/1/"):
        page.goto(address)
        expect(
            page.get_by_role("button", name=re.compile("^(Save|Send|Pause|Cancel|Archive)"))
        ).to_have_count(0)
    assert auditor.context.request.post("/sends/1/pause/").status == 403


def test_the_page_is_usable_on_a_phone(visit):
    page = visit("marketer").page
    page.set_viewport_size({"width": 390, "height": 844})
    for address in (
        "/",
        "/campaigns/1/",
        "/events/1/",
        "/segments/1/",
        "/events/1/send/create/",
        "/sends/1/",
    ):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{address} scrolls sideways by {wide} px"

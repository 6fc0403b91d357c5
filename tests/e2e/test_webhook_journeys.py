"""Webhooks pasted from Braze, in a real browser: a template is mended, used, sent, and changed later."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e import steps
from tests.views import pasted

pytestmark = pytest.mark.e2e

QUOTED = "{% if custom_attribute.${loyalty_tier} == 'gold' %}The \"golden\" hour{% else %}The early hour{% endif %}"


def test_a_pasted_webhook_is_explained_mended_and_kept_version_by_version(visit):
    page = visit("marketer").page
    steps.paste_template(page, "Golden hour", pasted.captured(eventTitle=QUOTED))

    tried = page.get_by_role("region", name="Tried on real people")
    failing = tried.get_by_text(re.compile(r"Nothing would be sent: [\d,]+ (person|people)"))
    expect(tried).to_contain_text("JSON")
    expect(tried.get_by_text(re.compile(r"[\d,]+ people fine"))).to_be_visible()
    expect(failing.first).to_be_visible()
    page.get_by_text(re.compile(r"\d+ things to look at")).click()
    for explained in (
        "<Rokt-Calendar-API> stands for the name of your own credential",
        "{{eventTitle | json_escape}}",
        "Only the person's first account is used",
    ):
        expect(page.locator("#panel").get_by_text(explained)).to_be_visible()

    body = steps.typed(page, "Body")
    body.fill(body.input_value().replace('"golden"', "“golden”"))
    expect(tried).not_to_contain_text("JSON")
    steps.save(page)
    expect(page.get_by_role("link", name="Version 1")).to_be_visible()
    page.get_by_role("link", name="Webhook templates").first.click()
    row = page.locator("#result_list tbody tr", has_text="Golden hour")
    expect(row.locator(".field-version")).to_have_text("1")

    row.get_by_role("link", name="Golden hour").click()
    expect(steps.typed(page, "Headers")).to_have_value(
        re.compile(
            r"^Authorization: Bearer \{% .* %\}\{\{token.access_token\}\}\nContent-Type: application/json$"
        )
    )
    body.fill(body.input_value().replace("Event Description", "Doors open at eight"))
    steps.save(page)
    page.get_by_role("link", name="Version 2").click()

    expect(page.get_by_role("heading", name="Version 2, compared with version 1")).to_be_visible()
    expect(page.locator("ins")).to_contain_text("Doors open at eight")
    expect(page.locator("del")).to_contain_text("Event Description")


def test_a_webhook_reaches_calendars_byte_for_byte_and_leaves_out_who_cannot_be_sent_to(visit, demo):
    page = visit("marketer").page
    steps.begin_campaign(page, "Tasting by webhook", account="Northwind Club", audience="Northwind, VIP")
    steps.use_template(page, steps.ROKT_TEMPLATE)
    steps.fill_captures(page, eventId="Webhook-Tasting", eventTitle="Webhook tasting")
    steps.show_somebody_fine(page)
    expect(page.locator("#call")).to_contain_text("/v1/subscriptionevent/northwind")
    expect(page.locator(".ca-look:visible").get_by_role("heading", name="Webhook tasting")).to_be_visible()
    exact = page.locator("#exact").text_content()
    steps.save(page)
    expect(page.get_by_role("region", name="This is what we read from it")).to_contain_text("Webhook tasting")

    page.get_by_role("link", name="Review and send").click()
    reason = page.get_by_role("textbox", name=re.compile("^Send without these .* because"))
    reason.fill("They are looked after by another account")
    left_out = steps.people_in(page.get_by_text(re.compile(r"[\d,]+ people cannot be sent to")).first)
    other_account = page.get_by_role("row", name="The URL names another account than northwind")
    assert 0 < steps.people_in(other_account.get_by_role("link", name="people")) < left_out
    page.get_by_role("button", name="Ask for release").click()
    expect(page.get_by_text("waiting for release").first).to_be_visible()

    approver = visit("approver").page
    approver.goto(page.url)
    expect(approver.get_by_text("They are looked after by another account").first).to_be_visible()
    approver.get_by_role("button", name="Release", exact=True).click()
    expect(approver.get_by_text("finished", exact=True).first).to_be_visible(timeout=steps.FINISHED)
    expect(approver.get_by_text("The books balance")).to_be_visible()
    reached = steps.people_in(approver.locator("#book-accepted"))

    calls = steps.calls_about(demo, "Webhook-Tasting_")
    assert len(calls) == reached
    assert {(line["path"], line["status"]) for line in calls} == {("/v1/subscriptionevent/northwind", 202)}
    assert exact is not None
    assert exact.startswith("\n\n")
    assert exact in [line["body"] for line in calls]
    skipped = approver.locator("#book-skipped")
    assert steps.people_in(skipped) == left_out
    skipped.click()
    approver.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    expect(
        approver.get_by_role("heading", name=re.compile("left out on purpose", re.IGNORECASE))
    ).to_be_visible()
    expect(approver.get_by_role("heading", name="No call was made")).to_be_visible()


def test_a_later_change_of_the_template_is_offered_to_the_event_and_taken(visit):
    page = visit("marketer").page
    steps.paste_template(page, "Doors", pasted.captured())
    steps.save(page)
    expect(page.get_by_role("link", name="Version 1")).to_be_visible()
    template_address = page.url
    steps.begin_campaign(page, "Doors by webhook", audience="Match days")
    steps.use_template(page, "Doors")
    steps.fill_captures(page, eventId="Webhook-Doors", eventTitle="Our own title")
    steps.save(page)
    expect(page.get_by_role("link", name="Review and send")).to_be_visible()
    event_address = page.url

    page.goto(template_address)
    body = steps.typed(page, "Body")
    body.fill(body.input_value().replace("{{eventDescr}}", "{{eventDescr}}. Doors open at eight."))
    steps.save(page)
    expect(page.get_by_role("link", name="Version 2")).to_be_visible()
    page.goto(event_address)
    expect(page.get_by_text("The template “Doors” (new event) has changed since")).to_contain_text(
        "version 2"
    )
    page.get_by_role("link", name="See what changed").click()
    for region in ("What changed in the template", "What that would change in this event"):
        expect(page.get_by_role("region", name=region).locator("ins")).to_contain_text("Doors open at eight.")
    page.get_by_role("button", name="Take the change").click()

    expect(body).to_have_value(
        re.compile(r"Our own title.*\{\{eventDescr\}\}\. Doors open at eight\.", re.DOTALL)
    )
    expect(page.get_by_text("has changed since")).to_have_count(0)
    steps.show_somebody_fine(page)
    expect(page.locator("#call")).to_contain_text("Doors open at eight.")
    expect(page.locator("#call")).to_contain_text("Our own title")


def test_the_webhook_pages_do_not_scroll_sideways_on_a_phone(visit):
    page = visit("marketer").page
    page.set_viewport_size(steps.PHONE)
    steps.begin_campaign(page, "Webhook on a phone", audience="Match days")
    steps.use_template(page, steps.ROKT_TEMPLATE)
    steps.fits(page)
    steps.fill_captures(page, eventId="Webhook-Phone", eventTitle="A title of some length, typed on a phone")
    steps.show_somebody_fine(page)
    steps.fits(page)
    page.goto("/campaigns/webhooktemplate/")
    steps.fits(page)
    page.locator("#result_list").get_by_role("link", name=steps.ROKT_TEMPLATE).click()
    expect(page.get_by_role("region", name="Tried on real people")).to_be_visible()
    steps.fits(page)
    page.get_by_role("link", name="Versions", exact=True).click()
    steps.fits(page)

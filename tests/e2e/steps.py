"""Steps that several journeys take: begin a campaign, paste a template, compose, check everybody, read the log."""

import json
import re
import urllib.request
from typing import Any

from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.e2e.conftest import Demo
from tests.pipeline import braze_webhook
from tests.views import pasted

FINISHED = 60_000
PHONE: ViewportSize = {"width": 390, "height": 844}
ROKT_TEMPLATE = "Rokt Calendar: new event"
# The headers as they are copied from Braze's page, which is written in Markdown.
MARKDOWN_HEADERS = """- **HTTP method**: POST
- **Request Header**:
  - **Authorization**: Bearer `{% connected_content https://api.roktcalendar.com/oauth2/token :method post\
 :basic_auth <Rokt-Calendar-API> :body grant_type=client_credentials :save token :retry %}{{token.access_token}}`
  - **Content-Type**: application/json"""


def begin_campaign(page: Page, name: str, *, account: str = "ACME Events", audience: str) -> None:
    """Make a campaign and stay on its page."""
    page.goto("/campaigns/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Account").select_option(label=account)
    page.get_by_label("Audience").select_option(label=audience)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def compose(page: Page, title: str) -> None:
    """Compose an event in the campaign whose page is open, save it, and stay on its page."""
    page.get_by_role("link", name="Compose an event").click()
    page.get_by_label("Title").fill(title)
    save(page)
    expect(page.get_by_role("link", name="Review and send")).to_be_visible()


def save(page: Page) -> None:
    """Save what is typed on the page that is open."""
    page.get_by_role("button", name="Save", exact=True).click()


def typed(page: Page, label: str) -> Locator:
    """The field of a webhook whose label begins so."""
    return page.get_by_role("textbox", name=re.compile(f"^{label}"))


def paste_template(page: Page, name: str, body: str) -> None:
    """Open a new webhook template and paste Braze's webhook with this body; nothing is saved yet."""
    page.goto("/")
    page.get_by_role("link", name="Webhook templates").click()
    page.locator('a[href$="/webhooktemplate/add/"]').first.click()
    typed(page, "URL").fill(braze_webhook.URL)
    typed(page, "Headers").fill(MARKDOWN_HEADERS)
    typed(page, "Name").fill(name)
    typed(page, "Body").fill(body)


def use_template(page: Page, name: str) -> None:
    """Begin an event from a template in the campaign whose page is open."""
    page.get_by_role("link", name="Use a webhook template").first.click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_text("The event gets its own copy of:")).to_contain_text(name)


def fill_captures(page: Page, **said: str) -> None:
    """Write between the capture tags of the new event; it starts in 30 days unless it is said otherwise."""
    body = typed(page, "Body")
    body.fill(pasted.captured(body.input_value(), **said))


def show_somebody_fine(page: Page) -> None:
    """Step through the people beside the form until there is a call to be seen."""
    shown = page.locator("#panel [name=person]")
    call = page.locator("#call")
    page.get_by_role("button", name="Next person").click()
    while not call.is_visible():
        before = shown.get_attribute("value")
        page.get_by_role("button", name="Next person").click()
        expect(shown).not_to_have_attribute("value", before or "")


def fits(page: Page) -> None:
    """See that nothing makes the page wider than the screen, once it is there."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1, f"{page.url} scrolls sideways by {wide} px"


def people_in(words: Locator) -> int:
    """The first number in what is shown."""
    found = re.search(r"[\d,]+", words.inner_text())
    assert found is not None
    return int(found[0].replace(",", ""))


def calls_about(demo: Demo, words: str) -> list[dict[str, Any]]:
    """What arrived at the stand-in Rokt with these words in its body."""
    return [line for line in demo.sandbox("/sandbox/log") if words in line["body"]]


def person_of(line: dict[str, Any]) -> str:
    """The user id that a call's event id ends in."""
    event_id: str = json.loads(line["body"])["event"]["eventId"]
    return event_id.rpartition("_")[2]


def rows(page: Page) -> Locator:
    """The rows of the rule that is being built."""
    return page.get_by_role("group", name="Row", exact=True)


def settled(page: Page) -> None:
    """Wait until the builder is as it was last asked for."""
    expect(page.locator(".htmx-request, .htmx-settling, .htmx-added")).to_have_count(0)


def fill_row(row: Locator, field: str, question: str, *values: str) -> None:
    """Say what a row looks at, what it asks and with what it compares."""
    settled(row.page)
    row.get_by_label("Field").select_option(label=field)
    settled(row.page)
    if question:
        row.get_by_label("Question").select_option(label=question)
        settled(row.page)
    for value in values:
        row.get_by_label("Another value").fill(value)


def counted(page: Page) -> int:
    """How many people the rule means, as the page says now."""
    return people_in(page.locator("#count .ca-numbers"))


def make_segment(page: Page, name: str, field: str, question: str, value: str) -> None:
    """Make a segment of one row and stay on its page."""
    page.goto("/segments/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Row", exact=True).click()
    fill_row(rows(page), field, question, value)
    expect(page.locator("#count")).to_contain_text(value)
    save(page)
    expect(page.get_by_role("link", name="Versions")).to_be_visible()


def open_person(page: Page, user_id: str) -> None:
    """Find somebody by user id and open the page about them."""
    page.goto("/campaigns/subscriber/")
    page.locator("#searchbar").fill(user_id)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=user_id, exact=True).click()
    expect(page.get_by_role("region", name="On their calendar now")).to_be_visible()


def suppress(page: Page, reason: str) -> None:
    """Send nothing any more to the person whose page is open."""
    page.get_by_label("Why?").fill(reason)
    page.get_by_role("button", name="Suppress", exact=True).click()
    expect(page.get_by_text("Nothing is sent to this person any more.")).to_be_visible()


def make_key(page: Page, name: str) -> str:
    """Make an API key as an admin and return its text, which is shown this once."""
    page.goto("/campaigns/apikey/")
    page.locator('a[href$="/apikey/add/"]').first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the key").click()
    return page.get_by_label("API key", exact=True).input_value()


def post(address: str, body: dict[str, Any], **headers: str) -> int:
    """Post JSON as a stranger does, and say how it was answered."""
    sent = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(address, json.dumps(body).encode(), sent)
    with urllib.request.urlopen(request, timeout=30) as answer:
        status: int = answer.status
    return status


def push(demo: Demo, key: str, **body: Any) -> None:
    """Push people as Rokt Calendar pushes them to Braze."""
    assert post(f"{demo.url}/users/track", body, Authorization=f"Bearer {key}") == 201

"""What is wrong with a webhook, explained on real people, beside the form."""

import json

import pytest
from django.urls import reverse

from campaigns.models import EventWebhook, WebhookTemplate
from campaigns.views import tryout
from tests import builders
from tests.views.typed import text_of
from tests.views.webhook_form import HEADERS, check, pasted, person, post

pytestmark = pytest.mark.django_db

ACCOUNT_URL = (
    "{% assign accountCode = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}"
    "https://api.roktcalendar.com/v1/subscriptionevent/{{accountCode}}"
)


def test_an_empty_page_says_what_to_do(marketer):
    assert "Paste the URL, the headers and the body." in text_of(marketer.get(reverse("webhook_new")))


def test_what_lint_finds_is_told_with_part_line_and_fix(marketer):
    response = check(marketer, body="{\n{{custom_attribute.${x}}} “a” {{ “b” }}", headers="A: {{ x | nope }}")

    places = {(remark.part, remark.line) for remark in response.context["remarks"]}
    assert ("Body", 2) in places
    assert "Header “A”" in {part for part, _line in places}
    assert "The header “A” is not sent" in text_of(response)


def test_liquid_that_braze_refuses_is_told_once_and_nobody_is_tried(marketer, account):
    person(account, "ada")

    response = check(marketer, body="{% if %}")

    bad = [remark for remark in response.context["remarks"] if remark.is_bad]
    assert len(bad) == 1
    assert "It is tried as soon as the URL and the body can be read." in text_of(response)


def test_headers_that_the_form_refuses_are_explained_once(marketer):
    said = text_of(check(marketer, headers="Autorisierung: x"))

    assert "“Autorisierung” is a translation." in said
    assert "The header “Autorisierung” is not sent" not in said


def test_only_so_many_remarks_are_shown(marketer):
    response = check(marketer, body="{{ ${nothing_like_it} }}\n" * 40)

    assert len(response.context["remarks"]) == 30
    assert "more." in text_of(response)


def test_a_translated_bearer_is_explained_once(marketer):
    response = check(marketer, headers=HEADERS.replace("Bearer", "Träger"))

    assert text_of(response).count("“Träger” is a translation.") == 1
    assert "Träger is a translation" not in text_of(response).replace("“Träger”", "")


def test_a_broken_field_is_told_in_the_panel_and_nobody_is_tried(marketer, account):
    person(account, "ada")

    response = check(marketer, body="x" * 100_001)

    assert "tried" not in response.context
    assert "A field has a problem." in text_of(response)


# Real people


def test_it_is_tried_on_the_people_of_the_account(marketer, account):
    for name in ("ada", "bob"):
        person(account, name, count=2)
    person(builders.make_account("other"), "eve")
    builders.make_subscription(builders.make_subscriber("no-id"), account, rokt_id="")
    person(account, "gone", is_active=False)

    response = check(marketer, account=str(account.pk))

    tried = response.context["tried"]
    assert (tried.found_count, tried.tried_count, tried.fine_count) == (2, 2, 2)
    assert "✓ 2 people fine" in text_of(response)


def test_the_request_of_one_person_hides_the_token(marketer, account):
    ada = person(account, "ada", count=2)

    response = check(marketer)

    shown = response.context["shown"]
    sent = json.loads(shown.preview.body)
    assert sent["event"]["eventId"] == "Event_0001_ada"
    assert sent["subscriptionIds"] == [row.rokt_id for row in ada.subscriptions.all()]
    assert "POST https://api.roktcalendar.com/v1/subscriptionevent/shop" in text_of(response)
    assert "Authorization : Bearer ••••••••" in text_of(response)
    assert "THE-ACCOUNTS-OWN-TOKEN" not in response.content.decode()


def test_stepping_from_one_person_to_the_next(marketer, account):
    ada, bob, eve = (person(account, name) for name in ("ada", "bob", "eve"))

    shown = check(marketer, person=str(ada.pk), show=str(bob.pk)).context["shown"]

    assert (shown.person, shown.previous, shown.following) == (bob, ada.pk, eve.pk)
    assert check(marketer, person=str(eve.pk)).context["shown"].following is None
    assert check(marketer, show="999999").context["shown"].person == ada


def test_people_are_grouped_by_what_is_wrong(marketer, account):
    for number in range(5):
        person(account, f"nameless-{number}", attributes={})
    person(account, "quote", first_name='Jo"')
    person(account, "fine")

    response = check(marketer)

    tried = response.context["tried"]
    groups = {group.count: group for group in tried.failed}
    assert (tried.fine_count, [group.count for group in tried.failed]) == (1, [5, 1])
    assert len(groups[5].examples) == 3
    assert "subscriptionIds" in groups[5].cause
    assert groups[1].examples[0][0].external_id == "quote"
    assert groups[1].examples[0][1]
    said = text_of(response)
    assert "Nothing would be sent: 5 people." in said
    assert reverse("subscriber_detail", args=[groups[1].examples[0][0].pk]) in (response.content.decode())


def test_people_left_out_by_the_text_are_no_failure(marketer, account):
    person(account, "ada", first_name="Ada")
    person(account, "bob", first_name="")
    guard = "{% if ${first_name} == blank %}{% abort_message('no name') %}{% endif %}"

    response = check(marketer, body=guard + builders.WEBHOOK_BODY, show=str(0))

    tried = response.context["tried"]
    assert (tried.fine_count, tried.failed, tried.left_out[0].count) == (1, [], 1)
    assert "Left out: 1 person. The webhook left this person out: no name" in text_of(response)


def test_a_person_left_out_is_shown_as_that(marketer, account):
    person(account, "bob")

    response = check(marketer, body="{% abort_message('never') %}")

    assert response.context["shown"].is_left_out
    assert "Nothing would be sent to Bob:" in text_of(response)


def test_notes_are_warnings(marketer, account):
    ada = person(account, "ada")
    builders.make_subscription(ada, account)

    response = check(marketer)

    assert response.context["tried"].noted[0].count == 1
    assert "1 subscription of this account is not in “subscriptionIds”." in text_of(response)


def test_the_url_says_what_kind_of_send_it_is_for(marketer, account):
    person(account, "ada")

    body = builders.WEBHOOK_BODY.partition(',\n  "subscriptionIds')[0] + "}"
    response = check(marketer, url=f"{ACCOUNT_URL}/update", body=body)

    assert response.context["kind"] == EventWebhook.Kind.UPDATE
    assert "as an update" in text_of(response)
    assert response.context["tried"].fine_count == 1


def test_webhooks_that_ask_other_addresses_are_tried_on_one_person(marketer, account):
    person(account, "ada")
    person(account, "bob")
    asks = "{% connected_content http://127.0.0.1:9/x :save y %}"

    response = check(marketer, body=asks + builders.WEBHOOK_BODY)

    assert "tried" not in response.context
    assert "so it is tried on one person only" in text_of(response)
    assert response.context["shown"].person.external_id == "ada"


def test_a_slow_text_is_tried_on_fewer_people(marketer, account, monkeypatch):
    person(account, "ada")
    person(account, "bob")
    monkeypatch.setattr(tryout, "SECONDS", 0)

    response = check(marketer)

    assert response.context["tried"].tried_count == 1
    assert "1 of 2 tried: this text takes long for each person." in text_of(response)


def test_at_most_so_many_people_are_tried(marketer, account, monkeypatch):
    monkeypatch.setattr(tryout, "MOST_PEOPLE", 2)
    for name in ("a", "b", "c"):
        person(account, name)

    assert check(marketer).context["tried"].found_count == 2


def test_without_accounts_it_says_what_to_do(marketer):
    assert "There is no Rokt Calendar account yet" in text_of(check(marketer))


def test_without_subscribers_it_says_what_to_do(marketer, account):
    said = text_of(check(marketer))

    assert "Nobody subscribed to The Shop is known here with a subscription id. Import subscribers" in said


def test_the_account_is_remembered(marketer, account):
    other = builders.make_account("zoo", name="The Zoo")

    assert check(marketer).context["account"] == account
    assert check(marketer, account=str(other.pk)).context["account"] == other
    assert marketer.get(reverse("webhook_new")).context["account"] == other
    assert check(marketer, account="999999").context["account"] == account


def test_without_scripts_the_check_button_shows_and_saves_nothing(marketer, account):
    person(account, "ada")

    response = post(marketer, status=200, check="1")

    assert "✓ 1 person fine" in text_of(response)
    assert not WebhookTemplate.objects.filter(name="Mine").exists()


def test_readers_see_the_people_too(auditor, account):
    template = builders.make_webhook_template()
    ada, bob = (person(account, name) for name in ("ada", "bob"))

    response = auditor.get(reverse("webhook_edit", args=[template.pk]), {"show": bob.pk})

    assert (response.context["shown"].person, response.context["shown"].previous) == (bob, ada.pk)


def test_the_panel_of_a_template_that_is_gone_is_not_found(marketer):
    assert marketer.post(reverse("webhook_check"), pasted() | {"template": "999"}).status_code == 404

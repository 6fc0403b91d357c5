"""A webhook pasted from Braze: rendered as there, refused where it would go wrong, sent byte for byte."""

import json
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import liquid
from campaigns.models import Account, Attempt, Delivery, Entry
from campaigns.pipeline import compose, dryrun, preview, render, validate
from campaigns.pipeline.raw import faults
from tests.builders import make_subscriber, traits_id
from tests.pipeline import braze_webhook
from tests.pipeline.running import CANCEL, CREATE, UPDATE, hurry, only, queue, run, states, subscription

pytestmark = pytest.mark.django_db

ONE = "06423672-b6ba-4536-aa36-f5733866ade2"
TWO = "9a9007c7-f5a4-4811-b13c-ff10919f1078"


def known(external_id: str = "ann", *ids: str, codes: tuple[str, ...] = ("acme/f5733866ade2",), **columns):
    """Somebody whose attributes say what Braze knows, with a subscription of this account for each id."""
    ids = ids or (ONE,)
    attributes = {"rokt:account_code": list(codes), "rokt:subscription_id": list(ids), **columns}
    person = make_subscriber(external_id=external_id, attributes=attributes)
    for position, rokt_id in enumerate(ids):
        subscription(person, rokt_id=rokt_id, position=position)
    return person


def shown(event, person, *, kind: str = CREATE, **parts) -> preview.Preview:
    content = replace(render.Content.of(event), webhook=braze_webhook.hook(event, kind=kind, **parts))
    return preview.preview(
        content,
        account=event.account,
        kind=kind,
        subscriber=person,
        subscriptions=list(person.subscriptions.filter(traits__account_code="acme")),
    )


def refusal(event, person, **parts) -> render.RenderError:
    with pytest.raises(render.RenderError) as caught:
        shown(event, person, **parts)
    return caught.value


def edited(event, old: str, new: str) -> dict[str, str]:
    text = braze_webhook.body(event)
    assert old in text
    return {"body": text.replace(old, new)}


# what leaves


def test_what_leaves_is_what_braze_would_render_byte_for_byte(event, staff, rokt):
    person = known("user42", ONE, TWO)
    braze_webhook.use(event)
    content = render.Content.of(event)
    assert content.webhook is not None
    rendered = liquid.render(content.webhook.body, render.data_of(person)).text

    send = run(queue(event, staff))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert (post["path"], post["status"]) == ("/v1/subscriptionevent/acme", 202)
    assert post["body"] == rendered
    assert json.loads(post["body"])["subscriptionIds"] == [ONE, TWO]
    assert only(send).attempts.get().body == rendered
    assert Entry.objects.get().body == render.content_of(rendered)


def test_one_token_serves_everybody(event, staff, rokt):
    for number in range(30):
        known(f"user{number}", f"06423672-b6ba-4536-aa36-{number:012}")
    braze_webhook.use(event)

    send = run(queue(event, staff))

    assert send.accepted_count == 30
    assert len([line for line in rokt.log() if line["path"] == "/oauth2/token"]) == 1


def test_the_preview_is_the_send(event, staff, rokt):
    person = known("ann", ONE)
    braze_webhook.use(event)

    before = shown(event, person)
    run(queue(event, staff))

    [post] = [line for line in rokt.log() if "subscriptionevent" in line["path"]]
    assert (before.body, before.url) == (post["body"], f"{rokt.url}{post['path']}")
    assert before.event is not None
    assert before.event.title == "Summer Sale"


def test_a_delivery_is_for_all_subscriptions_of_the_account_as_the_webhook_is(event, staff):
    rule = {"match": "all", "rules": [{"field": "calendar_code", "op": "is_any_of", "values": ["offers"]}]}
    event.campaign.segment.rule = rule
    event.campaign.segment.save()
    person = known("ann", ONE, TWO)
    person.subscriptions.filter(rokt_id=TWO).update(
        traits=traits_id(account_code="acme", calendar_code="another")
    )
    braze_webhook.use(event)

    send = run(queue(event, staff))

    assert states(send) == {"ann": "accepted"}
    assert only(send).subscription_ids == [ONE, TWO]


def test_an_update_takes_the_webhook_for_updates_and_a_removal_none(event, staff, rokt):
    known("ann", ONE)
    braze_webhook.use(event)
    run(queue(event, staff))
    braze_webhook.use(
        event, kind="update", body=braze_webhook.body(event, kind="update").replace("Sale", "Show")
    )

    assert states(run(queue(event, staff, UPDATE))) == {"ann": "accepted"}
    [entry] = rokt.entries(subscription=ONE).values()
    assert "Summer Show" in json.dumps(entry)

    assert states(run(queue(event, staff, CANCEL))) == {"ann": "accepted"}
    assert Entry.objects.get().state == Entry.State.CANCELLED


def test_without_a_webhook_for_updates_no_update_is_queued(event):
    braze_webhook.use(event)

    problems = validate.content_problems(
        render.Content.of(event, UPDATE), account=event.account, event_pk=event.pk
    )

    assert [(problem.field, problem.code) for problem in problems] == [("webhook", "required")]


def test_whoever_the_webhook_leaves_out_is_skipped_with_its_reason(event, staff):
    known("ann", ONE)
    braze_webhook.use(event, url="{% abort_message('not today') %}")

    send = run(queue(event, staff))

    delivery = only(send)
    assert (delivery.state, delivery.reason) == (Delivery.State.SKIPPED, Delivery.Reason.LEFT_OUT)
    assert "not today" in delivery.detail


# what is refused, and in which words


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ((), "no account code"),
        (("other/f5733866ade2", "acme/ff10919f1078"), "another account than acme"),
    ],
)
def test_the_account_in_the_url_has_to_be_the_persons_and_ours(codes, words, event):
    assert words in str(refusal(event, known(codes=codes)))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://api.roktcalendar.com.evil.example/v1/subscriptionevent/acme", "does not lead to Rokt"),
        ("http://api.roktcalendar.com/v1/subscriptionevent/acme", "does not lead to Rokt"),
        ("https://api.roktcalendar.com/v1/subscription/acme", "not that of an event"),
        ("https://api.roktcalendar.com/v1/subscriptionevent/acme/x/y", "not that of an event"),
        ("https://api.roktcalendar.com/v1/subscriptionevent/acme?x=1", "goes on behind"),
        ("https://api.roktcalendar.com/v1/subscriptionevent/acme/update", "updates an event"),
        ("https://[", "cannot be read"),
        ("https://api.roktcalendar.com/v1/subscriptionevent/%61cme%2F..", "another account"),
        ("{{${nobody} | divided_by: 0}}", "URL:"),
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(url, words, event):
    assert words in str(refusal(event, known(), url=url))


def test_an_update_needs_the_address_of_updates(event):
    assert "lacks /update" in str(
        refusal(event, known(), kind=UPDATE, url=braze_webhook.URL, body=braze_webhook.body(event))
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Summer Sale", 'The "big" sale', "no valid JSON"),
        ("{{eventTitle}}", "", "“title” is empty"),
        ('"{{eventTitle}}"', "5", "“title” in the body has to be a text"),
        ('"{{notifyBefore}}"', "true", "“notifyBefore” has to be a number"),
        (
            "{% capture notifyBefore %}15",
            "{% capture notifyBefore %}soon",
            "“notifyBefore” has to be a number",
        ),
        (
            "{% capture notifyBefore %}15",
            "{% capture notifyBefore %}99999",
            "“notifyBefore” has to be a number",
        ),
        ("{{eventId}}_{{${user_id}}}", "{{eventId}}", "does not end in an underscore and the user id"),
        ("Event_0001", "Another", "another one than “Event_0001”"),
        ("Eastern Standard Time", "Europe/Berlin", "none of Rokt Calendar's list"),
        ("{{eventEnd}}", "2020-01-01T00:00:00", "end lies before the start"),
        ("{{eventEnd}}", "{{eventEnd}}Z", "leave out the offset"),
        ("{{eventEnd}}", "tomorrow", "cannot be read"),
        ("{{eventEnd}}", "9999-12-31T23:59:59", "between the years 2000 and 2100"),
        ("All shops", "x" * 1_001, "“location” is longer than 1,000"),
        (
            """["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]""",
            "[]",
            "“subscriptionIds” is empty",
        ),
        (
            """["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]""",
            '["x"]',
            "no subscription id",
        ),
        ("{{custom_attribute.${rokt:subscription_id}| join: '\",\"'  }}", TWO, "not of this account"),
    ],
)
def test_a_body_that_rokt_could_not_use_is_refused(old, new, words, event):
    assert words in str(refusal(event, known(), **edited(event, old, new)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "no JSON object"),
        ('{"event": 5}', "“event” in the body is missing"),
        ("{}", "“event” in the body is missing"),
    ],
)
def test_a_body_that_is_no_event_is_refused(text, words, event):
    assert words in str(refusal(event, known(), body=text))


def test_somebody_without_ids_is_refused_although_braze_would_post(event):
    person = make_subscriber(external_id="ann", attributes={"rokt:account_code": ["acme/f5733866ade2"]})
    subscription(person, rokt_id=ONE)

    assert "no subscription id is known" in str(refusal(event, person))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Authorization", "Bearer a-token-of-my-own", "token of the account"),
        ("Authorization", "Träger {{token.access_token}}", "token of the account"),
        ("Content-Type", "text/plain", "application/json"),
    ],
)
def test_a_header_that_would_not_arrive_is_refused(name, value, words, event):
    headers = tuple((each, value if each == name else text) for each, text in braze_webhook.HEADERS)

    assert words in str(refusal(event, known(), headers=headers))


def test_the_cause_is_the_same_for_everybody_and_the_detail_is_not(event):
    ann, bob = known("ann", codes=("one/f5733866ade2",)), known("bob", TWO, codes=("two/ff10919f1078",))

    first, second = refusal(event, ann), refusal(event, bob)

    assert first.cause == second.cause
    assert (first.detail, second.detail) == ("one", "two")


# what should be looked at


def test_what_is_empty_or_missing_is_noted(event):
    person = known("ann", ONE)
    subscription(person, rokt_id=TWO, position=1)

    found = shown(event, person, **edited(event, "All shops", "{{${city}}}"))

    assert found.notes == (
        "${city} is empty, and no default stands in for it.",
        "1 subscription of this account is not in “subscriptionIds”.",
    )


def test_an_event_without_length_and_a_time_that_the_clock_skips_are_noted(event):
    end = event.end_local.isoformat(timespec="seconds")
    start = event.start_local.isoformat(timespec="seconds")
    same = braze_webhook.body(event).replace(end, start)
    skipped = braze_webhook.body(event).replace(end, "2031-03-09T02:30:00")

    assert "has no length" in shown(event, known(), body=same).notes[0]
    assert "clock jumps" in shown(event, known("bob", TWO), body=skipped).notes[0]


def test_an_event_that_is_over_for_one_person_is_not_sent_to_them(event, staff):
    known("ann", ONE, early=True)
    known("bob", TWO)
    old = "{% if custom_attribute.${early} %}2020-01-01T10:00:00{% else %}TIME{% endif %}"
    start, end = (at.isoformat(timespec="seconds") for at in (event.start_local, event.end_local))
    text = (
        braze_webhook.body(event)
        .replace(start, old.replace("TIME", start))
        .replace(end, old.replace("TIME", end))
    )
    braze_webhook.use(event, body=text)

    send = run(queue(event, staff, leave_out="ann has been there"))

    assert states(send) == {"ann": "expired", "bob": "accepted"}


@pytest.mark.parametrize(("fault", "state"), [("status", "expired"), ("reset", "in_doubt")])
def test_a_repeat_is_not_made_once_the_event_is_over_for_that_person(fault, state, event, staff, rokt):
    Account.objects.update(when_in_doubt=Account.WhenInDoubt.RESEND)
    known("ann", ONE)
    braze_webhook.use(event)
    send = queue(event, staff)
    rokt.fault(fault, **({"status": 503} if fault == "status" else {}), count=1)
    run(send)
    call = Attempt.objects.get()
    end = event.end_local.isoformat(timespec="seconds")
    Attempt.objects.update(body=call.body.replace(end, "2020-01-01T11:00:00"))  # as if that time had come
    hurry(send)

    assert states(run(send)) == {"ann": state}


def test_a_batch_costs_as_many_questions_to_the_database_however_many_people_are_in_it(event, staff):
    braze_webhook.use(event)
    counts = []
    for number in (1, 40):
        for each in range(number):
            known(f"u{number}-{each}", f"06423672-b6ba-4536-aa36-{number:06}{each:06}")
        with CaptureQueriesContext(connection) as asked:
            dryrun.run(dryrun.ask(compose.draft(event, CREATE), by=staff).pk)
        counts.append(len(asked))

    assert counts[0] == counts[1]


# what is wrong for everybody


def test_faults_of_the_webhook_itself_are_told_with_their_part(event):
    broken = braze_webhook.hook(
        event,
        method="PUT",
        url=" ",
        headers=(("X-Mine", "{{"), ("Content-Type", "application/json")),
        body="{%",
    )

    assert [(fault.part, fault.code) for fault in faults(broken)] == [
        ("url", "required"),
        ("method", "method"),
        ("headers", "unknown"),
        ("headers", "liquid"),
        ("body", "liquid"),
    ]
    assert list(faults(braze_webhook.hook(event))) == []


def test_a_frozen_content_survives_its_json(event):
    braze_webhook.use(event)
    content = render.Content.of(event)

    assert render.Content.from_json(json.loads(json.dumps(content.to_json()))) == content

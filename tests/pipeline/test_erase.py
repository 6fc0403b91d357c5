"""People whom nothing is sent to any more, and people who are erased: what ends, what stays, what comes too late."""

import json

import pytest
from django.apps import apps
from django.db import models

from campaigns.importing import suppressed
from campaigns.importing.people import take
from campaigns.importing.person import person as read
from campaigns.importing.shared import Finder
from campaigns.models import (
    Attempt,
    CheckCrash,
    Delivery,
    DryRunPerson,
    Entry,
    ImportProblem,
    Notice,
    PersonList,
    PersonListMatch,
    PersonListMember,
    SavedRecipient,
    Send,
    Subscriber,
    SubscriberAction,
    SubscriberEvent,
    Subscription,
    SubscriptionStatus,
    Suppression,
)
from campaigns.models.clock import now
from campaigns.pipeline import clockwork, record
from campaigns.pipeline.calls import Calls
from campaigns.pipeline.compose import Verdict
from campaigns.pipeline.record import books, erase
from campaigns.segments import lists
from tests import builders
from tests.pipeline.running import decide, hurry, queue, run, states, subscription

pytestmark = pytest.mark.django_db

State, Reason = Delivery.State, Delivery.Reason
ADA_ID = "06423672-b6ba-4536-aa36-adaadaadaada"
RETRY = record.Outcome(verdict=Attempt.Outcome.RETRY, status=503, answer="busy", reason="busy", elapsed_ms=5)


@pytest.fixture
def ada(account):
    person = builders.make_subscriber(
        "ada-77", first_name="Augusta", last_name="Lovelace", email="ada@example.com",
        profile={"phone": "0171-7777"}, attributes={"likes": "engines"},
    )  # fmt: skip
    subscription(person, rokt_id=ADA_ID)
    return person


@pytest.fixture
def bob(account):
    person = builders.make_subscriber("bob")
    subscription(person)
    return person


@pytest.fixture
def send(event, staff, ada, bob) -> Send:
    return queue(event, staff)


def marks(person, by, note="she asked") -> erase.Marks:
    return erase.Marks(by, note, suppressed.keys(person.workspace_id, person.external_id))


def claim(send: Send, limit: int = 2) -> record.Batch:
    return record.claim(send, limit=limit, write=Calls(send).write)


def answers(batch: record.Batch) -> list[record.Outcome]:
    """What Rokt says of each call: that it took it, with the person's name in it."""
    names = [claimed.delivery.external_id for claimed in batch.claimed]
    return [record.Outcome(Attempt.Outcome.ACCEPTED, 202, f'{{"to":"{name}"}}', name, 5) for name in names]


def books_of(send: Send) -> dict[str, int]:
    send.refresh_from_db()
    assert books.check(send).holds
    return {state.value: count for state, count in send.books.items() if count}


def everything_kept() -> str:
    """Every text of ours in every table, as one."""
    kept = [
        str(value)
        for model in apps.get_app_config("campaigns").get_models()
        for row in model._default_manager.all()
        for value in (getattr(row, field.attname) for field in model._meta.concrete_fields)
        if isinstance(value, (str, dict, list))
    ]
    return "\n".join(kept)


def test_what_waits_for_a_suppressed_person_ends_and_others_get_theirs(send, ada, staff, rokt):
    assert erase.suppress(ada, marks(ada, staff)) == 1

    assert states(send) == {"ada-77": "skipped", "bob": "queued"}
    assert send.deliveries.get(external_id="ada-77").reason == Reason.SUPPRESSED
    send = run(send)
    assert (send.state, books_of(send)) == (Send.State.FINISHED, {"accepted": 1, "skipped": 1})
    assert rokt.summary()["events"] == 1


def test_suppression_is_remembered_by_digest_and_traced(ada, staff):
    erase.suppress(ada, marks(ada, staff, "phoned us"))

    ada.refresh_from_db()
    kept = Suppression.objects.get()
    assert (ada.is_suppressed, Subscription.objects.get(subscriber=ada).is_live) == (True, False)
    assert (kept.key, kept.cause) == (suppressed.key(ada.workspace_id, "ada-77"), "suppressed")
    assert (kept.note, kept.made_by) == ("phoned us", staff)
    assert SubscriberAction.objects.values_list("subscriber", "verb", "by", "note").get() == (
        ada.pk, "suppressed", staff.pk, "phoned us",
    )  # fmt: skip


def test_lifting_lets_the_next_send_reach_the_person_again(send, ada, staff, rokt):
    erase.suppress(ada, marks(ada, staff))
    erase.lift(Subscriber.objects.get(pk=ada.pk), marks(ada, staff, "a mistake"))

    ada.refresh_from_db()
    assert (ada.is_suppressed, Subscription.objects.get(subscriber=ada).is_live) == (False, True)
    assert not Suppression.objects.exists()
    assert [action.verb for action in SubscriberAction.objects.all()] == ["lifted", "suppressed"]
    assert states(send)["ada-77"] == "skipped"  # what has ended does not come back


def test_a_suppression_kept_under_an_older_secret_is_lifted_too(ada, staff, settings):
    erase.suppress(ada, marks(ada, staff))
    settings.FIELD_KEYS = ["bmV3ZXItc2VjcmV0LWtleS1vbmx5LWZvci10ZXN0czE=", *settings.FIELD_KEYS]

    erase.lift(ada, marks(ada, staff))

    assert not Suppression.objects.exists()


def test_a_send_with_nobody_left_finishes_at_once(event, staff, ada):
    send = queue(event, staff)

    erase.suppress(ada, marks(ada, staff))

    send.refresh_from_db()
    assert send.state == Send.State.FINISHED


def test_a_call_on_the_wire_still_counts_and_its_repeat_does_not_leave(send, ada, staff, rokt):
    batch = claim(send)
    assert erase.suppress(ada, marks(ada, staff)) == 0

    record.close(batch, [RETRY, RETRY])
    hurry(send)
    run(send)

    assert states(send)["ada-77"] == "skipped"
    assert rokt.summary()["events"] == 1  # to Bob
    assert books_of(send) == {"accepted": 1, "skipped": 1}


def test_a_repeat_whose_first_call_is_unclear_is_left_for_people_to_decide(send, ada, staff):
    delivery = send.deliveries.get(external_id="ada-77")
    Delivery.objects.filter(pk=delivery.pk).update(reason=Reason.NO_ANSWER, retry_count=1)

    erase.suppress(ada, marks(ada, staff))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason, delivery.due_at) == (State.IN_DOUBT, Reason.NO_ANSWER, None)
    assert books_of(send) == {"queued": 1, "in_doubt": 1}


@pytest.fixture
def known_everywhere(send, ada, bob, staff, rokt):
    """Ada in every table: a send that reached her, one that waits, and all that was told of her."""
    run(send)
    event = builders.make_event(send.event.campaign, event_id="Other")
    waiting = queue(event, staff)
    text = json.dumps({"data": {"subscriptionId": ADA_ID.upper(), "email": "ada@example.com"}})
    for number, body in enumerate(
        [text, '{"user": "bob", "event": "ada-777"}', '{"id": "Event_0001_ada-77"}']
    ):
        Notice.objects.create(
            account=send.account, event_id=f"n{number}", event_type="subscribed", body=body, received_at=now()
        )
    SubscriberEvent.objects.create(
        subscriber=ada, name="subscribe", at=now(), properties={"by": "ada-77"}, key="k"
    )
    SubscriptionStatus.objects.create(rokt_id=ADA_ID, account=send.account, told_at=now())
    SavedRecipient.objects.create(account=send.account, subscriber=ada, rokt_id=ADA_ID)
    cause = send.dry_run.causes.create(level="warning", text="odd", people_count=1)
    DryRunPerson.objects.create(cause=cause, subscriber=ada, detail="Augusta is odd")
    job = builders.make_import(workspace=ada.workspace)
    ImportProblem.objects.create(batch=job, place="1", external_id="ada-77", message="0171-7777 is odd")
    builders.make_list("VIPs", "ada-77", "bob")
    lists.match(seconds=60)
    return waiting


def test_nothing_of_an_erased_person_is_left_in_any_table(known_everywhere, send, ada, bob, staff):
    before = everything_kept()
    words = ("ada-77", ADA_ID, "Lovelace", "ada@example.com", "0171-7777", "engines", "Augusta")
    assert all(word in before for word in words)

    erase.erase(ada, marks(ada, staff))

    after = everything_kept()
    assert [word for word in words if word.casefold() in after.replace("ada-777", "").casefold()] == []
    assert list(Subscriber.objects.values_list("external_id", flat=True)) == ["bob"]
    assert Entry.objects.filter(subscriber=bob).count() == 1


def test_erasing_keeps_the_history_and_its_books(known_everywhere, send, ada, staff):
    pseudonym = erase.erase(ada, marks(ada, staff, "by letter"))

    rows = Delivery.objects.filter(external_id=pseudonym).order_by("pk")
    assert [(row.send, row.state, row.subscriber, row.subscriptions) for row in rows] == [
        (send, State.ACCEPTED, None, ""),
        (known_everywhere, State.SKIPPED, None, ""),
    ]
    assert rows[0].attempts.values_list("number", "outcome", "status", "body", "url", "answer").get() == (
        1, "accepted", 202, "", "", "",
    )  # fmt: skip
    assert books_of(send) == {"accepted": 2}
    assert books_of(known_everywhere) == {"queued": 1, "skipped": 1}
    trace = SubscriberAction.objects.get(verb="erased")
    assert (trace.pseudonym, trace.by, trace.note) == (pseudonym, staff, "by letter")
    assert Suppression.objects.values_list("cause", "made_by").get() == ("erased", staff.pk)


def test_what_speaks_of_others_stays_as_it_was(known_everywhere, ada, bob, staff):
    erase.erase(ada, marks(ada, staff))

    assert [notice.body != "" for notice in Notice.objects.order_by("pk")] == [False, True, False]
    assert not Notice.objects.filter(body="", done_at=None).exists()
    assert PersonList.objects.values_list("people_count", flat=True).get() == 1
    assert PersonListMember.objects.values_list("external_id", flat=True).get() == "bob"
    assert PersonListMatch.objects.values_list("subscriber", flat=True).get() == bob.pk


def test_a_list_that_also_means_somebody_of_another_workspace_keeps_the_id(ada, staff):
    other = builders.make_subscriber("ada-77", workspace=builders.make_workspace())
    people = builders.make_list("VIPs", "ada-77")
    lists.match(seconds=60)

    erase.erase(ada, marks(ada, staff))

    assert people.members.count() == 1
    assert people.matches.values_list("subscriber", flat=True).get() == other.pk
    assert Subscriber.objects.filter(external_id="ada-77").count() == 1


def test_nobody_is_erased_while_a_call_is_on_its_way(send, ada, staff):
    claim(send)
    before = everything_kept()

    with pytest.raises(erase.StillOutError):
        erase.erase(ada, marks(ada, staff))

    assert everything_kept() == before


def test_nobody_is_erased_while_it_is_unclear_what_came_of_a_call(send, ada, staff):
    claim(send)
    hurry(send)
    clockwork.tidy()

    with pytest.raises(erase.StillOutError):
        erase.erase(ada, marks(ada, staff))


def test_an_answer_that_comes_after_the_erasure_brings_nothing_back(send, ada, staff):
    batch = claim(send)
    hurry(send)
    clockwork.tidy()  # the worker froze
    ids = list(send.deliveries.values_list("pk", flat=True))
    decide(send, ids, Verdict.ARRIVED, by=staff, note="seen")
    pseudonym = erase.erase(ada, marks(ada, staff))

    record.close(batch, answers(batch))  # and wakes up

    assert "ada-77" not in everything_kept()
    assert Attempt.objects.get(delivery__external_id="bob").answer == '{"to":"bob"}'
    hers = Attempt.objects.get(delivery__external_id=pseudonym)
    assert (hers.answer, hers.reason, hers.is_late) == ("", "", False)
    assert books_of(send) == {"accepted": 2}


def test_a_look_that_ends_after_the_erasure_brings_nothing_back(send, ada, staff):
    claim(send)
    hurry(send)
    clockwork.tidy()
    hurry(send)
    doubts = record.claim_doubts(send.account, limit=10)
    hurry(send)  # it takes so long that people decide
    ids = list(send.deliveries.values_list("pk", flat=True))
    decide(send, ids, Verdict.ARRIVED, by=staff, note="seen")
    erase.erase(ada, marks(ada, staff))

    found = [record.Finding(doubt, arrived=True, content="ada-77", looks=[]) for doubt in doubts]
    record.settle(found)

    assert "ada-77" not in everything_kept()
    assert books_of(send) == {"accepted": 2}


def test_failed_deliveries_of_the_erased_are_not_tried_again(send, ada, staff, rokt):
    refused = record.Outcome(Attempt.Outcome.REFUSED, 400, "ada-77?", "ada-77 is unknown", 5)
    record.close(claim(send), [refused, refused])
    pseudonym = erase.erase(ada, marks(ada, staff))

    record.requeue_failed(send)
    run(send)

    assert states(send) == {pseudonym: "skipped", "bob": "accepted"}


def imported_again(workspace_id):
    told = read({"external_id": "ada-77", "first_name": "Augusta", "custom_attributes": {}})
    take(workspace_id, {"ada-77": told}, Finder())


def test_an_import_does_not_bring_the_erased_back(ada, staff):
    erase.erase(ada, marks(ada, staff))

    imported_again(ada.workspace_id)

    assert "ada-77" not in everything_kept()


def test_an_import_does_not_lift_a_suppression(ada, staff):
    erase.suppress(ada, marks(ada, staff))

    imported_again(ada.workspace_id)

    assert Subscriber.objects.get().is_suppressed


@pytest.mark.parametrize("act", [erase.suppress, erase.lift, erase.erase])
def test_whoever_was_erased_a_moment_ago_is_gone_for_everybody(send, ada, staff, act):
    erase.erase(Subscriber.objects.get(pk=ada.pk), marks(ada, staff))
    before = everything_kept()

    with pytest.raises(Subscriber.DoesNotExist):
        act(ada, marks(ada, staff))

    assert everything_kept() == before


@pytest.mark.parametrize("step", ["_forget_calls", "_blank", "_remember", "_trace", "_move"])
def test_an_erasure_that_breaks_half_way_has_not_happened(known_everywhere, ada, staff, monkeypatch, step):
    before = everything_kept()

    def breaks(*_given: object, **_named: object) -> None:
        raise RuntimeError(step)

    monkeypatch.setattr(erase, step, breaks)
    with pytest.raises(RuntimeError):
        erase.erase(ada, marks(ada, staff))

    assert everything_kept() == before


def test_every_table_that_points_to_people_is_known_to_the_erasure():
    known = {
        CheckCrash, Delivery, DryRunPerson, Entry, Notice, PersonListMatch, SavedRecipient, SubscriberAction,
        SubscriberEvent, Subscription, SubscriptionStatus,
    }  # fmt: skip
    pointing = {
        model
        for model in apps.get_app_config("campaigns").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Subscriber
    }

    assert pointing == known

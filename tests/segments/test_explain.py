"""Why somebody is in an audience or not, in words, subscription by subscription."""

from typing import Any

import pytest

from campaigns.models import Subscriber
from campaigns.segments import explain
from campaigns.segments.rules import Group, parse
from tests.builders import make_subscriber, make_subscription

pytestmark = pytest.mark.django_db

WINTER = {"field": "calendar_code", "op": "is_any_of", "values": ["winter"]}
YES = {"field": "opt_in_1", "op": "is_true"}
NEWS = {"field": "tags", "op": "has_any_of", "values": ["News"]}


def every(*rules: Any) -> Group:
    return parse({"match": "all", "rules": list(rules)})


@pytest.fixture
def ada() -> Subscriber:
    """Somebody with a subscription to summer (opted in) and one to winter."""
    ada = make_subscriber("ada", profile={"country": "US"})
    make_subscription(
        ada, calendar_code="summer", account_code="shop", opt_in_1=True, tags=["News", "Team A"]
    )
    make_subscription(ada, calendar_code="winter", account_code="other", opt_in_1=False)
    return ada


def test_each_condition_shows_what_each_subscription_says(ada) -> None:
    reason = explain.why(every(WINTER, YES, NEWS), ada)
    assert not reason.is_included
    assert reason.subscriptions == ()
    calendar, opt_in, tags = reason.why.parts
    assert calendar.text == "calendar code is “winter”"
    assert [(answer.value, answer.holds) for answer in calendar.answers] == [
        ("“summer”", False),
        ("“winter”", True),
    ]
    assert [(answer.value, answer.holds) for answer in opt_in.answers] == [("yes", True), ("no", False)]
    assert [(answer.value, answer.holds) for answer in tags.answers] == [
        ("“News” and “Team A”", True),
        ("no value", False),
    ]
    assert calendar.holds
    assert not reason.why.holds


def test_somebody_who_is_in_comes_with_the_subscriptions_that_fit(ada) -> None:
    reason = explain.why(every(WINTER), ada)
    assert reason.is_included
    assert [each.traits.calendar_code for each in reason.subscriptions] == ["winter"]
    assert reason.why.text == "calendar code is “winter”"


def test_a_rule_about_the_person_shows_the_answers_inside_it(ada) -> None:
    reason = explain.why(every({"person": {"match": "all", "rules": [WINTER]}}), ada)
    (person,) = reason.why.parts
    assert person.text == "the person has a subscription where (calendar code is “winter”)"
    assert [answer.holds for answer in person.answers] == [True, True]
    assert [answer.holds for answer in person.parts[0].answers] == [False, True]
    assert len(reason.subscriptions) == 2


@pytest.mark.parametrize(
    ("how", "held"), [("all", [False, False]), ("any", [True, True]), ("none", [False, False])]
)
def test_a_group_takes_the_answers_together(ada, how, held) -> None:
    reason = explain.why(parse({"match": how, "rules": [WINTER, YES]}), ada)
    assert [answer.holds for answer in reason.why.answers] == held


def test_an_empty_group_lets_everyone_in(ada) -> None:
    reason = explain.why(every(), ada)
    assert reason.is_included
    assert reason.why.text == "everyone"


def test_what_keeps_a_person_out_whatever_the_rule_says_is_told(ada) -> None:
    nobody = make_subscriber("nobody")
    assert explain.why(every(), nobody).obstacle == "This person has no subscription."
    elsewhere = explain.why(every(), ada, account_code="third")
    assert elsewhere.obstacle == "This person has no subscription to a calendar of this account."
    ada.is_active = False
    gone = explain.why(every(), ada)
    assert gone.obstacle == "This person is no longer active."
    assert not gone.is_included


def test_only_subscriptions_of_the_account_are_chosen(ada) -> None:
    reason = explain.why(every(), ada, account_code="shop")
    assert [each.traits.calendar_code for each in reason.subscriptions] == ["summer"]


@pytest.mark.parametrize(
    ("asked", "text", "value", "holds"),
    [
        (("random_bucket", "is_between", "0", "4999"), "random bucket is from 0 to 4999", "42", True),
        (("calendar_title", "matches_regex", "^off"), "calendar matches “^off”", "“Offers”", True),
        (
            ("calendar_title", "does_not_match_regex", "^off"),
            "calendar has a value that does not match “^off”",
            "“Offers”",
            False,
        ),
        (("last_subscribed", "is_unknown"), "last subscribe event is not known", "no value", True),
        (("received_event", "has_received", "E"), "has received event “E”", "nothing received", False),
        (("list", "is_not_on_list", "9"), "is not on the list of people “#9”", "on none of them", True),
    ],
)
def test_each_kind_of_question_is_explained_in_words(asked, text, value, holds) -> None:
    person = make_subscriber(random_bucket=42)
    make_subscription(person)
    field, op, *values = asked
    (part,) = explain.why(
        every({"field": field, "op": op} | ({"values": values} if values else {})), person
    ).why.parts
    assert part.text == text
    assert [(each.value, each.holds) for each in part.answers] == [(value, holds)]


def test_an_explanation_takes_few_queries_however_long_the_rule(ada, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        explain.why(every(*[NEWS, WINTER, {"person": {"match": "any", "rules": [NEWS]}}] * 30), ada)

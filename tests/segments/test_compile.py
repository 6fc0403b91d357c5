"""What a rule means in the database: cases worth a name, counts, samples, and rules at their limits."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Subscriber, Subscription
from campaigns.models.standing import settle
from campaigns.segments import compile as segments
from campaigns.segments.fields import FIELDS, Kind, Takes
from campaigns.segments.rules import MAX_DEPTH, MAX_VALUES, Group, parse
from tests.builders import home_id, make_subscriber, make_subscription, traits_id

pytestmark = pytest.mark.django_db


def every(*rules: Any) -> Group:
    return parse({"match": "all", "rules": list(rules)})


def ask(field: str, op: str, *values: str) -> dict[str, Any]:
    return {"field": field, "op": op} | ({"values": list(values)} if values else {})


def codes(rule: Group, **options: Any) -> list[str]:
    return sorted(segments.subscriptions(rule, **options).values_list("traits__calendar_code", flat=True))


@pytest.fixture
def ada() -> Subscriber:
    """Somebody with a subscription to summer and one to winter."""
    ada = make_subscriber("ada", profile={"country": "US", "language": None})
    make_subscription(
        ada, calendar_code="summer", account_code="shop", tags=["News", "Team A"], opt_in_1=True
    )
    make_subscription(ada, calendar_code="winter", account_code="other", tags=["news"], rokt_id="")
    return ada


@pytest.fixture
def bob() -> Subscriber:
    """Somebody with a subscription to summer."""
    bob = make_subscriber("bob", profile={"country": 7})
    make_subscription(bob, calendar_code="summer", account_code="shop", country_code="AU")
    return bob


def test_a_rule_picks_subscriptions_not_people(ada) -> None:
    rule = every(ask("calendar_code", "is_any_of", "winter"))
    assert codes(rule) == ["winter"]
    assert list(segments.people(rule)) == [ada]


def test_two_conditions_must_hold_for_the_same_subscription(ada) -> None:
    assert codes(every(ask("calendar_code", "is_any_of", "winter"), ask("opt_in_1", "is_true"))) == []


def test_a_rule_about_the_person_looks_at_all_subscriptions_of_that_person(ada, bob) -> None:
    has_winter = {"person": {"match": "all", "rules": [ask("calendar_code", "is_any_of", "winter")]}}
    assert codes(every(has_winter)) == ["summer", "winter"]
    without = parse({"match": "none", "rules": [has_winter]})
    assert list(segments.people(without)) == [bob]


def test_a_rule_about_the_person_sees_subscriptions_of_other_accounts(ada) -> None:
    has_winter = {"person": {"match": "all", "rules": [ask("calendar_code", "is_any_of", "winter")]}}
    assert codes(every(has_winter), account_code="shop") == ["summer"]


def test_an_empty_group_means_everyone_also_beside_an_or(ada, bob) -> None:
    for empty in ("all", "any", "none"):
        nothing: dict[str, Any] = {"match": empty, "rules": []}
        assert segments.count(parse(nothing)).people == 2
        assert (
            segments.count(
                parse({"match": "any", "rules": [nothing, ask("user_id", "is_any_of", "x")]})
            ).people
            == 2
        )
        assert segments.count(parse({"match": "none", "rules": [nothing]})).people == 0


def test_people_who_are_no_longer_active_are_left_out(ada, bob) -> None:
    Subscriber.objects.filter(pk=bob.pk).update(is_active=False)
    settle([bob.pk])
    assert list(segments.people(every())) == [ada]
    assert segments.count(every()) == segments.Count(people=1, subscriptions=2, without_id=1)


def test_people_without_subscriptions_are_in_no_audience(ada) -> None:
    make_subscriber("nobody")
    assert list(segments.people(every())) == [ada]


def test_a_count_reads_the_subscriptions_once(ada, bob) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = segments.count(every(ask("country_code", "is_none_of", "US")))
    assert sum('FROM "campaigns_subscription"' in each["sql"] for each in queries) == 1
    assert found == segments.Count(people=2, subscriptions=3, without_id=1)


def test_nobody_is_counted_as_nobody(ada) -> None:
    assert segments.count(every(ask("user_id", "is_any_of", "x"))) == segments.Count(0, 0, 0)


def test_many_tags_that_fit_do_not_multiply_a_subscription(ada) -> None:
    rule = every(ask("tags", "contains_any_of", "e", "N", "T"), ask("tags", "has_any_of", "News", "Team A"))
    assert segments.count(rule).subscriptions == 1
    assert len(segments.people(rule)) == 1


@pytest.mark.parametrize("op", ["is_any_of", "contains_any_of", "starts_with"])
@pytest.mark.parametrize(("value", "fits"), [("summer", True), ("Summer", False), ("SUMMER", False)])
def test_texts_compare_case_sensitively(ada, op, value, fits) -> None:
    assert codes(every(ask("calendar_code", op, value))) == (["summer"] if fits else [])


@pytest.mark.parametrize("wildcard", ["%", "_", "*", "?", "[a-z]", "\\"])
def test_wildcards_are_ordinary_characters(ada, wildcard) -> None:
    assert codes(every(ask("calendar_code", "contains_any_of", wildcard))) == []
    make_subscription(ada, calendar_code=f"x{wildcard}y")
    assert codes(every(ask("calendar_code", "contains_any_of", f"x{wildcard}"))) == [f"x{wildcard}y"]


def test_tags_compare_case_sensitively(ada) -> None:
    assert codes(every(ask("tags", "has_any_of", "news"))) == ["winter"]
    assert codes(every(ask("tags", "has_all_of", "News", "Team A", "News"))) == ["summer"]
    assert codes(every(ask("tags", "has_all_of", "News", "news"))) == []


def test_a_negative_question_includes_those_without_a_value(ada, bob) -> None:
    assert segments.count(every(ask("country_code", "is_none_of", "AU"))).people == 1
    assert codes(every(ask("opt_in_1", "is_not_true"))) == ["summer", "winter"]
    assert list(segments.people(every(ask("tags", "has_none_of", "News", "news")))) == [bob]
    assert codes(every(ask("country_code", "is_none_of", "US"), ask("country_code", "is_not_blank"))) == [
        "summer"
    ]


def test_what_is_no_text_in_a_profile_is_no_value(ada, bob) -> None:
    assert list(segments.people(every(ask("country", "is_any_of", "US", "7")))) == [ada]
    assert list(segments.people(every(ask("country", "is_blank")))) == [bob]
    assert segments.count(every(ask("language", "is_blank"))).people == 2


def test_a_sample_is_of_the_size_asked_for_and_from_the_audience() -> None:
    people = [make_subscription().subscriber for _ in range(12)]
    make_subscription(calendar_code="other")
    rule = every(ask("calendar_code", "is_any_of", "offers"))
    drawn = [segments.sample(rule, size=3) for _ in range(20)]
    assert {len(set(each)) for each in drawn} == {3}
    assert set().union(*drawn) <= set(people)
    assert set(segments.sample(rule, size=50)) == set(people)


def test_a_sample_of_nobody_is_empty() -> None:
    assert segments.sample(every()) == []


@pytest.mark.parametrize("field", ["calendar_code", "tags", "country", "email"])
def test_a_thousand_values_are_no_trouble(ada, field) -> None:
    values = [f"value {number}" for number in range(MAX_VALUES)]
    for op in FIELDS[field].ops:
        if op.takes is Takes.TEXTS:
            found = segments.count(every(ask(field, op.value, *values))).subscriptions
            assert found == (2 if op.opposite else 0)


def test_a_rule_as_large_as_allowed_is_no_trouble(ada) -> None:
    values = [f"value {number}" for number in range(50)]
    large = [ask("calendar_code", "contains_none_of", *values), ask("tags", "has_none_of", *values)] * 100
    assert segments.count(every(*large)).subscriptions == 2
    assert segments.count(parse({"match": "none", "rules": large})).subscriptions == 0


@pytest.mark.parametrize("level", range(1, MAX_DEPTH))
def test_a_rule_as_deep_as_allowed_is_no_trouble(ada, level) -> None:
    leaves = [ask("tags", "has_all_of", "nothing"), ask("country", "contains_any_of", "nothing")]
    rule: dict[str, Any] = {"match": "none", "rules": leaves}
    for depth in range(1, MAX_DEPTH):
        rule = {"match": "none", "rules": [{"person": rule} if depth == level else rule, *leaves]}
    assert len(segments.people(parse(rule))) == segments.count(parse(rule)).people == MAX_DEPTH % 2


def test_the_usual_rules_read_neither_people_nor_anything_else_of_many_rows(ada) -> None:
    usual = every(
        ask("calendar_code", "is_any_of", "summer"),
        ask("country", "is_none_of", "NZ"),
        ask("tags", "has_any_of", "News"),
        ask("sample", "in_sample", "50", "a"),
    )
    assert "campaigns_subscriber" not in str(segments.subscriptions(usual, account_code="shop").query)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS.values() if field.kind == Kind.TEXT], ids=lambda field: field.name
)
def test_every_text_field_reads_its_own_column(field) -> None:
    table, _separator, column = field.path.rpartition("__")
    marked, unmarked = make_subscription(make_subscriber("one")), make_subscription(make_subscriber("two"))
    if table == "traits":
        Subscription.objects.filter(pk=marked.pk).update(traits=traits_id(**{column: "marked"}))
    elif table == "home":
        Subscription.objects.filter(pk=marked.pk).update(home=home_id({column: "marked"}))
    else:
        target: Any = marked.subscriber if table else marked
        setattr(target, column, "marked")
        target.save()
    rule = every(ask(field.name, "is_any_of", "marked"))
    assert list(segments.subscriptions(rule)) == [marked]
    assert unmarked in Subscription.objects.all()

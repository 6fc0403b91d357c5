"""Segments go to Braze and come from it, and what one side cannot say is told."""

import json

import pytest
from django.urls import reverse

from campaigns.models import Segment
from tests import builders
from tests.views.typed import text_of

pytestmark = pytest.mark.django_db

AUSTRALIA = {"match": "all", "rules": [{"field": "country_code", "op": "is_any_of", "values": ["AU"]}]}
FILTER = {
    "custom_attribute": {
        "custom_attribute_name": "rokt:country_code",
        "comparison": "matches_regex",
        "value": "^AU/[^/]*$",
    }
}


def test_a_segment_is_shown_as_json_to_copy(marketer):
    segment = builders.make_segment(AUSTRALIA)

    page = marketer.get(reverse("segment_to_braze", args=[segment.pk]))

    assert json.loads(page.context["text"]) == {"AND": [FILTER]}
    assert "it may reach more people than here: AU." in text_of(page)
    assert 'data-copy="audience"' in page.content.decode()


def test_a_rule_that_means_the_same_there_is_said_to(marketer):
    rule = {"match": "all", "rules": [{"field": "country_code", "op": "is_not_blank"}]}
    page = marketer.get(reverse("segment_to_braze", args=[builders.make_segment(rule).pk]))
    assert "Everything in this rule means the same in Braze." in text_of(page)


def test_what_braze_cannot_say_is_told_for_each_condition(marketer):
    rule = {
        "match": "any",
        "rules": [
            {"field": "opt_in_1", "op": "is_true"},
            {"field": "tags", "op": "has_any_of", "values": ["VIP"]},
        ],
    }

    said = text_of(marketer.get(reverse("segment_to_braze", args=[builders.make_segment(rule).pk])))

    assert "so there is nothing to copy" in said
    assert "“first opt-in is yes” cannot be said" in said
    assert "“tags include “VIP”” cannot be said" in said


def test_a_rule_that_cannot_be_read_is_told(marketer):
    segment = builders.make_segment({"match": "all", "rules": [{"segment": 999}]})

    assert "there is no such segment any more." in text_of(
        marketer.get(reverse("segment_to_braze", args=[segment.pk]))
    )


@pytest.mark.parametrize("typed", [{"AND": [FILTER]}, {"audience": {"AND": [FILTER]}}])
def test_pasted_json_becomes_a_draft_that_is_not_saved(marketer, people, typed):
    response = marketer.post(reverse("segment_from_braze"), {"json": json.dumps(typed)})

    assert "This came from Braze and is not saved yet" in text_of(response)
    assert response.context["count"].people == 2
    assert f'action="{reverse("segment_new")}"' in response.content.decode()
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "This is not JSON."),
        ("{", "This is not JSON."),
        ("[" * 100_000, "This is not JSON."),
        ("[1]", "This cannot be taken over: [1]"),
        ("null", "This cannot be taken over: null"),
        (
            '{"AND": [{"push_subscription_status": {"comparison": "is"}}]}',
            "This cannot be taken over: {&quot;push_subscription_status&quot;",
        ),
        (
            '{"AND": [1], "AND": [2]}',
            "“AND” stands twice in the same braces, and only one of them can count.",
        ),
        ("x" * 300_000, "This is longer than 200,000 characters."),
    ],
)
def test_what_cannot_be_taken_over_is_told_and_stays_typed(marketer, typed, message):
    response = marketer.post(reverse("segment_from_braze"), {"json": typed})

    assert message in text_of(response)
    assert response.context["typed"] == typed


def test_readers_see_the_json_and_bring_nothing(auditor):
    segment = builders.make_segment(AUSTRALIA)

    assert auditor.get(reverse("segment_to_braze", args=[segment.pk])).status_code == 200
    assert auditor.get(reverse("segment_from_braze")).status_code == 403

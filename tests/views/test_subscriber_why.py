"""Why is she in? Every condition of a segment with one person's own values."""

import re

import pytest
from django.urls import reverse

from tests import builders
from tests.views.checking import text

pytestmark = pytest.mark.django_db

AUSTRALIA = {
    "match": "all",
    "rules": [
        {"field": "country_code", "op": "is_any_of", "values": ["AU"]},
        {"match": "any", "rules": [{"field": "tags", "op": "has_any_of", "values": ["VIP"]}]},
    ],
}


@pytest.fixture
def segment(db):
    return builders.make_segment(AUSTRALIA, name="Australian VIPs")


def why(person, segment):
    return reverse("subscriber_why", args=[person.pk, segment.pk])


def test_the_form_leads_to_an_address_of_its_own(auditor, ada, segment, account):
    choose = reverse("subscriber_why_choose", args=[ada.pk])
    page = text(auditor, reverse("subscriber_detail", args=[ada.pk]))
    answer = auditor.get(choose, {"segment": segment.pk, "account": "shop"})

    assert f'action="{choose}"' in page
    assert "Australian VIPs" in page
    assert answer["Location"] == f"{why(ada, segment)}?account=shop"


def test_each_condition_is_shown_with_the_persons_values_per_subscription(auditor, ada, segment, account):
    builders.make_subscription(ada, account, country_code="AU", tags=["VIP"], calendar_title="News")

    page = text(auditor, why(ada, segment))

    assert "Ada Lovelace is in." in page
    assert "News (shop): “AU” → applies" in page
    assert "Offers (shop): no value → does not apply" in page
    assert (
        page.count('<ul class="pe-values">') == 3
    )  # everything, country, tags; the group of one row is that row


def test_somebody_who_is_out_is_told_what_does_not_apply(auditor, ada, segment):
    page = text(auditor, why(ada, segment))

    assert "Ada Lovelace is not in." in page
    assert 'ca-bad">does not apply' in page
    assert not re.search(
        r"\b(true|false)\b", page.partition('<ul class="pe-why')[2].partition("</section>")[0]
    )


def test_another_account_is_an_obstacle(auditor, ada, segment, account):
    builders.make_subscription(ada, account, country_code="AU", tags=["VIP"])

    assert "is in." in text(auditor, f"{why(ada, segment)}?account=shop")
    page = text(auditor, f"{why(ada, segment)}?account=other")
    assert "is not in." in page
    assert "no subscription to a calendar of this account" in page


def test_a_rule_that_cannot_be_read_is_said_to_be_so(auditor, ada):
    broken = builders.make_segment({"match": "everybody"})

    assert "rule cannot be read" in text(auditor, why(ada, broken))


def test_markup_in_values_stays_text(auditor, ada, segment, account):
    builders.make_subscription(ada, account, country_code="<b>AU", calendar_title="<i>News")

    page = text(auditor, why(ada, segment))

    assert "<b>AU" not in page
    assert "&lt;i&gt;News" in page


@pytest.mark.parametrize("given", ["", "0", "999999", "x", "9" * 40, "\0"])
def test_a_segment_that_is_not_there_is_not_found(auditor, ada, given):
    choose = reverse("subscriber_why_choose", args=[ada.pk])

    assert auditor.get(choose, {"segment": given}).status_code == 404


def test_nothing_is_there_to_post(auditor, ada, segment):
    assert auditor.post(why(ada, segment)).status_code == 405


def in_segments(*pks):
    return {"match": "all", "rules": [{"segment": pk} for pk in pks]}


def test_a_segment_inside_that_cannot_be_read_is_said_to_be_so(auditor, ada, segment):
    missing = builders.make_segment(in_segments(999_999))
    circle = builders.make_segment()
    circle.rule = in_segments(builders.make_segment(in_segments(circle.pk)).pk)
    circle.save()
    many = [{"field": "user_id", "op": "is_any_of", "values": [str(number)]} for number in range(150)]
    half = builders.make_segment({"match": "any", "rules": many})
    large = builders.make_segment(in_segments(half.pk, half.pk))

    for broken, said in (
        (missing, "there is no such segment any more"),
        (circle, "a segment cannot lie inside itself"),
        (large, "At most 200 conditions"),
    ):
        page = text(auditor, why(ada, broken))
        assert "rule cannot be read" in page
        assert said in page


def test_a_group_of_none_says_more_than_its_row(auditor, ada):
    nobody = builders.make_segment(
        {"match": "none", "rules": [{"field": "country_code", "op": "is_any_of", "values": ["AU"]}]}
    )

    page = text(auditor, why(ada, nobody))

    assert page.count('<ul class="pe-values">') == 2

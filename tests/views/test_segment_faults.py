"""A segment that could not be saved: what is wrong stands first, has the focus, and leads to the fields."""

import re

import pytest
from django.urls import reverse

from campaigns.models import Segment
from tests import builders
from tests.views.typed import post_segment, rows, text_of

pytestmark = pytest.mark.django_db


def summary(response):
    """What stands in the summary, as (where its link leads, text)."""
    found = re.search(r'<section id="faults"([^>]*)>(.*?)</section>', response.content.decode(), re.DOTALL)
    assert found
    assert 'tabindex="-1"' in found[1]
    assert "autofocus" in found[1]
    return re.findall(r'<a href="#([^"]+)">([^<]+)</a>', found[2])


def test_each_fault_leads_to_the_field_that_it_is_about(marketer):
    response = post_segment(
        marketer,
        **{
            "name": "",
            "r.0-values": "",
            "r.1-field": "",
            "r.2-match": "any",
            "r.3-match": "all",
            "r.3.0-field": "subscribed",
            "r.3.0-op": "within_days",
            "r.3.0-takes": "days",
            "r.3.0-values": "-1",
            "r.4-field": "user_id",
            "r.4-op": "is_any_of",
            "r.4-values": ["x" * 5_000, *"bcdefgh"],
        },
    )

    led = summary(response)
    assert led == [
        ("id_name", "Name"),
        ("r.0-value-1", "Row 1"),
        ("r.1-field", "Row 2"),
        ("r.2-match", "Row 3"),
        ("r.3.0-value-1", "Row 4.1"),
        ("r.4-value-1", "Row 5"),
    ]
    page = response.content.decode()
    for place, _text in led:
        assert page.count(f'id="{place}"') == 1
    assert page.count(" autofocus") == 1
    assert not Segment.objects.exists()


def test_beside_the_rule_each_fault_leads_to_the_field_that_it_is_about_too(marketer):
    changes = {
        "r.0-values": "",
        "r.1-field": "",
        "r.2-match": "any",
        "r.3-field": "random_bucket",
        "r.3-op": "is_between",
        "r.3-takes": "range",
        "r.3-values": ["5", ""],
    }

    page = marketer.post(reverse("segment_count"), rows(**changes)).content.decode()

    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', page) == [
        ("r.0-value-1", "Row 1"),
        ("r.1-field", "Row 2"),
        ("r.2-match", "Row 3"),
        ("r.3-value-2", "Row 4"),
    ]


def test_a_fault_is_told_at_its_row_too(marketer):
    page = post_segment(marketer, **{"r.0-values": ""}).content.decode()

    row = re.search(r'<select[^>]*id="r.0-field"[^>]*>', page)
    assert row
    assert 'aria-describedby="fault-r.0"' in row[0]
    assert '<p class="ca-bad" id="fault-r.0">' in page


def test_a_name_that_is_taken_is_a_fault_like_another(marketer):
    builders.make_segment(name="Down under")

    response = post_segment(marketer)

    assert summary(response) == [("id_name", "Name")]
    assert "Another segment has this name." in text_of(response)


def test_a_fault_of_the_whole_rule_leads_to_its_beginning(marketer):
    circle = builders.make_segment(name="Circle")
    outer = builders.make_segment({"match": "all", "rules": [{"segment": circle.pk}]}, name="Outer")

    response = post_segment(
        marketer, segment=circle, name="Circle", **{"r.0-field": "segment", "r.0-values": "Outer"}
    )

    assert outer.pk
    assert len(summary(response)) == 1


def test_somebody_who_saved_meanwhile_has_the_focus(marketer):
    segment = builders.make_segment(name="Down under")
    Segment.objects.update(version=7)

    page = post_segment(marketer, status=409, segment=segment).content.decode()

    note = re.search(r'<section[^>]*aria-labelledby="theirs"[^>]*>', page)
    assert note
    assert 'tabindex="-1" autofocus' in note[0]
    assert 'id="faults"' not in page


@pytest.mark.parametrize("button", ["add:r", "refresh"])
def test_whoever_is_still_building_is_not_led_away(marketer, button):
    page = post_segment(marketer, do=button, **{"name": "", "r.0-values": ""}).content.decode()

    assert 'id="faults"' not in page


def test_an_opened_segment_has_no_faults(marketer):
    assert 'id="faults"' not in marketer.get(reverse("segment_new")).content.decode()

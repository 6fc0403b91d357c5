"""Segments that are there already: saving over them, conflicts, archiving, reading."""

import pytest
from django.urls import reverse

from campaigns.models import Segment
from tests import builders
from tests.views.typed import post_segment, rows, text_of

pytestmark = pytest.mark.django_db


def test_a_change_raises_the_version(marketer, segment):
    post_segment(marketer, segment=segment, status=302)

    segment.refresh_from_db()
    assert (segment.name, segment.version, segment.rule["rules"][0]["field"]) == (
        "Down under",
        2,
        "country_code",
    )


@pytest.mark.parametrize("version", ["1", "", "x", "٣", "9" * 30])
def test_a_stale_form_loses_nothing(marketer, segment, version):
    Segment.objects.filter(pk=segment.pk).update(version=2, name="Theirs")

    response = post_segment(marketer, segment=segment, status=409, version=version)

    said = text_of(response)
    assert "Somebody else has saved this segment since you opened it" in said
    assert "Theirs : everyone" in said
    assert response.context["form"]["name"].value() == "Down under"
    assert Segment.objects.get().name == "Theirs"
    post_segment(marketer, segment=segment, status=302, version=response.context["form"]["version"].value())
    assert Segment.objects.get().name == "Down under"


def test_a_name_that_is_taken_in_the_last_moment_is_told(marketer, segment, monkeypatch):
    monkeypatch.setattr("campaigns.forms.segment.SegmentForm.validate_unique", lambda _form: None)

    response = post_segment(marketer, name=segment.name, status=409)

    assert Segment.objects.count() == 1
    assert response.context["form"]["name"].value() == segment.name


@pytest.mark.parametrize(
    "rule", [None, [], "x", {"match": "all"}, {"match": "all", "rules": [{"field": "gone"}]}]
)
def test_a_stored_rule_that_cannot_be_read_is_told_and_can_be_replaced(marketer, rule):
    segment = builders.make_segment(rule) if rule is not None else builders.make_segment({"x": 1})

    response = marketer.get(reverse("segment_edit", args=[segment.pk]))

    assert "The stored rule cannot be read" in text_of(response)
    post_segment(marketer, segment=segment, status=302)
    Segment.objects.filter(pk=segment.pk).update(rule={"broken": 1}, version=9)
    assert "A rule begins with a group" in text_of(post_segment(marketer, segment=segment, status=409))


def test_a_segment_in_use_names_its_campaigns_and_is_not_archived(marketer, campaign):
    segment = campaign.segment
    address = reverse("segment_edit", args=[segment.pk])

    assert "Campaigns with this audience: Summer ." in text_of(marketer.get(address))
    response = marketer.post(address, {"do": "archive"}, follow=True)
    assert "Campaigns use this segment: Summer. Give them another audience first." in text_of(response)
    assert not Segment.objects.get().is_archived


def test_a_segment_is_archived_and_brought_back(marketer, segment):
    address = reverse("segment_edit", args=[segment.pk])

    assert "Archived. Campaigns no longer offer it." in text_of(
        marketer.post(address, {"do": "archive"}, follow=True)
    )
    assert Segment.objects.get().is_archived
    assert "Brought back." in text_of(marketer.post(address, {"do": "restore"}, follow=True))
    assert not Segment.objects.get().is_archived


def test_an_auditor_reads_a_segment(auditor, segment):
    page = auditor.get(reverse("segment_edit", args=[segment.pk]))

    assert "You can read this segment, but not change it." in text_of(page)
    assert all(field.field.disabled for field in page.context["form"])
    assert '<fieldset id="builder" class="ca-builder" disabled>' in page.content.decode()
    assert auditor.post(reverse("segment_edit", args=[segment.pk]), rows()).status_code == 403
    assert auditor.post(reverse("segment_count"), rows()).status_code == 403

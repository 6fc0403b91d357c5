"""Segments that are there already: saving over them, conflicts, archiving, reading."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse

from campaigns.forms.segment import save
from campaigns.models import Segment
from campaigns.segments import nesting
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


def inside(segment):
    return {"match": "all", "rules": [{"segment": segment.pk}]}


def rows_inside(segment):
    return {"r.0-field": "segment", "r.0-op": "", "r.0-values": str(segment.pk)}


def test_a_circle_that_another_save_would_close_is_refused_in_the_last_moment(marketer, monkeypatch):
    a, b = builders.make_segment(name="A"), builders.make_segment(name="B")

    def save_after_the_other_tab(segment, **given):
        Segment.objects.filter(pk=b.pk).update(rule=inside(a))
        return save(segment, **given)

    monkeypatch.setattr("campaigns.views.segments.save", save_after_the_other_tab)
    response = post_segment(marketer, segment=a, name="A", **rows_inside(b))

    assert "“A” → “B” → “A”: a segment cannot lie inside itself." in response.context["root"].error
    a.refresh_from_db()
    assert (a.rule, a.version) == (builders.EVERYONE, 1)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_save_at_once_make_no_circle(monkeypatch):
    a, b = builders.make_segment(name="A"), builders.make_segment(name="B")
    clients = [builders.make_client("marketer") for _tab in "ab"]
    both_have_checked = threading.Barrier(2, timeout=10)

    def save_together(segment, **given):
        both_have_checked.wait()
        return save(segment, **given)

    monkeypatch.setattr("campaigns.views.segments.save", save_together)

    def post(client, own, other):
        address = reverse("segment_edit", args=[own.pk])
        try:
            return client.post(address, rows(name=own.name) | rows_inside(other)).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, clients, (a, b), (b, a)))

    assert sorted(answers) == [200, 302]
    assert sorted(Segment.objects.values_list("version", flat=True)) == [1, 2]


def users(*numbers):
    return [{"field": "user_id", "op": "is_any_of", "values": [str(number)]} for number in numbers]


def test_a_change_that_would_break_a_segment_around_is_refused_by_its_name(marketer):
    inner = builders.make_segment(name="Inner")
    middle = builders.make_segment(inside(inner), name="Middle")
    rule = {"match": "all", "rules": [*users(*range(199)), {"segment": middle.pk}]}
    outer = builders.make_segment(rule, name="Outer")
    second = {"r.1-field": "source", "r.1-op": "is_any_of", "r.1-values": "Perth"}

    refused = post_segment(marketer, segment=inner, name="Inner", **second)

    said = "“Outer” asks for this one, and could not be read any more: At most 200 conditions"
    assert said in refused.context["root"].error
    assert Segment.objects.get(pk=inner.pk).version == 1
    post_segment(marketer, segment=inner, status=302, name="Inner")
    assert nesting.check(outer.pk, outer.rule).rules


@pytest.mark.parametrize(("inner_rule", "said"), [("deep", "more than 5 deep"), ("person", "the person")])
def test_depth_and_people_inside_people_count_for_segments_around_as_well(marketer, inner_rule, said):
    inner = builders.make_segment(name="Inner")
    if inner_rule == "person":
        builders.make_segment({"match": "all", "rules": [{"person": inside(inner)}]}, name="Around")
        typed = {"r.0-match": "all", "r.0-who": "person"}
        typed |= {"r.0.0-field": "source", "r.0.0-op": "is_any_of", "r.0.0-values": "Perth"}
    else:
        around = inner
        for number in range(5):
            around = builders.make_segment(inside(around), name=f"Around {number}")
        typed = rows_inside(builders.make_segment(name="Other"))

    body = {"name": "Inner", "version": "1", "r-match": "all", **typed}
    response = marketer.post(reverse("segment_edit", args=[inner.pk]), body)

    assert response.status_code == 200
    assert "“Around" in response.context["root"].error
    assert said in response.context["root"].error


def test_a_segment_around_that_was_broken_before_keeps_nobody_from_saving(marketer, segment):
    rule = {"match": "all", "rules": [{"segment": segment.pk}, {"segment": 999_999}]}
    builders.make_segment(rule, name="Broken")
    builders.make_segment({"match": "all", "rules": ["x"]}, name="No rule")
    Segment.objects.filter(name="No rule").update(rule="x")

    post_segment(marketer, segment=segment, status=302)

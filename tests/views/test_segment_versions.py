"""Every save of a segment is a version that can be read, compared and taken back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import tasks
from campaigns.models import Segment, Send, Snapshot
from campaigns.segments import snapshots
from tests import builders
from tests.views.typed import post_segment, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(marketer):
    """A segment in two versions: Australia and New Zealand, then Austria."""
    post_segment(marketer, status=302)
    segment = Segment.objects.get(name="Down under")
    post_segment(marketer, segment=segment, status=302, **{"r.0-values": "AT"})
    segment.refresh_from_db()
    return segment


def page_of(client, segment):
    return client.get(reverse("segment_versions", args=[segment.pk]))


def test_every_save_is_a_version_with_its_author(marketer, saved):
    kept = saved.versions.order_by("number").values_list(
        "number", "name", "made_by__username", "rule__rules__0__values"
    )

    assert [*kept] == [
        (1, "Down under", marketer.user.username, ["AU", "NZ"]),
        (2, "Down under", marketer.user.username, ["AT"]),
    ]


def test_saving_nothing_new_makes_no_version(marketer, saved):
    response = marketer.post(reverse("segment_edit", args=[saved.pk]), same(saved), follow=True)

    assert "Nothing is new, so there is nothing to save." in text_of(response)
    assert saved.versions.count() == 2
    assert Segment.objects.get().version == 2


def same(segment):
    return {
        "name": segment.name, "description": "", "version": str(segment.version), "r-match": "all",
        "r.0-field": "country_code", "r.0-op": "is_any_of", "r.0-values": "AT",
    }  # fmt: skip


def test_the_history_says_what_changed(marketer, saved):
    said = text_of(page_of(marketer, saved))

    assert "Version 2 now" in said
    assert "Country code is “AT”. taken out: country code is “AU” or “NZ” added: country code is “AT”" in said
    assert "Country code is “AU” or “NZ”. The first version." in said


def test_rows_that_have_to_apply_together_or_not_are_said_in_words(marketer, saved):
    post_segment(marketer, segment=saved, status=302, **same(saved) | {"r-match": "any"})

    said = text_of(page_of(marketer, saved))
    assert "taken out: all of these apply: added: any of these apply:" in said


def test_a_change_of_the_description_alone_is_said(marketer, saved):
    post_segment(marketer, segment=saved, status=302, **same(saved) | {"description": "new"})

    assert "Version 3 now" in (said := text_of(page_of(marketer, saved)))
    assert "Only the description changed." in said


def test_what_was_saved_without_the_form_begins_the_history(marketer, segment):
    post_segment(marketer, segment=segment, status=302)

    said = text_of(page_of(marketer, segment))
    assert (
        "taken out: the name “Everybody” added: the name “Down under” added: country code is “AU” or “NZ”"
        in said
    )
    assert "Everyone. The first version." in said


def test_the_history_names_the_sends_that_used_a_version_and_the_people_then(marketer, event, saved):
    send = builders.make_send(event, segment=saved, segment_version=1, state=Send.State.FINISHED)
    for count in (12_345, 7):
        Snapshot.objects.create(
            segment=saved, version=1, cause="saved", people=b"", people_count=count, taken_at=send.created_at
        )

    response = page_of(marketer, saved)

    assert f"The first version. 12,345 people then Used by #{send.pk} Summer sale" in text_of(response)
    assert reverse("send_detail", args=[send.pk]) in response.content.decode()


def test_an_old_version_is_taken_back_as_a_new_one(marketer, saved):
    address = reverse("segment_versions", args=[saved.pk])

    response = marketer.post(address, {"version": "1", "newest": "2"}, follow=True)

    assert "Who was in version 1 is asked for again, as version 3." in text_of(response)
    assert Segment.objects.get().rule["rules"][0]["values"] == ["AU", "NZ"]
    again = marketer.post(address, {"version": "1", "newest": "3"}, follow=True)
    assert "The segment says exactly this already." in text_of(again)
    assert saved.versions.count() == 3


def test_a_version_is_not_taken_back_over_a_newer_one(marketer, saved):
    address = reverse("segment_versions", args=[saved.pk])

    response = marketer.post(address, {"version": "1", "newest": "1"}, follow=True)

    assert "Somebody has saved another version meanwhile. Look at it first." in text_of(response)
    assert Segment.objects.get().version == 2
    assert marketer.post(address, {"version": "9", "newest": "2"}).status_code == 404


def test_a_version_that_has_come_to_mean_nothing_is_not_taken_back(marketer, saved):
    saved.versions.filter(number=1).update(rule={"match": "all", "rules": [{"segment": saved.pk}]})

    response = marketer.post(
        reverse("segment_versions", args=[saved.pk]), {"version": "1", "newest": "2"}, follow=True
    )

    assert "This version cannot be taken back:" in text_of(response)
    assert Segment.objects.get().version == 2


def test_readers_take_nothing_back(auditor, saved):
    assert "Take this version back" not in text_of(page_of(auditor, saved))
    assert auditor.post(reverse("segment_versions", args=[saved.pk]), {"version": "1"}).status_code == 403


def test_saving_has_a_worker_remember_who_is_in_it(
    marketer, people, monkeypatch, django_capture_on_commit_callbacks
):
    published = []
    monkeypatch.setattr(tasks.remember_segment, "apply_async", lambda **call: published.append(call["args"]))

    with django_capture_on_commit_callbacks(execute=True):
        post_segment(marketer, status=302)

    segment = Segment.objects.get()
    assert published == [(segment.pk,)]
    assert not Snapshot.objects.exists()
    for _twice in range(2):
        tasks.remember_segment(segment.pk)
    assert [*Snapshot.objects.values_list("version", "cause", "people_count")] == [(1, "saved", 2)]
    tasks.remember_segment(0)


def test_the_clock_has_a_segment_remembered_whose_wake_up_was_lost(people):
    segment, other = builders.make_segment(name="Lost"), builders.make_segment(name="Kept")
    broken = builders.make_segment({"match": "all", "rules": [{"segment": 0}]}, name="Broken")
    long_ago = builders.make_segment(name="Long ago")
    ages = {segment: 5, other: 5, broken: 5, long_ago: 60 * 25}
    for each, minutes in ages.items():
        each.versions.create(number=1, name=each.name, rule=each.rule)
        each.versions.update(made_at=timezone.now() - timedelta(minutes=minutes))
    tasks.remember_segment(other.pk)

    assert snapshots.forgotten() == [segment.pk]

    tasks.remember_segment(segment.pk)
    assert segment.snapshots.get().people_count == 3
    assert snapshots.forgotten() == []
    Segment.objects.filter(pk=segment.pk).update(version=2)
    newer = segment.versions.create(number=2, name=segment.name, rule=segment.rule)
    assert snapshots.forgotten() == []  # its own wake-up may be on its way
    segment.versions.filter(pk=newer.pk).update(made_at=timezone.now() - timedelta(minutes=5))
    assert snapshots.forgotten() == [segment.pk]


def test_the_clock_wakes_somebody_for_a_segment_that_was_forgotten(
    people, monkeypatch, django_capture_on_commit_callbacks
):
    segment = builders.make_segment(name="Lost")
    segment.versions.create(number=1, name=segment.name, rule=segment.rule)
    segment.versions.update(made_at=timezone.now() - timedelta(minutes=5))
    published = []
    monkeypatch.setattr(tasks, "_try", lambda task, args: published.append((task.name, *args)))

    with django_capture_on_commit_callbacks(execute=True):
        tasks.tick()

    assert ("campaigns.tasks.remember_segment", segment.pk) in published


def test_a_version_that_would_break_a_segment_around_is_not_taken_back(marketer, saved):
    many = [{"field": "user_id", "op": "is_any_of", "values": [str(number)]} for number in range(199)]
    saved.versions.filter(number=1).update(rule={"match": "all", "rules": many[:2]})
    builders.make_segment({"match": "all", "rules": [*many, {"segment": saved.pk}]}, name="Around")

    address = reverse("segment_versions", args=[saved.pk])
    response = marketer.post(address, {"version": "1", "newest": "2"}, follow=True)

    assert "This version cannot be taken back: The segment “Around” asks for this one" in text_of(response)
    assert Segment.objects.get(pk=saved.pk).version == 2

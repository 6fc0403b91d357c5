"""Versions of webhook templates: compared line by line, and taken back."""

from html import unescape

import pytest
from django.urls import reverse

from campaigns.pipeline import compose
from tests import builders
from tests.views.typed import text_of
from tests.views.webhook_form import URL

pytestmark = pytest.mark.django_db


@pytest.fixture
def template():
    return builders.make_webhook_template(name="Mine", description="why")


def test_the_versions_are_compared_line_by_line(auditor, template):
    builders.make_version(template, body=builders.WEBHOOK_BODY.replace("16:00", "17:00"), method="PUT")
    address = reverse("webhook_versions", args=[template.pk])

    response = auditor.get(address)

    said = unescape(text_of(response))
    assert "Version 2, compared with version 1" in said
    assert 'Removed: "end": "2027-02-21T16:00:00"' in said
    assert 'Added: "end": "2027-02-21T17:00:00"' in said
    assert "URL the same" in said
    assert "Headers the same" in said
    assert "Take this version back" not in said
    first = text_of(auditor.get(address, {"version": "1"}))
    assert "Version 1, the first" in first
    assert f"Added: {URL}" in first


def test_a_line_break_at_the_end_is_a_difference_too(marketer, template):
    builders.make_version(template, body=builders.WEBHOOK_BODY + "\n")

    parts = marketer.get(reverse("webhook_versions", args=[template.pk])).context["parts"]

    assert [(line.sign, line.text) for line in parts[3].lines][-1] == ("+", "")


def test_what_is_too_long_is_not_compared(marketer, template):
    builders.make_version(template, body="a\n" * 4_000)

    said = text_of(marketer.get(reverse("webhook_versions", args=[template.pk])))

    assert "too long to be compared line by line" in said


def test_an_old_version_is_taken_back_as_a_new_one(marketer, template):
    builders.make_version(template, body="newer")
    template.tags.create(name="sale")
    address = reverse("webhook_versions", args=[template.pk])

    response = marketer.post(address, {"version": "1", "newest": "2"}, follow=True)

    assert "What version 1 said is back, as version 3." in text_of(response)
    template.refresh_from_db()
    assert template.version == 3
    assert compose.webhook_of(template).body == builders.WEBHOOK_BODY
    assert template.tags.count() == 1


def test_taking_back_over_somebody_elses_version_is_refused(marketer, template):
    builders.make_version(template, body="newer")

    response = marketer.post(
        reverse("webhook_versions", args=[template.pk]), {"version": "1", "newest": "1"}, follow=True
    )

    assert "Somebody has saved another version meanwhile." in text_of(response)
    assert template.versions.count() == 2


@pytest.mark.parametrize("version", ["7", "99999999999999999999"])
def test_a_version_that_is_not_there_is_not_found(marketer, template, version):
    address = reverse("webhook_versions", args=[template.pk])

    assert marketer.post(address, {"version": version}).status_code == 404
    assert marketer.get(address, {"version": "7"}).status_code == 404

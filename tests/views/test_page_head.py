"""The head of a page: what staff called a thing stands there as they wrote it."""

import re

import pytest
from django.urls import reverse

from campaigns.models import PersonList
from tests import builders

pytestmark = pytest.mark.django_db


def head(response):
    found = re.search(r"<h1.*?</h1>", response.content.decode(), re.DOTALL)
    assert found
    return found[0]


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("name", ["iPhone owners", "élan", "user-0001"])
def test_a_name_keeps_its_first_letter(marketer, name):
    people = PersonList.objects.create(name=name)

    shown = head(marketer.get(reverse("person_list", args=[people.pk])))

    assert words(shown) == name


def test_a_name_keeps_its_first_letter_in_the_setup_too(admin):
    workspace = builders.make_workspace(name="europe")

    shown = head(admin.get(reverse("admin:campaigns_workspace_change", args=[workspace.pk])))

    assert words(shown) == "Calendar campaigns chevron_right Workspaces chevron_right europe"


def test_a_name_that_does_not_fit_can_be_read_whole_by_pointing_at_it(marketer):
    people = PersonList.objects.create(name="w" * 200)

    assert f'title="{"w" * 200}"' in head(marketer.get(reverse("person_list", args=[people.pk])))

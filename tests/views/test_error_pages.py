"""What people read when something is not there, not theirs, or broken: plain pages, in their language."""

import pytest
from django.db import OperationalError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.views.defaults import server_error

from campaigns.keeping import halts

PAGES = {
    "400.html": "This could not be read",
    "403.html": "This is not open to you",
    "403_csrf.html": "This page was open for too long",
    "404.html": "There is no such page",
    "405.html": "This address belongs to a button",
    "500.html": "Something went wrong here",
}


def test_an_address_that_leads_nowhere_says_so_and_leads_home(marketer):
    response = marketer.get(reverse("send_detail", args=[404]))

    assert response.status_code == 404
    assert PAGES["404.html"] in response.content.decode()
    assert f'href="{reverse("admin:index")}"' in response.content.decode()


def test_a_page_of_another_role_says_who_can_help(marketer):
    response = marketer.post(reverse("halt"), {"action": "hold", "note": "stop"})

    assert response.status_code == 403
    assert PAGES["403.html"] in response.content.decode()
    assert "administrator" in response.content.decode()


def test_a_form_of_an_older_sign_in_is_explained_without_jargon(admin):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin.user)

    response = strict.post(reverse("halt"), {"action": "hold", "note": "stop"})

    assert response.status_code == 403
    assert PAGES["403_csrf.html"] in response.content.decode()
    assert "CSRF" not in response.content.decode()


def test_a_fault_of_ours_is_said_plainly(admin, monkeypatch):
    def fail():
        raise OperationalError("no such host: db.internal")

    monkeypatch.setattr(halts, "waiting", fail)
    admin.raise_request_exception = False

    response = admin.get(reverse("halt"))

    assert response.status_code == 500
    assert PAGES["500.html"] in response.content.decode()
    assert "db.internal" not in response.content.decode()


def test_the_page_of_a_fault_needs_neither_database_nor_person():
    response = server_error(RequestFactory().get("/"))  # without the mark: a query here fails the test

    assert PAGES["500.html"] in response.content.decode()


@pytest.mark.parametrize(("template", "title"), PAGES.items())
def test_each_page_is_whole_and_says_its_language(template, title):
    with translation.override("ko"):
        text = render_to_string(template)

    assert f"<title>{title}</title>" in text
    assert '<html lang="ko">' in text
    assert 'name="viewport"' in text
    assert "<h1>" in text


@pytest.mark.parametrize(
    ("name", "args", "page"),
    [
        ("send_action", [7, "pause"], "/sends/7/"),
        ("campaign_archive", [3], "/campaigns/3/"),
        ("workspace_sync_start", [2], "/workspaces/2/sync/"),
        ("admin:campaigns_account_try", [1], "/campaigns/account/1/"),
        ("segment_count", [], None),
    ],
)
def test_the_address_of_a_button_opened_by_hand_says_so_and_leads_to_the_page_of_the_button(
    admin, name, args, page
):
    response = admin.get(reverse(name, args=args), headers={"Accept": "text/html,*/*;q=0.8"})

    said = response.content.decode()
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert PAGES["405.html"] in said
    assert "Nothing was done" in said
    assert f'href="{reverse("admin:index")}"' in said
    assert page is None or f'href="{page}"' in said
    assert "Go to the page that has the button" in said or page is None


def test_a_machine_that_asks_in_the_wrong_way_gets_no_page(client, db):
    response = client.get(reverse("users_track"), headers={"Accept": "*/*"})

    assert response.status_code == 405
    assert "<html" not in response.content.decode()


def test_a_form_sent_to_a_page_that_only_shows_gets_no_page_about_buttons(admin):
    response = admin.post(reverse("event_people"), headers={"Accept": "text/html"})

    assert (response.status_code, response.content) == (405, b"")

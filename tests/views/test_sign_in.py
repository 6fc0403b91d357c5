"""Signed out meanwhile: after signing in, people are back where they were."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(event):
    return builders.make_send(event)


def next_page(client: Client, address: str, **headers: str) -> str:
    response = client.post(address, headers=headers)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
    return response["Location"].partition("?next=")[2]


def test_a_button_leads_back_to_the_page_it_was_on_and_says_that_nothing_was_done(client, send):
    page = reverse("send_detail", args=[send.pk])
    pause = reverse("send_action", args=[send.pk, "pause"])

    assert next_page(client, pause, referer=f"http://testserver{page}?cancel") == page
    assert "nothing was done" in client.get(reverse("admin:login")).content.decode()


@pytest.mark.parametrize("referer", ["", "http://[", "https://elsewhere.example/sends/1/"])
def test_a_browser_that_does_not_say_where_it_was_is_led_to_the_home_page(client, send, referer):
    pause = reverse("send_action", args=[send.pk, "pause"])

    assert next_page(client, pause, referer=referer) == reverse("admin:index")


def test_a_page_that_is_asked_for_is_led_to_itself(client, send):
    page = reverse("send_detail", args=[send.pk])

    assert client.get(page)["Location"].endswith(f"?next={page}")

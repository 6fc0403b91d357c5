"""Three calendars, one entry: whose comes first, what is cut off, and what is said about each."""

import pytest
from django.urls import reverse

from campaigns.views.looks import cut
from tests import builders
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(marketer, campaign):
    """Preview an event for somebody who subscribed like this; returns the answer."""

    def show(method="", device="", profile=None, **changes):
        person = builders.make_subscriber(profile=profile or {})
        builders.make_subscription(person, campaign.account, method=method, device_name=device)
        posted = typed(**changes) | {"campaign": campaign.pk}
        return marketer.post(reverse("event_preview"), {"show": person.pk} | posted)

    return show


def looks_of(response):
    return response.context["panel"].looks


@pytest.mark.parametrize(
    ("method", "device", "first", "is_known"),
    [
        ("Google", "Desktop", "google", True),
        ("WebCal", "iPhone", "apple", True),
        ("webcal", "iOS", "apple", True),
        ("Webcal", "Mac", "apple", True),
        ("Microsoft", "Mac", "outlook", True),
        ("Outlook", "", "outlook", True),
        ("WebCal", "Desktop", "google", False),
        ("WebCal", "Machine", "google", False),
        ("", "", "google", False),
    ],
)
def test_the_persons_own_calendar_comes_first(shown, method, device, first, is_known):
    response = shown(method, device)

    looks = looks_of(response)
    assert {look.program for look in looks} == {"google", "apple", "outlook"}
    assert (looks[0].program, looks[0].is_theirs, looks[0].is_chosen) == (first, is_known, True)
    assert not any(look.is_theirs or look.is_chosen for look in looks[1:])
    assert response.content.decode().count(" checked") == 1


def test_the_chosen_tab_stays_while_the_same_person_is_shown(marketer, campaign, ada):
    chosen = typed() | {"campaign": campaign.pk, "person": ada.pk, "look": "outlook"}

    again = marketer.post(reverse("event_preview"), chosen)
    somebody = marketer.post(reverse("event_preview"), chosen | {"show": ada.pk})
    nonsense = marketer.post(reverse("event_preview"), chosen | {"look": "\x00"})

    assert [look.program for look in looks_of(again) if look.is_chosen] == ["outlook"]
    for response in (somebody, nonsense):
        assert [look.program for look in looks_of(response) if look.is_chosen] == ["google"]


def test_the_times_are_the_persons_own_with_the_zone(shown):
    response = shown(
        profile={"time_zone": "Asia/Seoul"},
        start_local="2027-07-01T15:00",
        end_local="2027-07-01T16:30",
    )

    said = text_of(response)
    assert "Fri 2027-07-02 04:00 \N{EN DASH} 05:30 Korea Standard Time (Seoul, UTC+9)" in said
    assert "In the event's zone: Thu 2027-07-01 15:00 \N{EN DASH} 16:30 Eastern Standard Time" in said
    assert "On the lock screen, Fri 2027-07-02 03:45" in said


def test_an_end_on_another_day_says_which(shown):
    said = text_of(shown(start_local="2027-07-01T15:00", end_local="2027-07-02T16:30"))

    assert "15:00 \N{EN DASH} Fri 2027-07-02 16:30, Open for 50 % off" in said
    assert "15:00 \N{EN DASH} Fri 2027-07-02 16:30 · Open for 50 % off" in said


@pytest.mark.parametrize("profile", [{}, {"time_zone": None}, {"time_zone": "Nowhere"}, {"time_zone": [1]}])
def test_without_a_known_zone_the_events_own_is_shown_and_said_to_be(shown, profile):
    response = shown(profile=profile)

    said = text_of(response)
    assert "Where Ada lives is not known, so this is the event's own zone." in said
    assert "Eastern Standard Time (New York" in said


def test_the_events_zone_is_not_called_unknown_where_clocks_agree(shown):
    assert "is not known, so this is" not in text_of(shown(profile={"time_zone": "America/Toronto"}))


def test_a_time_that_comes_twice_is_the_one_that_was_chosen(shown):
    response = shown(
        start_local="2027-11-07T01:30",
        end_local="2027-11-07T03:00",
        start_fold="1",
        profile={"time_zone": "UTC"},
    )

    assert response.context["panel"].card.own.start.hour == 6


def test_what_is_known_of_each_calendar_is_said(shown):
    notes = {look.program: " ".join(look.notes) for look in looks_of(shown("Google"))}

    assert "Rokt syncs the entry at once" in notes["google"]
    assert "8 to 24 hours" not in notes["google"]
    assert "about every hour" in notes["apple"]
    assert "about every 3 hours" in notes["outlook"]
    everyones = {look.program: " ".join(look.notes) for look in looks_of(shown())}
    assert "8 to 24 hours, and does not use the reminder" in everyones["google"]
    microsofts = {look.program: " ".join(look.notes) for look in looks_of(shown("Microsoft"))}
    assert "is not published" in microsofts["outlook"]
    assert "every 3 hours" not in microsofts["outlook"]


@pytest.mark.parametrize(("description", "warns"), [("<b>Now</b>", True), ("1 < 2 > 0, a<3", False)])
def test_tags_in_a_description_are_warned_about(shown, description, warns):
    said = text_of(shown(description=description))

    assert ("Descriptions are plain text" in said) is warns


@pytest.mark.parametrize(
    ("text", "width", "shown_as"),
    [
        ("Summer sale", 11, "Summer sale"),
        ("Summer sale", 10, "Summer sa…"),
        ("Summer sale", 8, "Summer…"),
        ("two\nlines  here", 20, "two lines here"),
        ("여름 세일 시작", 9, "여름 세…"),
        ("여름", 4, "여름"),
        ("abc👨\u200d👩\u200d👧def", 6, "abc👨\u200d👩\u200d👧…"),
        ("abc👨\u200d👩\u200d👧def", 5, "abc…"),
        ("ok👍\U0001f3fd!", 4, "ok…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("", 5, ""),
    ],
)
def test_a_title_is_cut_by_the_room_that_its_signs_take(text, width, shown_as):
    assert cut(text, width) == shown_as

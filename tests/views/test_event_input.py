"""What people type into an event, however odd: saved as meant, or refused at its field in plain words."""

import pytest
from django.urls import reverse

from campaigns.forms.event import EventForm, new_event
from campaigns.models import Event
from tests import builders
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db

UNSEEN = "Character {} (U+{}) cannot be seen and is not sent. Delete it."
LINKS = "Links begin with https://. Calendars do not open “javascript:” or “data:” links."
ID_RULE = "Use up to 100 letters, digits, dots, hyphens and underscores, and begin with a letter or digit."
MINUTES = "Write whole minutes between 0 and 40,320 (four weeks)."
UNREAL = "There is no such date or time. Check the day and the hour."
SHAPE = "Write the date and time like this: 2027-02-21 15:00."
YEAR = "The year must lie between 2000 and 2100."


def refused(client, campaign, **changes):
    """Post an event that must not be saved; return the messages by field."""
    response = client.post(reverse("event_new", args=[campaign.pk]), typed(**changes))

    assert response.status_code == 200
    assert not Event.objects.exists()
    return dict(response.context["form"].errors)


def saved(client, campaign, **changes):
    """Post an event that is saved."""
    response = client.post(reverse("event_new", args=[campaign.pk]), typed(**changes))

    assert response.status_code == 302, response.context["form"].errors
    return Event.objects.get()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        *(
            ("title", blank, "Fill in “Title”: it is required.")
            for blank in ("", "   ", "\u200b\u200d", "\u2060", "\u3164", "\u2800", "\u200b \t\n", "\u0301")
        ),
        ("title", "x" * 1_001, "At most 1000 characters fit here, and these are 1001. Shorten the text."),
        ("title", "Sale\u202egnp.exe", UNSEEN.format(5, "202E")),
        ("title", "\u2066isolated\u2069", UNSEEN.format(1, "2066")),
        ("title", "a\x00b", UNSEEN.format(2, "0000")),
        ("title", "a\x1bb", UNSEEN.format(2, "001B")),
        ("description", "a\x00b", UNSEEN.format(2, "0000")),
        ("description", "a\x85b", UNSEEN.format(2, "0085")),
        ("description", "x" * 10_001, "At most 10000 characters fit here, and these are 10001. Shorten the text."),
        ("description", "e" + "\u0301" * 100_000,
         "At most 10000 characters fit here, and these are 100001. Shorten the text."),
        ("description", "javascript:alert(1)", LINKS),
        ("description", "see JaVaScRiPt:alert(1)", LINKS),
        ("location", "data:text/html,<b>", LINKS),
        ("title", "{% if %}", "Line 1: A value is missing here."),
        ("event_id", "", "Fill in “Event id”: it is required."),
        *(("event_id", bad, ID_RULE) for bad in ("a b", "a/b", "a?b", "a#b", "../a", "-a", "é", "a\u0301")),
        ("event_id", "x" * 300, "At most 100 characters fit here, and these are 300. Shorten the text."),
        ("start_local", "", "Give a date and a time."),
        ("start_local", "2026-02-30T10:00", UNREAL),
        ("start_local", "2027-01-01T24:00", UNREAL),
        ("start_local", "2027-13-01T10:00", UNREAL),
        ("start_local", "2027-01-01T10:60", UNREAL),
        ("start_local", "0001-01-01T10:00", YEAR),
        ("start_local", "1999-12-31T10:00", YEAR),
        ("start_local", "9999-01-01T10:00", YEAR),
        ("start_local", "10000-01-01T10:00", YEAR),
        ("start_local", "2027-01-01", SHAPE),
        ("start_local", "tomorrow", SHAPE),
        ("start_local", "٢٠٢٧-01-01T10:00", SHAPE),
        ("start_local", "2027-01-01T10:00Z",
         "Leave out “Z”: this is the time on the clock in the event's own time zone."),
        ("start_local", "2027-01-01T10:00+02:00",
         "Leave out “+02:00”: this is the time on the clock in the event's own time zone."),
        ("start_local", "2020-01-01T10:00", "This time is over. An event begins in the future."),
        ("end_local", "2026-01-01T10:00", "The end lies before the start."),
        ("timezone", "", "Choose a time zone."),
        ("timezone", "Nowhere Time", "“Nowhere Time” is not a time zone. Choose one from the list."),
        ("timezone", "Romanse Standard Time", "“Romanse Standard Time” is not a time zone. Did you mean"),
        *(("notify_before_minutes", bad, MINUTES)
          for bad in ("-1", "1.5", "abc", "1e3", "٣", "1000000000", "40321", "+5", "9" * 5_000)),
        ("notify_before_minutes", "",
         "Say how many minutes before the start the reminder comes; 0 is at the start."),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_at_its_field(marketer, campaign, field, value, message):
    errors = refused(marketer, campaign, **{field: value})

    assert set(errors) == {field}
    assert len(errors[field]) == 1
    assert errors[field][0].startswith(message)


@pytest.mark.parametrize(
    "title",
    [
        'Quotes "and" back\\slashes', "</script><script>alert(1)</script>", "line\u2028separator", "Emoji 🎉 fits",
        "\u05de\u05d1\u05e6\u05e2 \u200f-", "{{ 7 | times: 7 }}", "{{ user.password }}", "Family 👨\u200d👩\u200d👧",
        "Learn javascript: the basics",
    ],
)  # fmt: skip
def test_odd_but_honest_titles_are_kept_letter_by_letter(marketer, campaign, title):
    assert saved(marketer, campaign, title=title).title == title


def test_line_ends_become_blanks_in_one_line_and_plain_ends_in_paragraphs(marketer, campaign):
    event = saved(marketer, campaign, title="One\r\ntwo\tthree", description="One\r\ntwo\rthree")

    assert (event.title, event.description) == ("One two three", "One\ntwo\nthree")


def test_half_a_character_is_refused_in_every_text(campaign):
    for field in ("title", "description", "location", "event_id"):
        form = EventForm(typed(**{field: "a\ud800"}), instance=new_event(campaign))

        assert form.errors[field] == [UNSEEN.format(2, "D800")]


def test_a_million_letters_are_refused_before_they_are_read(marketer, campaign):
    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(description="x" * 1_000_001))

    assert response.status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("name", ["America/New_York", "eastern standard time", "EST5EDT", "US/Eastern"])
def test_other_names_of_a_zone_are_understood(marketer, campaign, name):
    assert saved(marketer, campaign, timezone=name).timezone == "Eastern Standard Time"


@pytest.mark.parametrize("minutes", ["0", "15", "40320", " 30 "])
def test_reminders_from_none_to_four_weeks_are_kept(marketer, campaign, minutes):
    assert saved(marketer, campaign, notify_before_minutes=minutes).notify_before_minutes == int(minutes)


def test_ids_that_could_be_taken_for_each_other_are_refused(marketer, campaign):
    builders.make_event(campaign, event_id="A_1")

    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(event_id="A"))

    assert response.context["form"].errors["event_id"] == [
        "“A” could not be told apart from event “A_1” for some people. Use a hyphen instead of the underscore."
    ]


def test_an_id_that_is_taken_is_refused_and_capitals_make_another(marketer, campaign, event):
    address = reverse("event_new", args=[campaign.pk])

    response = marketer.post(address, typed(event_id="Event_0001"))
    assert response.context["form"].errors["event_id"] == [
        "“Event_0001” is taken by another event of this account."
    ]
    assert marketer.post(address, typed(event_id="EVENT_0001")).status_code == 302


def test_an_event_that_has_begun_can_still_be_mended(marketer, event):
    past = {"start_local": "2020-01-01T10:00", "end_local": "2020-01-01T11:00", "title": "Mended"}

    assert marketer.post(reverse("event_edit", args=[event.pk]), typed(event, **past)).status_code == 302


# Times that the clock skips or shows twice (Eastern Standard Time: 14 March and 7 November 2027)

GAP = {"start_local": "2027-03-14T02:30", "end_local": "2027-03-14T05:00"}
TWICE = {"start_local": "2027-11-07T01:30", "end_local": "2027-11-07T05:00"}


def test_a_time_that_does_not_exist_is_offered_with_both_neighbours(marketer, campaign):
    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(**GAP))

    form = response.context["form"]
    assert form.errors == {
        "start_local": [
            "Clocks in Eastern Standard Time skip 2027-03-14 02:30: they are set forward that night."
            " Choose another time."
        ]
    }
    page = response.content.decode()
    assert 'name="take_start_local" value="2027-03-14T01:30"' in page
    assert 'name="take_start_local" value="2027-03-14T03:30"' in page


def test_taking_a_neighbour_fills_it_in_and_saves_nothing_yet(marketer, campaign):
    response = marketer.post(
        reverse("event_new", args=[campaign.pk]), typed(**GAP, take_start_local="2027-03-14T03:30")
    )

    assert response.context["form"]["start_local"].value() == "2027-03-14T03:30"
    assert not response.context["form"].errors
    assert not Event.objects.exists()


@pytest.mark.parametrize("taken", ["", "x", "2027-03-14T02:30", "9" * 99])
def test_taking_what_was_not_offered_is_an_error_again(marketer, campaign, taken):
    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(**GAP, take_start_local=taken))

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"start_local"}


@pytest.mark.parametrize("fold", [None, "", "2", "x", "\u0660"])
def test_a_time_that_comes_twice_needs_a_choice(marketer, campaign, fold):
    chosen = {} if fold is None else {"start_fold": fold}

    response = marketer.post(reverse("event_new", args=[campaign.pk]), typed(**TWICE, **chosen))

    assert "Say which one is meant." in response.context["form"].errors["start_local"][0]
    said = text_of(response)
    assert "the first, 2027-11-07 01:30 (UTC\N{MINUS SIGN}4)" in said
    assert "the second, 2027-11-07 01:30 (UTC\N{MINUS SIGN}5)" in said
    assert not Event.objects.exists()


@pytest.mark.parametrize("fold", ["0", "1"])
def test_the_choice_is_stored_and_shown_again(marketer, campaign, fold):
    event = saved(marketer, campaign, **TWICE, start_fold=fold)

    assert (event.start_fold, event.end_fold) == (int(fold), 0)
    page = marketer.get(reverse("event_edit", args=[event.pk])).content.decode()
    assert f'id="id_start_fold_{fold}" value="{fold}" checked' in page


def test_a_choice_is_forgotten_when_the_time_is_an_ordinary_one(marketer, campaign):
    event = saved(marketer, campaign, **TWICE, start_fold="1")

    marketer.post(reverse("event_edit", args=[event.pk]), typed(event, start_fold="1"))

    event.refresh_from_db()
    assert event.start_fold == 0


def test_an_end_that_comes_twice_has_its_own_choice(marketer, campaign):
    times = {"start_local": "2027-11-07T00:30", "end_local": "2027-11-07T01:30"}

    event = saved(marketer, campaign, **times, end_fold="1")

    assert (event.start_fold, event.end_fold) == (0, 1)

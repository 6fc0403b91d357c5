"""The calendar file of a preview: read back with the library, it says what the panel says."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar

from campaigns import timezones
from campaigns.models import Event
from tests import builders
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db


def download(client, campaign, **changes):
    return client.post(reverse("event_ics"), typed() | {"campaign": campaign.pk, "event": ""} | changes)


def entry_of(response):
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    (entry,) = Calendar.from_ical(response.content).walk("VEVENT")
    return entry


def test_the_file_holds_the_entry_as_typed_now(marketer, campaign, event, ada):
    response = download(
        marketer, campaign, event=event.pk, event_id=event.event_id, title="Hi {{${first_name}}}"
    )

    entry = entry_of(response)
    assert entry["UID"] == "Event_0001_user-1"
    assert entry["SUMMARY"] == "Hi Ada"
    assert entry["LOCATION"] == "Open for 50 % off"
    (alarm,) = entry.walk("VALARM")
    assert alarm["TRIGGER"].dt == -timedelta(minutes=15)
    assert alarm["ACTION"] == "DISPLAY"
    assert response["Content-Disposition"] == 'attachment; filename="Event_0001_user-1.ics"'
    assert Event.objects.get().title == "Summer sale"


@pytest.mark.parametrize(
    ("zone", "start", "end", "starts_at", "ends_at"),
    [
        (
            "Eastern Standard Time",
            "2027-07-01T15:00",
            "2027-07-01T16:00",
            "2027-07-01T19:00",
            "2027-07-01T20:00",
        ),
        (
            "Eastern Standard Time",
            "2027-03-13T22:00",
            "2027-03-14T09:00",
            "2027-03-14T03:00",
            "2027-03-14T13:00",
        ),
        (
            "W. Europe Standard Time",
            "2027-10-30T22:00",
            "2027-10-31T09:00",
            "2027-10-30T20:00",
            "2027-10-31T08:00",
        ),
        (
            "AUS Eastern Standard Time",
            "2027-04-03T22:00",
            "2027-04-04T09:00",
            "2027-04-03T11:00",
            "2027-04-03T23:00",
        ),
        (
            "India Standard Time",
            "2027-07-01T15:00",
            "2027-07-01T16:00",
            "2027-07-01T09:30",
            "2027-07-01T10:30",
        ),
        ("UTC-11", "2027-07-01T15:00", "2027-07-01T16:00", "2027-07-02T02:00", "2027-07-02T03:00"),
        ("UTC", "2027-07-01T15:00", "2027-07-01T16:00", "2027-07-01T15:00", "2027-07-01T16:00"),
        (
            "Lord Howe Standard Time",
            "2027-04-03T22:00",
            "2027-04-04T09:00",
            "2027-04-03T11:00",
            "2027-04-03T22:30",
        ),
    ],
)
def test_the_instants_are_right_by_the_library_and_by_the_rules_in_the_file(
    marketer, campaign, ada, zone, start, end, starts_at, ends_at
):
    response = download(marketer, campaign, timezone=zone, start_local=start, end_local=end)

    entry = entry_of(response)
    (rules,) = Calendar.from_ical(response.content).walk("VTIMEZONE")
    assert rules["TZID"] == entry["DTSTART"].params["TZID"] == timezones.get(zone).iana
    for name, expected in (("DTSTART", starts_at), ("DTEND", ends_at)):
        instant = datetime.fromisoformat(expected).replace(tzinfo=UTC)
        read = entry[name].dt
        assert read.astimezone(UTC) == instant
        assert read.replace(tzinfo=None) - offset_by(rules, read.replace(tzinfo=None)) == instant.replace(
            tzinfo=None
        )


def changes_of(rules):
    """What a VTIMEZONE names: which kind of time begins, and when clocks are set."""
    return {(part.name, part["DTSTART"].dt.isoformat()) for part in rules.subcomponents[1:]}


def offset_by(rules, local):
    """The distance from UTC that a VTIMEZONE gives for a local time: that of the last change before it."""
    past = [part for part in rules.subcomponents if part["DTSTART"].dt <= local]
    return max(past, key=lambda part: part["DTSTART"].dt)["TZOFFSETTO"].td


def test_the_rules_name_the_very_moment_of_a_change(marketer, campaign, ada):
    response = download(marketer, campaign, start_local="2027-07-01T15:00", end_local="2027-07-01T16:00")

    (rules,) = Calendar.from_ical(response.content).walk("VTIMEZONE")
    changes = changes_of(rules)
    assert ("DAYLIGHT", "2027-03-14T02:00:00") in changes
    assert ("STANDARD", "2027-11-07T02:00:00") in changes


def test_the_second_of_two_equal_readings_is_written_in_utc(marketer, campaign, ada):
    times = {"start_local": "2027-11-07T01:30", "end_local": "2027-11-07T03:00"}

    first, second = (entry_of(download(marketer, campaign, **times, start_fold=fold)) for fold in ("0", "1"))

    assert first["DTSTART"].dt.astimezone(UTC) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert second["DTSTART"].dt == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    assert second["DTSTART"].to_ical() == b"20271107T063000Z"


def test_an_entry_without_length_has_no_end(marketer, campaign, ada):
    start = typed()["start_local"]
    response = download(marketer, campaign, end_local=start)

    assert "DTEND" not in entry_of(response)


def test_texts_come_back_as_they_were_and_lines_are_folded(marketer, campaign, ada):
    title = '김치, 세일; \\ "quoted" 🎉👨\u200d👩\u200d👧 ' + "여름" * 60
    description = "First line\nsecond; line, with\\n backslash\n\n" + "🎉 long " * 40 + "."

    response = download(marketer, campaign, title=title, description=description, location="A; B, C\\D")

    entry = entry_of(response)
    assert (entry["SUMMARY"], entry["DESCRIPTION"], entry["LOCATION"]) == (title, description, "A; B, C\\D")
    lines = response.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in b"".join(lines)


def test_control_characters_in_a_persons_data_do_not_reach_the_file(marketer, campaign, ada):
    ada.first_name = "A\x07da\r\nX-EVIL:1"
    ada.save()

    response = download(marketer, campaign, title="Sale", description="Hi {{${first_name}}}")

    assert entry_of(response)["DESCRIPTION"] == "Hi Ada\nX-EVIL:1"
    assert b"\r\nX-EVIL" not in response.content


def test_empty_texts_are_left_out(marketer, campaign, ada):
    entry = entry_of(download(marketer, campaign, description="", location=""))

    assert not {"DESCRIPTION", "LOCATION"} & entry.keys()


def test_the_file_is_for_the_person_shown_with_the_data_tried(marketer, campaign, ada, bob):
    title = "Hi {{${first_name} | default: 'you'}}"

    assert entry_of(download(marketer, campaign, title=title, person=bob.pk))["SUMMARY"] == "Hi you"
    tried = {"person": bob.pk, "try_data": "1", "data.user.first_name": "Zoe"}
    assert entry_of(download(marketer, campaign, title=title, **tried))["SUMMARY"] == "Hi Zoe"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": "{{${nickname}}}"}, "is empty and has no default"),
        ({"title": "{{ broken"}, "Line 1"),
        ({"title": "{% abort_message('not you') %}"}, "not you"),
        ({"start_local": ""}, "The event appears here as soon as its start, end and time zone are right."),
    ],
)
def test_an_event_that_cannot_be_shown_gives_the_reason_instead(marketer, campaign, ada, changes, reason):
    response = download(marketer, campaign, **changes)

    assert response.status_code == 422
    assert reason in text_of(response)
    assert "still in the tab that you came from" in text_of(response)


def test_without_people_there_is_no_file(marketer, campaign):
    response = download(marketer, campaign)

    assert response.status_code == 422
    assert "there is nobody to show the event for" in text_of(response)


def test_an_auditor_downloads_what_is_saved(auditor, event, ada):
    page = auditor.get(reverse("event_edit", args=[event.pk])).content.decode()
    response = auditor.get(reverse("event_ics"), {"event": event.pk, "person": ada.pk, "title": "Other"})

    assert 'formmethod="get"' in page
    assert f'name="event" value="{event.pk}"' in page
    assert entry_of(response)["SUMMARY"] == "Summer sale"


def test_who_may_not_see_events_gets_no_file(client, event):
    user = builders.make_client("marketer")
    assert user.get(reverse("event_ics"), {"event": event.pk}).status_code == 422  # nobody subscribed yet
    assert client.get(reverse("event_ics"), {"event": event.pk}).status_code in (302, 403)


@pytest.mark.parametrize("bad", ["", "x", "-1", "0", "9" * 30, "\x00"])
def test_a_file_of_nothing_is_not_found(marketer, bad):
    assert marketer.get(reverse("event_ics"), {"event": bad}).status_code == 404
    assert marketer.post(reverse("event_ics"), typed() | {"event": bad}).status_code == 404


def test_a_user_id_of_odd_signs_makes_a_plain_file_name(marketer, campaign):
    person = builders.make_subscriber('a/b "김"')
    builders.make_subscription(person, campaign.account)

    response = download(marketer, campaign)

    assert "Summer_0001_a_b_%EA%B9%80_.ics" in response["Content-Disposition"]
    assert entry_of(response)["UID"] == 'Summer_0001_a/b "김"'

"""Every question has the input that fits it; what is picked by name is found, and what is not is told."""

import pytest
from django.urls import reverse

from campaigns.models import PersonList, Segment
from tests import builders
from tests.views.typed import post_segment, text_of

pytestmark = pytest.mark.django_db


def row(field, op, *values, takes=""):
    given = {"r.0-field": field, "r.0-op": op, "r.0-values": list(values)}
    return given | ({"r.0-takes": takes} if takes else {})


def stored():
    return Segment.objects.get(name="Down under").rule["rules"][0]


@pytest.mark.parametrize(
    ("field", "op", "values", "kept"),
    [
        ("subscribed", "within_days", ["30"], ["30"]),
        ("first_seen", "after", ["2026-03-31"], ["2026-03-31"]),
        ("random_bucket", "is_between", ["5", "5"], ["5", "5"]),
        ("sample", "in_sample", ["10", "10"], ["10", "10"]),
        ("country_code", "matches_regex", ["^A[UT]$ "], ["^A[UT]$"]),
        (
            "received_event",
            "has_received",
            ["Summer_0001", "", "Winter_0001"],
            ["Summer_0001", "Winter_0001"],
        ),
        ("tags", "is_under", ["Sport"], ["Sport"]),
    ],
)
def test_values_are_stored_as_the_question_takes_them(marketer, field, op, values, kept):
    post_segment(marketer, status=302, **row(field, op, *values))

    assert stored() == {"field": field, "op": op, "values": kept}
    page = marketer.get(reverse("segment_edit", args=[Segment.objects.get().pk]))
    assert page.context["root"].nodes[0].values == tuple(kept)


@pytest.mark.parametrize(
    ("field", "op", "kind"),
    [
        ("subscribed", "within_days", 'type="number"'),
        ("subscribed", "before", 'type="date"'),
        ("random_bucket", "is_between", 'aria-label="Highest"'),
        ("sample", "in_sample", 'aria-label="Name of the sample"'),
        ("country_code", "matches_regex", 'aria-label="Regular expression"'),
        ("received_event", "has_received", 'list="known-events"'),
        ("received_campaign", "has_received", 'list="known-campaigns"'),
        ("list", "is_on_list", 'list="known-lists"'),
        ("segment", "", 'list="known-segment"'),
    ],
)
def test_each_question_has_its_own_input(marketer, event, field, op, kind):
    PersonList.objects.create(name="VIPs")

    page = post_segment(marketer, do="refresh", **row(field, op)).content.decode()

    assert kind in page
    if kind.startswith("list="):
        assert f"<datalist {kind.replace('list=', 'id=')}>" in page


def test_events_campaigns_lists_and_segments_are_offered_by_name(marketer, event, segment):
    people = PersonList.objects.create(name="VIPs")
    PersonList.objects.create(name="Old", is_archived=True)
    rows = {
        "r.0-field": "received_event",
        "r.1-field": "received_campaign",
        "r.2-field": "list",
        "r.3-field": "segment",
    }

    offers = post_segment(marketer, do="refresh", **rows).context["offers"]

    assert offers == {
        "events": [("Event_0001", "Summer sale")],
        "campaigns": [(f"Summer #{event.campaign_id}", "")],
        "lists": [(f"VIPs #{people.pk}", "")],
        "segment": [(f"Everybody #{segment.pk}", "")],
    }


@pytest.mark.parametrize("typed", ["VIPs #{}", "VIPs", "{}", "renamed since #{}"])
def test_a_list_is_found_by_what_is_offered_by_its_name_and_by_its_number(marketer, typed):
    people = PersonList.objects.create(name="VIPs")

    post_segment(marketer, status=302, **row("list", "is_on_list", typed.format(people.pk), "VIPs"))

    assert stored() == {"field": "list", "op": "is_on_list", "values": [str(people.pk)]}
    page = marketer.get(reverse("segment_edit", args=[Segment.objects.get().pk]))
    assert page.context["root"].nodes[0].values == (f"VIPs #{people.pk}",)


def test_another_segment_is_picked_by_name(marketer, segment):
    post_segment(marketer, status=302, **row("segment", "", "Everybody"))

    assert stored() == {"segment": segment.pk}
    page = marketer.get(reverse("segment_edit", args=[Segment.objects.get(name="Down under").pk]))
    assert page.context["root"].nodes[0].values == (f"Everybody #{segment.pk}",)
    assert "in segment “Everybody”" in text_of(page).lower().replace("everybody", "Everybody")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("subscribed", "within_days", ""), "Give a whole number of days, 1 to 9999."),
        (("subscribed", "within_days", "soon"), "Give a whole number of days, 1 to 9999."),
        (("subscribed", "after", "31.3.2026"), "Give one day as year-month-day, such as 2026-03-31."),
        (("random_bucket", "is_between", "", "50"), "Give two whole numbers, the lowest and the highest"),
        (("random_bucket", "is_between", "60", "50"), "The first number is the lower one."),
        (("sample", "in_sample", "10", ""), "Give a percentage above 0 and up to 100"),
        (("country_code", "matches_regex", "("), "This is not a regular expression"),
        (("received_campaign", "has_received", ""), "Choose a campaign."),
        (("received_campaign", "has_received", "Nope"), "There is no campaign “Nope”."),
        (("list", "is_on_list", "Gone #99999"), "There is no list of people “99999”."),
        (("list", "is_on_list", "\x00"), "There is no list of people “\x00”."),
        (("segment", "", ""), "Choose a segment."),
        (("segment", "", "Nope"), "There is no segment “Nope”."),
        (("segment", "", "9" * 30), "There is no segment"),
    ],
)
def test_what_does_not_fit_is_told_at_its_row(marketer, asked, message):
    response = post_segment(marketer, **row(*asked))

    assert message in response.context["root"].nodes[0].error
    assert not Segment.objects.exists()


def test_another_question_drops_values_that_do_not_fit_it(marketer):
    asked = row("subscribed", "after", "30", takes="days")
    assert post_segment(marketer, do="refresh", **asked).context["root"].nodes[0].values == ()

    asked = row("country_code", "matches_regex", "AU", takes="texts")
    assert post_segment(marketer, do="refresh", **asked).context["root"].nodes[0].values == ("AU",)


def test_a_segment_cannot_lie_inside_itself(marketer, segment):
    response = post_segment(marketer, segment=segment, **row("segment", "", f"#{segment.pk}"))

    assert "a segment cannot lie inside itself" in response.context["root"].error


def test_a_segment_inside_others_says_so_and_is_not_archived(marketer, segment):
    post_segment(marketer, status=302, **row("segment", "", "Everybody"))
    address = reverse("segment_edit", args=[segment.pk])

    assert "Other segments ask for this one: Down under ." in text_of(marketer.get(address))
    refused = marketer.post(address, {"do": "archive"}, follow=True)
    assert "This segment lies inside others: Down under. Take it out of them first." in text_of(refused)
    assert not Segment.objects.get(pk=segment.pk).is_archived


def test_a_new_segment_can_begin_with_a_list(marketer):
    people = PersonList.objects.create(name="VIPs")

    node = marketer.get(reverse("segment_new"), {"list": people.pk}).context["root"].nodes[0]

    assert (node.field, node.values) == ("list", (f"VIPs #{people.pk}",))


def test_tags_are_offered_with_what_they_lie_under(marketer, account):
    builders.make_subscription(None, account, tags=["Sport/Tennis/Doubles", "VIP"])

    known = post_segment(marketer, do="refresh", **row("tags", "is_under")).context["known"]

    assert known["tags"] == ["Sport", "Sport/Tennis", "Sport/Tennis/Doubles", "VIP"]


def test_a_rule_of_more_inputs_than_django_takes_by_itself_is_counted_and_saved(marketer):
    many = [str(number) for number in range(300)]
    sent: dict[str, str | list[str]] = {"name": "Many", "version": "1", "r-match": "all"}
    for place in range(4):
        sent |= {f"r.{place}-field": "source", f"r.{place}-op": "is_none_of", f"r.{place}-values": many}

    assert marketer.post(reverse("segment_count"), sent).status_code == 200
    assert marketer.post(reverse("segment_new"), sent).status_code == 302
    assert [len(row["values"]) for row in Segment.objects.get().rule["rules"]] == [300] * 4

"""Segments: building a rule with and without scripts, counting, saving, conflicts, archiving."""

import pytest
from django.urls import reverse

from campaigns.models import Calendar, Segment
from tests import builders
from tests.views.typed import post_segment, rows, text_of

pytestmark = pytest.mark.django_db


def test_a_new_segment_begins_as_everyone(marketer, people):
    response = marketer.get(reverse("segment_new"))

    assert "No rows yet: this is everyone." in text_of(response)
    assert response.context["count"].people == 3
    assert "Everyone." in text_of(response)


def test_saving_stores_the_rule_as_json(marketer, account):
    response = post_segment(marketer, status=302)

    segment = Segment.objects.get()
    assert response["Location"] == reverse("segment_edit", args=[segment.pk])
    assert segment.rule == {
        "match": "all",
        "rules": [{"field": "country_code", "op": "is_any_of", "values": ["AU", "NZ"]}],
    }
    assert (segment.name, segment.created_by) == ("Down under", marketer.user)


def test_groups_nest_and_keep_their_places(marketer):
    post_segment(
        marketer,
        status=302,
        **{
            "r.1-match": "none",
            "r.1.0-field": "tags",
            "r.1.0-op": "has_any_of",
            "r.1.0-values": "VIP",
            "r.1.1-match": "any",
            "r.1.1.0-field": "opt_in_1",
            "r.1.1.0-op": "is_true",
            "r.1.1.0-values": "left over",
            "r.2-match": "all",
            "r.2-who": "person",
            "r.2.0-field": "first_name",
            "r.2.0-op": "is_not_blank",
        },
    )

    assert Segment.objects.get().rule["rules"][1:] == [
        {
            "match": "none",
            "rules": [
                {"field": "tags", "op": "has_any_of", "values": ["VIP"]},
                {"match": "any", "rules": [{"field": "opt_in_1", "op": "is_true"}]},
            ],
        },
        {"person": {"match": "all", "rules": [{"field": "first_name", "op": "is_not_blank"}]}},
    ]


def test_a_stored_rule_is_shown_as_it_was_built(marketer):
    rule = {
        "match": "any",
        "rules": [
            {"field": "country_code", "op": "is_none_of", "values": ["AU"]},
            {
                "person": {
                    "match": "none",
                    "rules": [{"field": "tags", "op": "has_all_of", "values": ["A", "B"]}],
                }
            },
        ],
    }
    segment = builders.make_segment(rule)

    root = marketer.get(reverse("segment_edit", args=[segment.pk])).context["root"]

    assert (root.match, root.nodes[0].op, root.nodes[0].values) == ("any", "is_none_of", ("AU",))
    assert (root.nodes[1].is_person, root.nodes[1].match) == (True, "none")
    assert root.nodes[1].nodes[0].values == ("A", "B")
    assert not root.nodes[1].may_ask_person


def test_a_list_of_values_may_be_pasted_as_lines(marketer):
    post_segment(marketer, status=302, **{"r.0-values": " AU \r\nNZ\n\nAU\rFJ"})

    assert Segment.objects.get().rule["rules"][0]["values"] == ["AU", "NZ", "FJ"]


def test_many_values_are_shown_as_lines(marketer):
    segment = builders.make_segment(
        {
            "match": "all",
            "rules": [{"field": "user_id", "op": "is_any_of", "values": [f"u{n}" for n in range(300)]}],
        }
    )

    node = marketer.get(reverse("segment_edit", args=[segment.pk])).context["root"].nodes[0]

    assert node.is_list
    assert node.text.splitlines()[-1] == "u299"


@pytest.mark.parametrize(
    ("action", "shape", "focus"),
    [
        ("add:r", ["country_code", ""], "r.1"),
        ("group:r", ["country_code", ("any", [""])], "r.1.0"),
        ("none:r", ["country_code", ("none", [""])], "r.1.0"),
        ("person:r", ["country_code", ("all", [""])], "r.1.0"),
        ("remove:r.0", [], "r"),
        ("list:r.0", ["country_code"], "r.0"),
        ("refresh", ["country_code"], ""),
        *((nonsense, ["country_code"], None) for nonsense in (
            "add:r.0", "add:r.9", "remove:r", "remove:r.7", "remove:r.0.0", "add:r.9999999", "add:../x", "drop:r", ":",
            "add:r.٣", "\x00",
        )),
    ],
)  # fmt: skip
def test_buttons_change_the_rows_and_save_nothing(marketer, action, shape, focus):
    def drawn(node):
        return (node.match, [drawn(inner) for inner in node.nodes]) if node.is_group else node.field

    response = post_segment(marketer, do=action)

    root = response.context["root"]
    assert drawn(root)[1] == shape
    assert response.context["form"]["name"].value() == "Down under"
    assert not Segment.objects.exists()
    if focus:
        assert f'id="row-{focus}"' in response.content.decode()
    assert 'role="alert"' not in response.content.decode()


def test_another_field_offers_its_own_questions(marketer):
    page = post_segment(marketer, do="refresh", **{"r.0-field": "opt_in_1"})

    node = page.context["root"].nodes[0]
    assert page.context["sentence"] == "first opt-in is yes"
    assert node.op == "is_true"
    assert ("is_unknown", "is not known") in node.ops
    assert not node.takes_values


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"r.0-field": ""}, "r.0", "Choose what this row looks at, or remove it."),
        ({"r.0-field": "password"}, "r.0", "There is no such field."),
        ({"r.0-field": "subscriber__workspace__rest_key"}, "r.0", "There is no such field."),
        ({"r.0-op": "is_true"}, "r.0", "“country code” has no such operator."),
        ({"r.0-op": "__regex"}, "r.0", "“country code” has no such operator."),
        ({"r.0-values": ["", " "]}, "r.0", "Give at least one value."),
        ({"r.0-values": "x" * 256}, "r.0", "A value has 1 to 255 characters."),
        ({"r.0-values": "a\x00b"}, "r.0", "A value holds a character that no text can hold."),
        ({"r.0-values": "\n".join(map(str, range(1_001)))}, "r.0", "At most 1000 values."),
        ({"r.1-match": "any"}, "r.1", "This group is empty. Add a row to it, or remove it."),
        ({"r.1-match": "some", "r.1.0-field": "tags", "r.1.0-op": "is_blank"}, "r.1",
         "A group matches “all”, “any” or “none” of its rules."),
        ({"r-match": ""}, "r", "A group matches “all”, “any” or “none” of its rules."),
    ],
)  # fmt: skip
def test_faults_are_told_at_their_row(marketer, changes, name, message):
    response = post_segment(marketer, **changes)

    def nodes(node):
        return [node, *(deeper for inner in node.nodes for deeper in nodes(inner))]

    assert {node.prefix: node.error for node in nodes(response.context["root"]) if node.error} == {
        name: message
    }
    assert not Segment.objects.exists()


def test_a_rule_without_a_group_is_not_everyone(marketer):
    response = marketer.post(reverse("segment_new"), {"name": "Empty", "version": "1"})

    assert response.context["root"].error == "A group matches “all”, “any” or “none” of its rules."
    assert not Segment.objects.exists()


def test_a_person_inside_a_person_is_told_at_its_row(marketer):
    inner = {"r.0.0-match": "all", "r.0.0-who": "person", "r.0.0.0-field": "tags", "r.0.0.0-op": "is_blank"}

    response = marketer.post(
        reverse("segment_new"),
        {"name": "x", "r-match": "all", "r.0-match": "all", "r.0-who": "person"} | inner,
    )

    assert (
        response.context["root"].nodes[0].nodes[0].error
        == "A rule about the person cannot lie inside another one."
    )


def test_groups_too_deep_are_refused(marketer):
    deep = {"name": "x", **{"r" + ".0" * depth + "-match": "all" for depth in range(200)}}

    response = marketer.post(reverse("segment_new"), deep)

    assert response.status_code == 200
    assert "Groups lie more than 10 deep." in text_of(response)


def test_too_many_rows_are_refused(marketer):
    many = {f"r.{place}-field": "tags" for place in range(300)} | {
        f"r.{place}-op": "is_blank" for place in range(300)
    }

    response = marketer.post(reverse("segment_new"), {"name": "x", "r-match": "all"} | many)

    assert response.context["root"].error == "At most 200 conditions in a rule."


def test_a_flood_of_fields_is_refused(marketer):
    assert (
        marketer.post(
            reverse("segment_new"), {f"r.{place}-field": "tags" for place in range(6_000)}
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Fill in “Name”: it is required."),
        ("\u200b", "Fill in “Name”: it is required."),
        ("x" * 201, "At most 200 characters fit here, and these are 201. Shorten the text."),
        ("Everybody", "Another segment has this name. Choose a different one."),
        ("a\x00", "Character 2 (U+0000) cannot be seen and is not sent. Delete it."),
    ],
)
def test_names_are_checked(marketer, segment, name, message):
    response = post_segment(marketer, name=name)

    assert response.context["form"].errors["name"] == [message]


def test_suggestions_are_what_people_and_setup_have(marketer, people, account):
    Calendar.objects.create(account=account, code="games", title="Home games")
    builders.make_subscription(builders.make_subscriber("d", profile={"language": "en"}), account)
    fields = (
        "account_code",
        "calendar_code",
        "calendar_title",
        "tags",
        "opt_in_1",
        "user_id",
        "language",
        "country_code",
    )
    changes = {f"r.{place}-field": field for place, field in enumerate(fields)}

    known = post_segment(marketer, do="refresh", **changes).context["known"]

    assert known == {
        "account_code": ["shop"],
        "calendar_code": ["games", "offers"],
        "calendar_title": ["Home games", "Offers"],
        "tags": ["VIP"],
        "language": ["en"],
        "country_code": ["AT", "AU"],
    }


# Counting


def test_the_count_is_exact_and_by_account(marketer, people):
    response = marketer.post(reverse("segment_count"), rows())

    said = text_of(response)
    assert "Country code is “AU” or “NZ”." in said
    assert "2 people 2 subscriptions 1 without a known id, so they cannot receive events" in said
    assert "The Shop 2 2 1" in said
    assert {person.external_id for person in response.context["sample"]} == {"a", "b"}
    assert not Segment.objects.exists()


def test_accounts_that_are_not_set_up_are_counted_too(marketer):
    builders.make_subscription(None, None, account_code="elsewhere")
    builders.make_subscription(builders.make_subscriber("b"), None, account_code="")

    said = text_of(marketer.post(reverse("segment_count"), {"r-match": "all"}))

    assert "elsewhere not set up here 1 0" in said
    assert "no account 1 0" in said


def test_an_unfinished_rule_says_what_is_missing(marketer, people):
    said = text_of(marketer.post(reverse("segment_count"), rows(**{"r.1-field": ""})))

    assert (
        "Finish the rule to see whom it means: Row 2 : Choose what this row looks at, or remove it." in said
    )


def test_nobody_is_said_plainly(marketer, account):
    said = text_of(marketer.post(reverse("segment_count"), rows()))

    assert "0 people" in said
    assert "Nobody is in it. Loosen the rule, or import subscribers." in said


def test_counting_is_a_post(marketer):
    assert marketer.get(reverse("segment_count")).status_code == 405

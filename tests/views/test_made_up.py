"""Trying other data: the texts with values that the person does not have, and nothing of it kept."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from campaigns.models import Subscriber
from tests.views.typed import text_of, typed

pytestmark = pytest.mark.django_db

HELLO = "{{${first_name} | default: 'Hello'}}, it is summer"


@pytest.fixture
def tried(marketer, campaign, ada):
    """Post the compose form with these data to try; returns the answer."""

    def post(title=HELLO, *, on=True, data=None, **changes):
        about = {"campaign": campaign.pk, "person": ada.pk, **({"try_data": "1"} if on else {})}
        posted = {f"data.{name}": value for name, value in (data or {}).items()}
        return marketer.post(reverse("event_preview"), typed(title=title) | about | posted | changes)

    return post


def title_of(response):
    return response.context["panel"].card.event.title


def fields_of(response):
    return {field.parameter: field for field in response.context["panel"].made_up.fields}


def give(person, **attributes):
    person.attributes = attributes
    person.save()


def test_every_thing_that_the_texts_read_has_a_field_with_the_persons_value(tried, ada):
    give(ada, **{"loyalty tier": "gold"})

    response = tried(
        HELLO,
        on=False,
        description="{{custom_attribute.${loyalty tier}}} {{${first_name}}}",
        location="{{event_properties.${shop} | default: ''}}",
    )

    assert {name: (field.label, field.value) for name, field in fields_of(response).items()} == {
        "data.user.first_name": ("${first_name}", "Ada"),
        "data.event_properties.shop": ("event_properties.${shop}", ""),
        "data.custom_attribute.loyalty tier": ("custom_attribute.${loyalty tier}", "gold"),
    }
    assert 'name="data.custom_attribute.loyalty tier" value="gold"' in response.content.decode()
    assert "With data you made up" not in text_of(response)


def test_texts_that_read_nothing_offer_nothing_to_try(tried):
    response = tried("Summer")

    assert not fields_of(response)
    assert "Try other data" not in text_of(response)


def test_made_up_data_is_used_said_and_not_saved(tried, ada):
    response = tried(data={"user.first_name": "Wolfeschlegelsteinhausenbergerdorff"})

    assert title_of(response) == "Wolfeschlegelsteinhausenbergerdorff, it is summer"
    said = text_of(response)
    assert "With data you made up \N{EN DASH} nothing is saved. Changed: ${first_name}" in said
    assert "Back to the real Ada Lovelace" in said
    assert Subscriber.objects.get().first_name == "Ada"


def test_an_emptied_field_means_not_known(tried):
    response = tried(data={"user.first_name": ""})

    assert title_of(response) == "Hello, it is summer"
    assert response.context["panel"].preview.fallbacks == ("${first_name}",)


def test_without_the_switch_the_real_person_is_shown_and_the_typing_stays(tried):
    response = tried(on=False, data={"user.first_name": "Zoe"})

    assert title_of(response) == "Ada, it is summer"
    assert fields_of(response)["data.user.first_name"].value == "Zoe"


def test_the_way_back_leads_to_the_real_person(tried, ada):
    response = tried(data={"user.first_name": "Zoe"}, show=ada.pk)

    assert title_of(response) == "Ada, it is summer"
    assert fields_of(response)["data.user.first_name"].value == "Ada"
    assert not response.context["panel"].made_up.is_on


def test_made_up_data_stays_with_the_person_that_it_was_made_up_for(tried, bob):
    response = tried(data={"user.first_name": "Zoe"}, preview="1", find_person="bob@")

    assert response.context["panel"].person == bob
    assert title_of(response) == "Hello, it is summer"


def test_unchanged_data_is_said_to_be_so(tried):
    assert "So far it is all as it really is." in text_of(tried())


@pytest.mark.parametrize(
    ("real", "kind", "shown", "typed_in", "becomes"),
    [
        (None, "line", "", "12", "12"),
        ("gold", "line", "gold", "  ", "  "),
        ("", "line", "", "x", "x"),
        ("one\r\ntwo", "paragraphs", "one\ntwo", "three\r\nfour", "three\nfour"),
        (7, "number", "7", "12", 12),
        (7, "number", "7", " -0.5 ", -0.5),
        (7, "number", "7", "", None),
        (7, "number", "7", "many", "many"),
        (7, "number", "7", "٣", "٣"),
        (7, "number", "7", "9" * 5_000, "9" * 5_000),
        (1.5, "number", "1.5", "2", 2),
        (True, "choice", "true", "false", False),
        (False, "choice", "false", "true", True),
        (True, "choice", "true", "", None),
        (True, "choice", "true", "perhaps", None),
        (["a", "b"], "list", "a\nb", "c\r\n\r\n 4\r\n", ["c", " 4"]),
        ([1, 2.5], "list", "1\n2.5", "5\nsix", [5, "six"]),
        (["a"], "list", "a", " \n", None),
        ([], "list", "", "a\nb", ["a", "b"]),
        ([True], "json", "[\n true\n]", "[1, true]", [1, True]),
        (["a\nb"], "json", '[\n "a\\nb"\n]', "[NaN]", "[NaN]"),
        ([["a"]], "json", '[\n [\n  "a"\n ]\n]', "[" * 50_000, "[" * 50_000),
        ({"tier": "gold"}, "json", '{\n "tier": "gold"\n}', '{"tier": "silver"}', {"tier": "silver"}),
    ],
)
def test_a_value_keeps_its_type_where_what_is_typed_can_be_one(
    tried, ada, real, kind, shown, typed_in, becomes
):
    give(ada, thing=real)
    response = tried(
        "Sale {{custom_attribute.${thing} | default: ''}}", data={"custom_attribute.thing": typed_in}
    )

    field = fields_of(response)["data.custom_attribute.thing"]
    assert (field.kind, field.real) == (kind, shown)
    found = response.context["panel"].made_up.data.custom_attributes["thing"]
    assert (found, type(found)) == (becomes, type(becomes))
    assert Subscriber.objects.get().attributes == {"thing": real}


@pytest.mark.parametrize("real", ["a\r\nb", " ", [], ["", "a"], 1e20, {"a": None}, "9" * 20, False])
def test_a_value_that_nobody_touches_stays_exactly_as_it_is(tried, ada, real):
    give(ada, thing=real)
    text = "Sale {{custom_attribute.${thing} | default: ''}}"
    shown = fields_of(tried(text, on=False))["data.custom_attribute.thing"].value

    response = tried(text, data={"custom_attribute.thing": shown.replace("\n", "\r\n")})

    assert response.context["panel"].made_up.data.custom_attributes["thing"] == real
    assert not response.context["panel"].made_up.changed


@pytest.mark.parametrize("name", ["zip code", "rokt:tags", "a.b.c", "이름", 'quo"te <b>', "a'b"])
def test_a_name_may_be_anything(tried, ada, name):
    response = tried(
        f"Sale {{{{custom_attribute.${{{name}}} | default: 'none'}}}}",
        data={f"custom_attribute.{name}": "김치"},
    )

    assert title_of(response) == "Sale 김치"
    assert f'name="data.custom_attribute.{escape(name)}"' in response.content.decode()


def test_a_value_inside_another_is_changed_alone(tried, ada):
    give(ada, shop={"city": "Rome", "street": "Via Appia"})

    response = tried(
        "{{custom_attribute.${shop.city}}} {{custom_attribute.${shop.street}}}",
        data={"custom_attribute.shop.city": "Pisa"},
    )

    assert title_of(response) == "Pisa Via Appia"


def test_two_names_of_one_group_are_one_field(tried):
    response = tried(
        "{{context.${shop} | default: 'a'}} {{canvas_entry_properties.${shop} | default: 'b'}}",
        data={"context.shop": "Rome"},
    )

    assert title_of(response) == "Rome Rome"
    assert list(fields_of(response)) == ["data.context.shop"]


def test_the_made_up_zone_is_where_the_person_lives(tried):
    response = tried("Sale {{${time_zone}}}", data={"user.time_zone": "Asia/Kolkata"})

    assert "India Standard Time" in response.context["panel"].card.own.zone


def test_a_text_that_is_no_liquid_reads_nothing_and_says_why(tried):
    response = tried("{{ broken", data={"user.first_name": "Zoe"})

    assert response.status_code == 200
    assert not fields_of(response)
    assert response.context["panel"].reason


def test_a_text_that_reads_very_much_shows_the_first_fields(tried):
    text = " ".join(f"{{{{custom_attribute.${{a{number}}} | default: ''}}}}" for number in range(80))

    assert len(fields_of(tried("Sale", description=text))) == 60

"""What a template reads about a person, and what it found empty."""

import pytest

from campaigns.liquid import Data, Reference, references, render

NAME = "${first_name}"
LAST = "${last_name}"

NOTES = [
    ("{{ ${first_name} }}", (), (NAME,)),
    ("{{ ${first_name} | default: 'you' }}", (NAME,), ()),
    ("{{ ${first_name} | upcase | default: 'you' }}", (NAME,), ()),
    ("{{ ${first_name} | default: ${last_name} | default: 'you' }}", (NAME, LAST), ()),
    ("{{ ${first_name} | default: ${last_name} }}", (NAME,), (LAST,)),
    ("{{ 'Hi ' | append: ${first_name} }}", (), (NAME,)),
    ("{{ ${first_name} }}{{ ${first_name} }}", (), (NAME,)),
    ("{{ custom_attribute.${list} }}", (), ("custom_attribute.${list}",)),
    ("{{ custom_attribute.${list}[0] }}", (), ("custom_attribute.${list}",)),
    ("{{ custom_attribute.${spaces} | default: 'x' }}", (), ("custom_attribute.${spaces}",)),
    ("{{ custom_attribute.${no} }}", (), ()),
    ("{{ custom_attribute.${no} | default: 'x' }}", ("custom_attribute.${no}",), ()),
    ("{{ custom_attribute.${zero} }}", (), ()),
    ("{{ ${city} | default: ${last_name} }}", (), ()),
    ("{% if ${first_name} == blank %}nobody{% endif %}", (), ()),
    ("{% if ${first_name} != blank %}{{ ${first_name} }}{% endif %}", (), ()),
    ("{% for x in custom_attribute.${list} %}{{ x }}{% endfor %}", (), ()),
    ("{% case ${first_name} %}{% when 'a' %}{% endcase %}", (), ()),
    ("{% assign n = ${first_name} %}", (), ()),
    ("{% assign n = ${first_name} %}{% if n == blank %}nobody{% endif %}", (), ()),
    ("{% assign n = ${first_name} %}{{ n }}", (), (NAME,)),
    ("{% assign n = ${first_name} %}{{ n | default: 'you' }}", (NAME,), ()),
    ("{% assign n = ${first_name} %}{% assign m = n %}{{ m }}", (), (NAME,)),
    ("{% assign n = ${first_name} %}{% assign n = 'x' %}{{ n }}", (), ()),
    ("{% capture n %}Hi {{ ${first_name} }}{% endcapture %}", (), ()),
    ("{% capture n %}Hi {{ ${first_name} }}{% endcapture %}{{ n }}", (), (NAME,)),
]


@pytest.mark.parametrize(("source", "fallbacks", "missing"), NOTES)
def test_a_rendering_names_what_was_empty(
    source: str, fallbacks: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    attributes = {"list": [], "spaces": "  ", "no": False, "zero": 0}
    rendered = render(source, Data(user={"city": "Lima"}, custom_attributes=attributes))
    assert (rendered.fallbacks, rendered.missing) == (fallbacks, missing)


def test_the_rokt_address_names_the_account_that_is_missing() -> None:
    source = "{% assign code = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}https://x/{{code}}"
    assert render(source, Data()).missing == ("custom_attribute.${rokt:account_code}",)
    assert render(source, Data(custom_attributes={"rokt:account_code": ["a/b"]})).missing == ()


def test_references_say_what_a_template_reads_and_where() -> None:
    source = (
        "Hi {{ ${first_name} | default: 'you' }}\n"
        "{% if custom_attribute.${zip code} == 1 %}{{event_properties.${city}}}{% endif %}\n"
        '{% connected_content https://a.co/{{${user_id}}} :headers {"A": "{{campaign.${name}}}"} %}'
    )
    assert references(source) == (
        Reference("user", "first_name", 1, has_default=True, is_shown=True),
        Reference("custom_attribute", "zip code", 2, has_default=False, is_shown=False),
        Reference("event_properties", "city", 2, has_default=False, is_shown=True),
        Reference("campaign", "name", 3, has_default=False, is_shown=True),
        Reference("user", "user_id", 3, has_default=False, is_shown=True),
    )


def test_a_reference_is_labelled_as_a_template_spells_it() -> None:
    labels = [item.label for item in references("{{${user_id}}}{{custom_attribute.${rokt:tags}}}")]
    assert labels == ["${user_id}", "custom_attribute.${rokt:tags}"]


def test_text_without_liquid_reads_nothing() -> None:
    assert references("Nothing { here } % at all $ {name}") == ()

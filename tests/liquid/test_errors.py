"""What cannot be read is refused with its line and in plain words."""

import pytest

from campaigns.liquid import Data, LiquidError, parse, render

UNREADABLE = [
    ("a\n{{ ${first_name} ", 2, "{{ is never closed; add }}"),
    ("{{ a }} {{ {{ b }}", 1, "{{ is never closed"),
    ("\n\n{% if true ", 3, "{% is never closed; add %}"),
    ("{{ ${first_name", 1, "${ is never closed; add }"),
    ("{% raw %}{{ a", 1, "{% raw %} is never closed; add {% endraw %}"),
    ("a\n{% comment %}b", 2, "{% comment %} is never closed; add {% endcomment %}"),
    ("{% comment %}b{% endcomment", 1, "{% comment %} is never closed"),
    ("a\n{% if true %}\n{% for i in x %}b\n{% endif %}", 4, "{% endif %} closes nothing"),
    ("a\n{% if true %}\nb", 2, "{% if %} is never closed; add {% endif %}"),
    ("{% for i in x %}", 1, "{% for %} is never closed"),
    ("{% capture x %}", 1, "{% capture %} is never closed"),
    ("{% case x %}{% when 1 %}", 1, "{% case %} is never closed"),
    ("{% tablerow i in x %}", 1, "{% tablerow %} is never closed"),
    ("{% ifchanged %}", 1, "{% ifchanged %} is never closed"),
    ("{% endfor %}", 1, "closes nothing: there is no open {% for %}"),
    ("{% else %}", 1, "{% else %} only works inside if, unless, case or for"),
    ("{% %}", 1, "A tag needs a name"),
    ("{% include 'x' %}", 1, "Braze does not support {% include %}"),
    ("{% catalog_items a b %}", 1, "only Braze can do"),
    ("{% elseif x %}", 1, "Did you mean {% elsif %}?"),
    ("{% asign x = 1 %}", 1, "Did you mean {% assign %}?"),
    ("{% zzz %}", 1, "There is no tag {% zzz %}."),
    ("{{ x | lstrip }}", 1, "Braze has no filter 'lstrip': use strip."),
    ("{{ x | upcaze }}", 1, "Did you mean 'upcase'?"),
    ("{{ x | qqqqqq }}", 1, "Braze has no filter 'qqqqqq'."),
    ("{{ x | }}", 1, "name of a filter is missing"),
    ("{{ x | append }}", 1, "The filter 'append' is given 0 values and needs 1."),
    ("{{ x | truncate: 1, 'a', 2 }}", 1, "is given 3 values and needs 0 to 2."),
    ("{{ x | default 'a' }}", 1, "does not understand 'a'"),
    ("{{ x | append 'a' }}", 1, "A : is missing"),
    ("{{ x y }}", 1, "does not understand 'y'"),
    ("{{ x | upcase y }}", 1, "A : is missing"),
    ("{{ | upcase }}", 1, "A value cannot begin with |"),
    ("{{ x | append: }}", 1, "A value is missing here."),
    ("{{ x. }}", 1, "A name is missing behind the dot."),
    ("{{ x[1 }}", 1, "A ] is missing here."),
    ("{{ (1..2 }}", 1, "A ) is missing here."),
    ("{{ \u2018x\u2019 }}", 1, "The curly quote \u2018 does not work in Liquid"),
    ("{{ 'x }}", 1, "A quote ' is opened and never closed."),
    ("{{ $x }}", 1, "A $ must be followed by {name}"),
    ("{{ a & b }}", 1, "The character & cannot stand here."),
    ("{% assign x = a }} b %}", 1, "There is a }} too many here."),
    ("{% assign x = {{a %}", 1, "An inner {{ is never closed"),
    ("{{ ${} }}", 1, "A name is missing in ${}."),
    ("{{ custom_atribute.${x} }}", 1, "Did you mean custom_attribute?"),
    ("{{ zzzz.${x} }}", 1, "Nothing is called zzzz.${…} here."),
    ("{{ content_blocks.${x} }}", 1, "paste the block's own text"),
    (f"{{{{ {'9' * 50} }}}}", 1, "This number is too large."),
    ("{% if a | upcase == 'A' %}{% endif %}", 1, "Filters do not work in a condition"),
    ("{% if (a or b) and c %}{% endif %}", 1, "Parentheses do not work in Liquid"),
    ("{% if a = 1 %}{% endif %}", 1, "two equal signs"),
    ("{% if a == 1 b %}{% endif %}", 1, "does not understand 'b'"),
    ("{% if %}{% endif %}", 1, "A value is missing here."),
    ("{% assign año = 1 %}", 1, "letters a to z, digits and _"),
    ("{% assign x %}", 1, "{% assign name = value %}"),
    ("{% capture a.b %}{% endcapture %}", 1, "does not understand '.'"),
    ("{% for i x %}{% endfor %}", 1, "{% for item in list %}"),
    ("{% for i in x upto: 3 %}{% endfor %}", 1, "does not understand 'upto'"),
    ("{% for i in x limit 3 %}{% endfor %}", 1, "A : is missing here."),
    ("{% liquid\n  assign x = 1\n  'what'\n%}", 3, "Each line of {% liquid %}"),
    ("{% liquid\n  comment\n%}", 2, "{% comment %} is never closed; add {% endcomment %}"),
    ("{% liquid " + "liquid " * 31 + " %}", 1, "at most 30 deep"),
    ("{% message_extras :key a %}", 1, "{% message_extras :key name :value text %}"),
    ("{% connected_content %}", 1, "connected_content needs an address"),
    ("{% connected_content :save x %}", 1, "connected_content needs an address"),
    ("{% connected_content https://a.co :sav x %}", 1, "no option :sav"),
    (
        "{% connected_content https://a.co :body a b %}",
        1,
        "does not understand 'b'; a value may hold no spaces",
    ),
    ("{% connected_content https://a.co :save %}", 1, "needs a value behind :save"),
    ("{% connected_content https://a.co :save a.b %}", 1, "The name behind :save"),
    ("{% liquid\n connected_content ${ a\n assign x = ${b} %}", 2, "${ is never closed"),
    ("{{ " + "a[" * 30 + "0" + "]" * 30 + " }}", 1, "too many brackets inside brackets"),
    ("{{ " + "(" * 30 + " }}", 1, "A value cannot begin with ("),
]


@pytest.mark.parametrize(("source", "line", "words"), UNREADABLE)
def test_a_template_that_cannot_be_read_says_where_and_why(source: str, line: int, words: str) -> None:
    with pytest.raises(LiquidError) as refused:
        parse(source)
    assert words in refused.value.message
    assert refused.value.line == line
    assert str(refused.value) == f"Line {line}: {refused.value.message}"


UNRENDERABLE = [
    ("\n{{ 1 | divided_by: 0 }}", 2, "divided_by: A number cannot be divided by 0."),
    ("{% if custom_attribute.${t} > 5 %}{% endif %}", 1, "A text and a number are compared here"),
    ("{% for i in (1..20000) %}{% endfor %}", 1, "A range may hold at most 10,000 numbers."),
    ("{% for i in custom_attribute.${t} limit: 'x' %}{% endfor %}", 1, "A whole number is needed here."),
    (
        "\n\n{% for i in (1..2) %}\n{{ 'x' | slice: 'y' }}{% endfor %}",
        4,
        "slice: A whole number is needed here.",
    ),
    ("a\n{{ custom_attribute.${half} }}", None, "half a character"),
    ("{{ custom_attribute.${half} | md5 }}", 1, "half a character"),
    ("{{ custom_attribute.${inf} | plus: 1 }}", 1, "too large to calculate with"),
    ("{{ custom_attribute.${inf} | as_json_string }}", 1, "cannot be written as JSON"),
    ("{{ '[NaN]' | json_parse }}", 1, "This text is not JSON"),
    ("{% assign a = (1..2) %}{{ a | as_json_string }}", 1, "cannot be written as JSON"),
    ("{{ '0001-01-01' | time_zone: 'America/New_York' }}", 1, "outside the calendar"),
    ("{{ 1 | time_zone: 'America' }}", 1, "There is no time zone called 'America'"),
    ("{{ (1..x) | join: y, z }}", 1, "is given 2 values and needs 0 to 1"),
    ("{% connected_content https://a.co %}", 1, "cannot be done here"),
]


@pytest.mark.parametrize(("source", "line", "words"), UNRENDERABLE)
def test_a_value_that_cannot_be_used_says_where_and_why(source: str, line: int | None, words: str) -> None:
    data = Data(custom_attributes={"t": "text", "half": "\ud83d", "inf": float("inf")})
    with pytest.raises(LiquidError) as refused:
        render(source, data)
    assert words in str(refused.value)
    assert refused.value.line == line


def test_an_error_without_a_line_is_still_a_sentence() -> None:
    assert str(LiquidError("Something is wrong.")) == "Something is wrong."

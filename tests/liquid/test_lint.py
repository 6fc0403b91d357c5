"""The traps of Braze's Liquid are found, each with its line and its fix; good templates are left alone."""

import json
from pathlib import Path

import pytest

from campaigns.liquid import Finding, lint

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))}
BODY = CASES["rokt-body-new-one-subscription"]["template"]
ADDRESS = CASES["rokt-url-new"]["template"]
ROKT = "custom_attribute.${rokt:account_code}"


def codes(source: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.code) for finding in lint(source)]


def test_the_rokt_address_has_four_traps() -> None:
    assert codes(ADDRESS) == [(1, "first-account-only"), (1, "empty-url-part"), (1, "url-escape")]


def test_the_rokt_body_shows_each_of_its_traps() -> None:
    assert codes(BODY) == [
        (6, "no-duration"),
        (12, "json-escape"),
        (12, "event-id-collision"),
        *((line, "json-escape") for line in (13, 14, 15, 18)),
        (19, "reminder-text"),
        (21, "empty-list"),
    ]


def test_the_fixes_that_are_suggested_silence_the_findings() -> None:
    fixed = BODY.replace("{% capture eventEnd %}2019-02-21T15", "{% capture eventEnd %}2019-02-21T16")
    for name in ("eventTitle", "eventDescr", "eventLocation", "eventTZ", "${user_id}"):
        fixed = fixed.replace(f"{{{{{name}}}}}", f"{{{{{name} | json_escape}}}}")
    fixed = fixed.replace('"{{notifyBefore}}"', "{{notifyBefore}}")
    for label in ("${user_id}", "custom_attribute.${rokt:subscription_id}"):
        fixed = f"{{% if {label} == blank %}}{{% abort_message('none') %}}{{% endif %}}{fixed}"
    assert lint(fixed) == []


def test_a_finding_says_what_happens_and_what_to_write() -> None:
    [finding] = lint("Hi {{${first_name}}}!")
    assert finding == Finding(
        1,
        "missing-default",
        "${first_name} is empty for people without it, and nothing takes its place.",
        "Add | default: '…' to it, or ask {% if ${first_name} != blank %} first.",
        "warning",
    )


ERRORS = [
    ("a\n{{ ${first_name} | default: \u2018you\u2019 }}", 2, "curly-quotes"),
    ("{% if ${first_name} | size > 3 %}{% endif %}", 1, "filter-in-condition"),
    ("{% if (${city} == 'x' or true) and true %}{% endif %}", 1, "parentheses"),
    ("{% if ${city} = 'x' %}{% endif %}", 1, "single-equals"),
    ("{% if true %}a{% else if false %}b{% endif %}", 1, "else-if"),
    ("{{ 'x' | lstrip }}", 1, "unsupported-filter"),
    ("{% assign x = 'x' | camelize %}", 1, "unsupported-filter"),
    ("{% include 'x' %}", 1, "unsupported-tag"),
    ("{% elseif x %}", 1, "unsupported-tag"),
    ("{% assign año = 1 %}", 1, "variable-name"),
    ("a\nb {% if true %}", 2, "unclosed"),
    ("a\n{{ 'x' ", 2, "unclosed"),
    ("{% raw %}", 1, "unclosed"),
    ("{{ 'x' 'y' }}", 1, "unreadable"),
    ("{{ content_blocks.${x} }}", 1, "unreadable"),
    ("{% liquid\n assign x = 1 | lstrip %}", 2, "unreadable"),
    ("Porteur {% connected_content https://a.co/oauth2/token :save t %}{{t.a}}", 1, "translated-scheme"),
]


@pytest.mark.parametrize(("source", "line", "code"), ERRORS)
def test_what_braze_cannot_read_is_an_error(source: str, line: int, code: str) -> None:
    errors = [(finding.line, finding.code) for finding in lint(source) if finding.level == "error"]
    assert errors == [(line, code)]


WARNINGS = [
    ("Hi ${{${first_name} | default: 'x'}}", "dollar-sign"),
    ("{% if true and false or true %}{% endif %}", "mixed-and-or"),
    ("{% assign n = ${first_name} %}{{n}}", "missing-default"),
    ("{% echo ${first_name} %}", "missing-default"),
    ("{{ 'a' | append: ${first_name} }}", "missing-default"),
    ("{% if ${first_name} == blank %}a{% endif %}{{ ${first_name} }}", "missing-default"),
    ("{% if ${frist_name} %}a{% endif %}", "unknown-field"),
    ("{% if ${loyalty tier} %}a{% endif %}", "unknown-field"),
    ("{% if ${set_user_to_unsubscribed_url} %}a{% endif %}", "unknown-field"),
    ("{% if custom_attribute.plan == 'x' %}a{% endif %}", "no-dollar-braces"),
    ("{% assign title = 'a' %}{{ titel }}", "unknown-variable"),
    ("{% if titel == 'a' %}{% endif %}", "unknown-variable"),
    ("{% for i in titels %}{{ i }}{% endfor %}", "unknown-variable"),
    ("{{ 'a' | append: titel }}", "unknown-variable"),
    ("{{ custom_attribute.${rokt:tags} | default: 'x' }}", "list-printed"),
    ("{% echo custom_attribute.${rokt:tags} | upcase | default: 'x' %}", "list-printed"),
    ("{{ 'a,b' | split: ',' }}", "list-printed"),
    ("{% assign a = 'a,b' | split: ',' %}{{ a }}", "list-printed"),
    (f"{{% if {ROKT}[0] == 'x' %}}{{{{ {ROKT}[0] }}}}{{% endif %}}", "first-account-only"),
    (f"{{{{ {ROKT} | first | default: 'x' }}}}", "first-account-only"),
    ("{% if custom_attribute.${rokt:country_code} contains 'AU' %}a{% endif %}", "whole-value"),
    ("{{ custom_attribute.${a} | plus: custom_attribute.${b} | default: 1 }}", "two-attributes"),
    ("{% if ${last_used_app_date} > 'now' %}a{% endif %}", "time-order"),
    ("{% if custom_attribute.${d} < 'now' %}a{% endif %}", "time-order"),
    ('{"eventId": "E1_{{ 5 | plus: 1 }}"}', "event-id-shared"),
    ('{"t": "{{ custom_attribute.${t} | default: 1 }}"}', "json-escape"),
    ('[ "{{ ${city} | upcase | default: 1 }}" ]', "json-escape"),
    ('{% capture t %}Say "hi"{% endcapture %}{"t": "{{t}}"}', "json-escape"),
    ("https://a.co/x?c={{${city} | default: 'x'}}", "url-escape"),
    ("{% connected_content https://a.co :basic_auth <Rokt-Calendar-API> %}", "placeholder"),
    ("Bearer {% connected_content https://a.co/oauth2/token :cache_max_age 300 %}", "stale-token"),
]


@pytest.mark.parametrize(("source", "code"), WARNINGS)
def test_what_may_surprise_is_a_warning(source: str, code: str) -> None:
    [finding] = lint(source)
    assert (finding.code, finding.level) == (code, "warning")
    assert finding.message
    assert finding.fix


FINE = [
    "Hi {{ ${first_name} | default: 'you\u2019re \u201cit\u201d' }}, it costs $5 & more",
    "{% if ${first_name} != blank %}Hi {{ ${first_name} }}{% else %}Hi{% endif %}",
    "{% if ${first_name} == blank %}{% abort_message('no name') %}{% endif %}Hi {{ ${first_name} }}",
    "{% assign n = ${first_name} %}{% if n != blank %}{{ n }}{% endif %}",
    "{% assign n = ${first_name} %}{{ n | default: 'you' }}",
    "{% case ${language} %}{% when 'es' %}{{ ${language} }}{% endcase %}",
    "{% unless ${city} == 'x' %}{{ ${city} }}{% endunless %}",
    "{% assign all = custom_attribute.${rokt:tags} | join: ',' %}{% if all contains 'AU/' %}a{% endif %}",
    "{% for tag in custom_attribute.${rokt:tags} %}{{ tag | split: '/' | first }}{{ forloop.index }}{% endfor %}",
    "{% connected_content https://a.co :save weather %}{{ weather.today }}{{ connected.x }}",
    "{% liquid assign x = 1 %}{{ x }}",
    "{% increment visits %}{{ visits }}{% tablerow i in (1..3) %}{{ i }}{% endtablerow %}",
    "{% comment %}\u2018curly\u2019 {{ titel }} {% if %}{% endcomment %}",
    "{% raw %}{{ \u2018curly\u2019 }}{% endraw %}",
    "{% # \u2018curly\u2019 %}{% abort_message(\u2018curly\u2019) %}",
    "{% if custom_attribute.${rokt:tags} contains 'A/B' %}a{% endif %}",
    "{% if custom_attribute.${rokt:subscription_id} contains 'x' %}a{% endif %}",
    '{"a": {{ custom_attribute.${n} | default: 1 }}, "b": "\\"{{ 1 | plus: 1 }}"}',
    '{"a": "{{ ${city} | default: 1 | json_escape }}"}',
    '{% capture id %}Event_1{% endcapture %}{"id": "{{id}}"}',
    "https://a.co/{{ ${city} | default: 'x' | url_param_escape }}/y",
    "https://a.co/x and then {{ ${city} | default: 'x' }}",
    "{{ 'now' | date: '%Y' }}{% if custom_attribute.${n} > 5 and custom_attribute.${n} < 9 %}a{% endif %}",
    "Basic {% connected_content https://a.co/oauth2/token :basic_auth Rokt :method post :save t %}{{ t.access_token }}",
]


@pytest.mark.parametrize("source", FINE)
def test_a_sound_template_is_left_alone(source: str) -> None:
    assert lint(source) == []


def test_findings_come_in_the_order_of_the_lines() -> None:
    source = "{{ titel }}\n{% if a %}\n{{ ${frist_name} | lstrip }}"
    assert [finding.line for finding in lint(source)] == [1, 2, 3, 3, 3]


def test_no_more_of_one_kind_are_named_than_anybody_reads() -> None:
    assert len(lint("{{ ${first_name} }}" * 500)) == 100


def test_the_documentation_s_own_templates_are_mostly_free_of_errors() -> None:
    faulty = [
        name for name, case in CASES.items() if any(item.level == "error" for item in lint(case["template"]))
    ]
    assert faulty == []

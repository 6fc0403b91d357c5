"""Template by template: Braze's documentation and the Ruby reference say what each one becomes."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaigns.liquid import AbortedError, Data, LiquidError, Request, Response, render

FIELDS = (
    "user",
    "event_properties",
    "api_trigger_properties",
    "canvas_entry_properties",
    "campaign",
    "canvas",
)
Case = dict[str, Any]


def cases(file: str) -> list[Any]:
    found = json.loads((Path(__file__).parent / file).read_text("utf-8"))
    return [pytest.param(case, id=case["id"]) for case in found]


class Web:
    """Answers as a case says, and remembers what it was asked."""

    def __init__(self, mocks: list[Case]) -> None:
        self.mocks = {(mock["method"], mock["url"]): mock for mock in mocks}
        self.requests: list[tuple[Request, Case]] = []

    def __call__(self, request: Request) -> Response:
        mock = self.mocks[request.method, request.url]
        self.requests.append((request, mock))
        return Response(mock["status"], {"Content-Type": mock["content_type"]}, mock["body"])

    def check(self) -> None:
        assert {mock["url"] for _, mock in self.requests} == {url for _, url in self.mocks}
        for request, mock in self.requests:
            wanted = {
                key.removeprefix("expect_"): value for key, value in mock.items() if key.startswith("expect_")
            }
            headers = wanted.pop("headers", {}) | {"Content-Type": wanted.pop("content_type", None)}
            assert {
                name: value for name, value in headers.items() if value
            }.items() <= request.headers.items()
            if "json" in wanted:
                assert json.loads(request.body or "") == wanted.pop("json")
            assert {name: getattr(request, name) for name in wanted} == wanted


def data(case: Case) -> Data:
    values = {field: case.get(field, {}) for field in FIELDS}
    now = datetime.fromisoformat(case["now"]) if "now" in case else None
    states = case.get("subscribed_state", {})
    return Data(
        custom_attributes=case.get("custom_attributes", {}), subscribed_state=states, now=now, **values
    )


def check(case: Case) -> None:
    web = Web(case.get("mocks", []))
    if case["expected"] is not None:
        rendered = render(case["template"], data(case), fetch=web)
        assert rendered.text == case["expected"]
        assert rendered.extras == case.get("expected_extras", {})
    elif "expected_error" in case:
        with pytest.raises(LiquidError) as refused:
            render(case["template"], data(case), fetch=web)
        assert case["expected_error"] in refused.value.message
    else:
        with pytest.raises(AbortedError) as aborted:
            render(case["template"], data(case), fetch=web)
        assert aborted.value.reason == case.get("expected_abort", aborted.value.reason)
    web.check()


@pytest.mark.parametrize("case", cases("cases.json"))
def test_a_template_from_the_documentation_renders_as_braze_does(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", cases("language.json"))
def test_the_language_behaves_as_in_the_reference(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", cases("filters.json"))
def test_a_filter_behaves_as_in_the_reference(case: Case) -> None:
    check(case)

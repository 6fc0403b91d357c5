"""One person's event: the texts filled in, or a reason why not, in words for staff."""

from dataclasses import replace

import pytest

from campaigns.pipeline import preview, render
from campaigns.pipeline.render import Content, RenderError
from tests.builders import make_subscriber
from tests.pipeline.running import CREATE, subscription

pytestmark = pytest.mark.django_db


def written(event, kind: str = CREATE, **texts: str) -> render.Written:
    ann = make_subscriber(external_id="ann", first_name="Ann", last_name="")
    changes: dict[str, object] = {**texts}
    content = replace(Content.of(event), **changes)  # type: ignore[arg-type]  # names of texts
    writer = render.writer(content, kind=kind, account=event.account)
    return writer.write(render.Person("ann", render.data_of(ann), ["06423672-b6ba-4536-aa36-70788a7a0a36"]))


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (
            {"title": "{% abort_message('too young') %}"},
            "title: the text asked to leave this person out: too young",
        ),
        ({"title": "{% if ${last_name} %}Hi{% endif %}"}, "title: nothing is left of it for this person"),
        ({"location": "{{${last_name}}}"}, r"location: \$\{last_name\} is empty and has no default"),
        ({"title": "x" * 1_001}, r"title: longer than 1,000 characters \(1,001\)"),
        ({"description": "x" * 10_001}, r"description: longer than 10,000 characters \(10,001\)"),
        ({"title": "{{ 1 | divided_by: 0 }}"}, "title: "),
    ],
)
def test_a_text_that_cannot_be_sent_says_why(texts, reason, event):
    with pytest.raises(RenderError, match=reason):
        written(event, **texts)


def test_what_fell_back_to_its_default_is_told_once(event):
    fallen = "{{${last_name} | default: 'you'}}"

    result = written(event, title=f"For {fallen}", description=f"Dear {fallen}")

    assert result.event is not None
    assert result.event.title == "For you"
    assert result.fallbacks == ("${last_name}",)


def test_a_text_that_leaves_somebody_out_is_no_failure(event):
    with pytest.raises(render.LeftOutError):
        written(event, title="{% abort_message('too young') %}")


def test_a_removal_needs_no_text(event):
    result = written(event, "cancel", title="{{${last_name}}}")

    assert (result.call.method, result.call.body, result.event) == ("DELETE", b"", None)
    assert result.call.url.endswith("/Event_0001_ann")


def test_a_preview_without_a_known_subscription_says_so(event, account):
    person = make_subscriber(external_id="ann")
    unlinked = subscription(person, rokt_id="")

    with pytest.raises(RenderError, match="at least one subscription"):
        preview.preview(
            Content.of(event), account=account, kind=CREATE, subscriber=person, subscriptions=[unlinked]
        )


def test_the_content_of_a_call_without_body_is_empty():
    assert render.content_of("") == ""
    assert render.content_of('{"event":{"title":"a"},"subscriptionIds":["b"]}') == '{"title":"a"}'
    assert render.content_of('{"title":"a"}') == '{"title":"a"}'

"""How fast templates render on one core, beside plain python-liquid on the same templates translated by hand.

Run it with `python -m benchmarks.liquid`. Both sides read their templates once and render them for the same people,
turn about in the same process, so that a busy machine slows both.
"""

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from liquid import Environment

from campaigns.liquid import Data, parse

PEOPLE = 500
ROUNDS = 15

URL = (
    "{% assign accountCode = {{custom_attribute.${rokt:account_code}}}[0] | split: '/' | first %}"
    "https://api.roktcalendar.com/v1/subscriptionevent/{{accountCode}}"
)
BODY = """{% capture eventId %}Event_0001{% endcapture %}
{% capture eventTitle %}Event Title{% endcapture %}
{% capture eventDescr %}Event Description{% endcapture %}
{% capture eventLocation %}Event Location{% endcapture %}
{% capture eventStart %}2019-02-21T15:00:00{% endcapture %}
{% capture eventEnd %}2019-02-21T15:00:00{% endcapture %}
{% capture notifyBefore %}15{% endcapture %}
{% capture eventTZ %}Eastern Standard Time{% endcapture %}

{
  "event": {
    "eventId": "{{eventId}}_{{${user_id}}}",
    "title": "{{eventTitle}}",
    "description": "{{eventDescr}}",
    "location": "{{eventLocation}}",
    "start": "{{eventStart}}",
    "end": "{{eventEnd}}",
    "timezone": "{{eventTZ}}",
    "notifyBefore": "{{notifyBefore}}"
  },
  "subscriptionIds": ["{{custom_attribute.${rokt:subscription_id}| join: '","'  }}"]
}"""
TITLE = "{{${first_name} | default: 'Hello'}}, the summer sale starts"
DESCRIPTION = (
    "Three days only. {% if custom_attribute.${tier} == 'gold' %}Doors open early for you.{% endif %}"
)
LOCATION = "Open the event to get 50% off"

SUBJECTS = {
    "the Rokt template: URL and body": (URL, BODY),
    "event fields: title, description, location": (TITLE, DESCRIPTION, LOCATION),
    "text without Liquid": (LOCATION,),
}


class Row(NamedTuple):
    """People rendered per second, the median of all rounds, and how the time compares: under 1 is faster."""

    subject: str
    ours: float
    plain: float

    @property
    def cost(self) -> float:
        return self.plain / self.ours


def people() -> list[Data]:
    return [
        Data(
            user={"user_id": f"user-{number}", "first_name": "Ann" if number % 2 else ""},
            custom_attributes={
                "rokt:account_code": [f"shop/{number:012x}", f"other/{number + 1:012x}"],
                "rokt:subscription_id": [f"06423672-b6ba-4536-aa36-{number:012x}"],
                "tier": "gold" if number % 3 else "silver",
            },
        )
        for number in range(PEOPLE)
    ]


def translated(source: str) -> str:
    """The template as plain Liquid knows it."""
    for name in ("user_id", "first_name"):
        source = source.replace(f"${{{name}}}", f'user["{name}"]')
    for name in ("rokt:account_code", "rokt:subscription_id", "tier"):
        reference = f"custom_attribute.${{{name}}}"
        source = source.replace(f"{{{{{reference}}}}}[", f'custom_attribute["{name}"][')
        source = source.replace(reference, f'custom_attribute["{name}"]')
    return source


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(subject: str, sources: tuple[str, ...], *, rounds: int = ROUNDS) -> Row:
    """Render for everyone, turn about, and check that both sides write the same."""
    crowd = people()
    contexts = [{"user": person.user, "custom_attribute": person.custom_attributes} for person in crowd]
    environment = Environment()
    ours = [parse(source) for source in sources]
    plain = [environment.from_string(translated(source)) for source in sources]

    def render_ours() -> list[str]:
        return [template.render(person).text for person in crowd for template in ours]

    def render_plain() -> list[str]:
        return [template.render(context) for context in contexts for template in plain]

    assert render_ours() == render_plain()
    gc.collect()
    times = [(seconds(render_ours), seconds(render_plain)) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    return Row(subject, PEOPLE / mine, PEOPLE / theirs)


def main() -> None:
    """Print the table."""
    print(f"People per second on one core: median of {ROUNDS} rounds of {PEOPLE} people\n")
    print(f"{'':44}{'Braze dialect':>14}{'python-liquid':>15}{'time':>7}")
    for subject, sources in SUBJECTS.items():
        row = measure(subject, sources)
        print(f"{row.subject:44}{row.ours:>14,.0f}{row.plain:>15,.0f}{row.cost:>6.2f}x")


if __name__ == "__main__":
    main()

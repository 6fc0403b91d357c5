"""What the insert menus offer: pieces of Liquid that put one person's data into a text."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Subscriber

SAMPLE_SIZE: Final = 200  # people whose attributes are looked at for names
MOST_ATTRIBUTES: Final = 30

# Braze's name of the profile field, what staff call it, and the text for people who have none.
PROFILE: Final[tuple[tuple[str, str | Promise, str | Promise], ...]] = (
    ("first_name", gettext_lazy("First name"), gettext_lazy("there")),
    ("last_name", gettext_lazy("Last name"), ""),
    ("email_address", gettext_lazy("E-mail"), ""),
    ("user_id", gettext_lazy("User id"), ""),
    ("city", gettext_lazy("City"), gettext_lazy("your city")),
    ("country", gettext_lazy("Country"), gettext_lazy("your country")),
    ("language", gettext_lazy("Language"), ""),
)

# The rokt:* attributes worth reading in a calendar, without "rokt:".
SUBSCRIPTION: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("calendar_title", gettext_lazy("Calendar")),
    ("account_name", gettext_lazy("Account")),
    ("country_code", gettext_lazy("Country code")),
    ("geo_country", gettext_lazy("Country of the subscription")),
    ("device_name", gettext_lazy("Device")),
    ("subscription_method", gettext_lazy("Subscription method")),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of an insert menu."""

    label: str
    liquid: str


def menu() -> list[tuple[str, list[Piece]]]:
    """Return the groups of the insert menu: the profile, the subscription, other custom attributes."""
    groups = [
        (
            _("About the person"),
            [Piece(str(label), profile(name, str(empty))) for name, label, empty in PROFILE],
        ),
        (
            _("About the subscription"),
            [Piece(str(label), subscription(name)) for name, label in SUBSCRIPTION],
        ),
        (_("Custom attributes"), [Piece(name, attribute(name)) for name in attribute_names()]),
    ]
    return [(heading, pieces) for heading, pieces in groups if pieces]


def profile(name: str, empty: str) -> str:
    """Return a profile field with a text for people who have none."""
    return f"{{{{${{{name}}} | default: '{empty}'}}}}"


def attribute(name: str) -> str:
    """Return a custom attribute; people without it see nothing in its place."""
    return f"{{{{custom_attribute.${{{name}}} | default: ''}}}}"


def subscription(name: str) -> str:
    """Return a ``rokt:`` attribute of the first subscription, without the suffix that Braze's list carries."""
    return f"{{{{custom_attribute.${{rokt:{name}}} | first | split: '/' | first | default: ''}}}}"


def attribute_names() -> list[str]:
    """Return the names of custom attributes that people have, leaving out Rokt's own."""
    names: set[str] = set()
    for attributes in Subscriber.objects.order_by("-pk").values_list("attributes", flat=True)[:SAMPLE_SIZE]:
        names.update(attributes if isinstance(attributes, dict) else ())
    return sorted(name for name in names if not name.startswith("rokt:") and "}" not in name)[
        :MOST_ATTRIBUTES
    ]

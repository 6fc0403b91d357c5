"""A person's subscriptions side by side: one column each, and which values differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Subscriber, Subscription
from campaigns.templatetags.moments import utc
from integrations.braze.profile import parse

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Show = Callable[[Subscription], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute: what each subscription has there."""

    label: "StrOrPromise"
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the subscriptions do not agree."""
        return len(set(self.values)) > 1


def table(subscriptions: Sequence[Subscription]) -> list[Row]:
    """Return the attributes of these subscriptions, side by side; those that nobody has are left out."""
    rows = [Row(label, tuple(show(each) for each in subscriptions)) for label, show in SHOWN]
    return [row for row in rows if any(row.values)]


def accounts_of(subscriptions: Sequence[Subscription]) -> list[str]:
    """Return the account codes that a person has subscriptions of."""
    return sorted({each.traits.account_code for each in subscriptions} - {""})


def problems_of(person: Subscriber) -> list[str]:
    """Return what could not be read in a person's attributes, in sentences."""
    return parse(person.attributes).problems


def _yes_no(answer: bool | None) -> str:  # noqa: FBT001 - a value to show, not a switch
    return {True: _("yes"), False: _("no"), None: ""}[answer]


def _tags(each: Subscription) -> str:
    return ", ".join(sorted(tag.name for tag in each.traits.tags.all()))


def _since(each: Subscription) -> str:
    return utc(each.subscribed_at)


def _until(each: Subscription) -> str:
    return utc(each.ended_at)


SHOWN: Final[Sequence[tuple["StrOrPromise", Show]]] = (
    (gettext_lazy("Account"), lambda each: each.traits.account_name),
    (gettext_lazy("Account code"), lambda each: each.traits.account_code),
    (gettext_lazy("Account id"), lambda each: each.traits.account_rokt_id),
    (gettext_lazy("Calendar"), lambda each: each.traits.calendar_title),
    (gettext_lazy("Calendar code"), lambda each: each.traits.calendar_code),
    (gettext_lazy("Calendar id"), lambda each: each.traits.calendar_rokt_id),
    (gettext_lazy("Tags"), _tags),
    (gettext_lazy("First opt-in"), lambda each: _yes_no(each.traits.opt_in_1)),
    (gettext_lazy("Second opt-in"), lambda each: _yes_no(each.traits.opt_in_2)),
    (gettext_lazy("Method"), lambda each: each.traits.method),
    (gettext_lazy("Device"), lambda each: each.traits.device_name),
    (gettext_lazy("Source"), lambda each: each.traits.source),
    (gettext_lazy("Country code"), lambda each: each.traits.country_code),
    (gettext_lazy("Country"), lambda each: each.traits.geo_country),
    (gettext_lazy("E-mail given"), lambda each: each.email),
    (gettext_lazy("Subscribed, as Rokt told"), _since),
    (gettext_lazy("Ended, as Rokt told"), _until),
)

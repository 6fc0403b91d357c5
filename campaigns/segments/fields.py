"""What a rule can ask about: the fields it may name, and the questions each of them answers.

Texts compare character by character and case-sensitively, as in Braze, with the same result in every database.
A negative question ("is none of", "has none of", "is not yes") also holds where there is no value, as in Braze;
ask for "has a value" beside it to leave those out. Regular expressions ignore case and need a value, as in Braze.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.segments.ops import Op as Op
from campaigns.segments.ops import Takes as Takes


class Kind(Enum):
    """What a field holds, and so which questions it may answer, in the order a form shows them."""

    TEXT = (
        Op.IS_ANY_OF,
        Op.IS_NONE_OF,
        Op.CONTAINS_ANY_OF,
        Op.CONTAINS_NONE_OF,
        Op.STARTS_WITH,
        Op.ENDS_WITH,
        Op.MATCHES_REGEX,
        Op.DOES_NOT_MATCH_REGEX,
        Op.RAW_IS_ANY_OF,
        Op.IS_NOT_BLANK,
        Op.IS_BLANK,
    )
    YES_NO = (Op.IS_TRUE, Op.IS_FALSE, Op.IS_NOT_TRUE, Op.IS_NOT_FALSE, Op.IS_KNOWN, Op.IS_UNKNOWN)
    TAGS = (
        Op.HAS_ANY_OF,
        Op.HAS_ALL_OF,
        Op.HAS_NONE_OF,
        Op.IS_UNDER,
        Op.CONTAINS_ANY_OF,
        Op.CONTAINS_NONE_OF,
        Op.MATCHES_REGEX,
        Op.DOES_NOT_MATCH_REGEX,
        Op.IS_NOT_BLANK,
        Op.IS_BLANK,
    )
    TIME = (Op.WITHIN_DAYS, Op.MORE_THAN_DAYS_AGO, Op.AFTER, Op.BEFORE, Op.IS_KNOWN, Op.IS_UNKNOWN)
    NUMBER = (Op.IS_BETWEEN, Op.IS_NOT_BETWEEN)
    SAMPLE = (Op.IN_SAMPLE, Op.NOT_IN_SAMPLE)
    RECEIVED = (Op.HAS_RECEIVED, Op.HAS_NOT_RECEIVED)
    LIST = (Op.IS_ON_LIST, Op.IS_NOT_ON_LIST)


_SHARED: Final = ("traits__", "home__")
_PATTERNS: Final = {Op.MATCHES_REGEX, Op.DOES_NOT_MATCH_REGEX}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in stored rules, its kind, where it is (a Django path from Subscription), its label.

    ``is_suffixed``: in Braze, the value stands before the suffix of its subscription ("AU/f5733866ade2").
    """

    name: str
    kind: Kind
    path: str
    label: str | Promise = field(compare=False)
    is_suffixed: bool = field(default=False, compare=False)

    @property
    def is_shared(self) -> bool:
        """Whether many people have the same value, so that the distinct values are few."""
        return self.path.startswith(_SHARED)

    @property
    def ops(self) -> tuple[Op, ...]:
        """The questions that the field answers, in the order a form shows them."""
        return tuple(
            op
            for op in self.kind.value
            if not (op in _PATTERNS and not self.is_shared)
            and not (op == Op.RAW_IS_ANY_OF and not self.is_suffixed)
        )

    def takes(self, op: Op) -> Takes:
        """What stands beside a question to this field."""
        return Takes.CAMPAIGNS if self.name == "received_campaign" else op.takes


def _suffixed(name: str, path: str, label: Promise | str) -> Field:
    return Field(name, Kind.TEXT, path, label, is_suffixed=True)


_SUBSCRIPTION: Final = (
    _suffixed("account_code", "traits__account_code", _("account code")),
    _suffixed("account_id", "traits__account_rokt_id", _("account id")),
    _suffixed("account_name", "traits__account_name", _("account name")),
    _suffixed("calendar_code", "traits__calendar_code", _("calendar code")),
    _suffixed("calendar_id", "traits__calendar_rokt_id", _("calendar id")),
    _suffixed("calendar_title", "traits__calendar_title", _("calendar")),
    _suffixed("country_code", "traits__country_code", _("country code")),
    _suffixed("device_name", "traits__device_name", _("device")),
    _suffixed("geo_country", "traits__geo_country", _("country")),
    Field("opt_in_1", Kind.YES_NO, "traits__opt_in_1", _("first opt-in")),
    Field("opt_in_2", Kind.YES_NO, "traits__opt_in_2", _("second opt-in")),
    _suffixed("source", "traits__source", _("source")),
    _suffixed("subscriber_email", "email", _("e-mail given when subscribing")),
    Field("subscription_id", Kind.TEXT, "rokt_id", _("subscription id")),
    _suffixed("subscription_method", "traits__method", _("subscription method")),
    Field("tags", Kind.TAGS, "traits__tags", _("tags")),
    Field("suffix", Kind.TEXT, "suffix", _("suffix")),
    Field("subscribed", Kind.TIME, "subscribed_at", _("subscribed")),
)

_PERSON: Final = (
    Field("user_id", Kind.TEXT, "subscriber__external_id", _("user id")),
    Field("email", Kind.TEXT, "subscriber__email", _("e-mail of the person")),
    Field("first_name", Kind.TEXT, "subscriber__first_name", _("first name")),
    Field("last_name", Kind.TEXT, "subscriber__last_name", _("last name")),
    Field("country", Kind.TEXT, "home__country", _("country of the person")),
    Field("language", Kind.TEXT, "home__language", _("language")),
    Field("time_zone", Kind.TEXT, "home__time_zone", _("time zone of the person")),
    Field("home_city", Kind.TEXT, "home__city", _("city of the person")),
    Field("last_subscribed", Kind.TIME, "subscriber__subscribed_at", _("last subscribe event")),
    Field("first_seen", Kind.TIME, "subscriber__created_at", _("first seen here")),
    Field("random_bucket", Kind.NUMBER, "random_bucket", _("random bucket")),
    Field("sample", Kind.SAMPLE, "random_bucket", _("the person")),
    Field("received_event", Kind.RECEIVED, "subscriber", _("event")),
    Field("received_campaign", Kind.RECEIVED, "subscriber", _("campaign")),
    Field("list", Kind.LIST, "subscriber", _("list of people")),
)

FIELDS: Final[Mapping[str, Field]] = {each.name: each for each in (*_SUBSCRIPTION, *_PERSON)}

"""What a rule can ask about: the fields it may name, and the questions each kind of field answers.

Texts compare character by character and case-sensitively, as in Braze, with the same result in every database.
A negative question ("is none of", "has none of", "is not yes") also holds where there is no value, as in Braze;
ask for "has a value" beside it to leave those out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Op(TextChoices):
    """A question about one field; the label is what the list of operators shows."""

    IS_ANY_OF = "is_any_of", _("is any of")
    IS_NONE_OF = "is_none_of", _("is none of")
    CONTAINS_ANY_OF = "contains_any_of", _("contains any of")
    CONTAINS_NONE_OF = "contains_none_of", _("contains none of")
    STARTS_WITH = "starts_with", _("starts with any of")
    IS_BLANK = "is_blank", _("has no value")
    IS_NOT_BLANK = "is_not_blank", _("has a value")
    IS_TRUE = "is_true", _("is yes")
    IS_FALSE = "is_false", _("is no")
    IS_UNKNOWN = "is_unknown", _("is not known")
    IS_KNOWN = "is_known", _("is known")
    IS_NOT_TRUE = "is_not_true", _("is no or not known")
    IS_NOT_FALSE = "is_not_false", _("is yes or not known")
    HAS_ANY_OF = "has_any_of", _("has any of")
    HAS_ALL_OF = "has_all_of", _("has all of")
    HAS_NONE_OF = "has_none_of", _("has none of")

    @property
    def takes_values(self) -> bool:
        """Whether the question needs values to compare with."""
        return self in _WITH_VALUES

    @property
    def opposite(self) -> "Op | None":
        """For a negative question the positive one, which holds exactly where this one does not."""
        return _OPPOSITES.get(self)


class Kind(Enum):
    """What a field holds, and so which questions it answers, in the order a form shows them."""

    TEXT = (
        Op.IS_ANY_OF,
        Op.IS_NONE_OF,
        Op.CONTAINS_ANY_OF,
        Op.CONTAINS_NONE_OF,
        Op.STARTS_WITH,
        Op.IS_NOT_BLANK,
        Op.IS_BLANK,
    )
    YES_NO = (Op.IS_TRUE, Op.IS_FALSE, Op.IS_NOT_TRUE, Op.IS_NOT_FALSE, Op.IS_KNOWN, Op.IS_UNKNOWN)
    TAGS = (
        Op.HAS_ANY_OF,
        Op.HAS_ALL_OF,
        Op.HAS_NONE_OF,
        Op.CONTAINS_ANY_OF,
        Op.CONTAINS_NONE_OF,
        Op.IS_NOT_BLANK,
        Op.IS_BLANK,
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in stored rules, its kind, where it is (a Django path from Subscription), its label.

    `key` names the entry of a JSON column; anything there but a text counts as no value.
    """

    name: str
    kind: Kind
    path: str
    label: str | Promise = field(compare=False)
    key: str = ""


_WITH_VALUES: Final = frozenset(
    {
        Op.IS_ANY_OF,
        Op.IS_NONE_OF,
        Op.CONTAINS_ANY_OF,
        Op.CONTAINS_NONE_OF,
        Op.STARTS_WITH,
        Op.HAS_ANY_OF,
        Op.HAS_ALL_OF,
        Op.HAS_NONE_OF,
    }
)

_OPPOSITES: Final = {
    Op.IS_NONE_OF: Op.IS_ANY_OF,
    Op.CONTAINS_NONE_OF: Op.CONTAINS_ANY_OF,
    Op.HAS_NONE_OF: Op.HAS_ANY_OF,
    Op.IS_NOT_BLANK: Op.IS_BLANK,
    Op.IS_NOT_TRUE: Op.IS_TRUE,
    Op.IS_NOT_FALSE: Op.IS_FALSE,
    Op.IS_KNOWN: Op.IS_UNKNOWN,
}

_SUBSCRIPTION: Final = (
    Field("account_code", Kind.TEXT, "account_code", _("account code")),
    Field("account_id", Kind.TEXT, "account_rokt_id", _("account id")),
    Field("account_name", Kind.TEXT, "account_name", _("account name")),
    Field("calendar_code", Kind.TEXT, "calendar_code", _("calendar code")),
    Field("calendar_id", Kind.TEXT, "calendar_rokt_id", _("calendar id")),
    Field("calendar_title", Kind.TEXT, "calendar_title", _("calendar")),
    Field("country_code", Kind.TEXT, "country_code", _("country code")),
    Field("device_name", Kind.TEXT, "device_name", _("device")),
    Field("geo_country", Kind.TEXT, "geo_country", _("country")),
    Field("opt_in_1", Kind.YES_NO, "opt_in_1", _("first opt-in")),
    Field("opt_in_2", Kind.YES_NO, "opt_in_2", _("second opt-in")),
    Field("source", Kind.TEXT, "source", _("source")),
    Field("subscriber_email", Kind.TEXT, "email", _("e-mail given when subscribing")),
    Field("subscription_id", Kind.TEXT, "rokt_id", _("subscription id")),
    Field("subscription_method", Kind.TEXT, "method", _("subscription method")),
    Field("tags", Kind.TAGS, "tags", _("tags")),
)

_PERSON: Final = (
    Field("user_id", Kind.TEXT, "subscriber__external_id", _("user id")),
    Field("email", Kind.TEXT, "subscriber__email", _("e-mail of the person")),
    Field("first_name", Kind.TEXT, "subscriber__first_name", _("first name")),
    Field("last_name", Kind.TEXT, "subscriber__last_name", _("last name")),
    Field("country", Kind.TEXT, "subscriber__profile", _("country of the person"), key="country"),
    Field("language", Kind.TEXT, "subscriber__profile", _("language"), key="language"),
    Field("time_zone", Kind.TEXT, "subscriber__profile", _("time zone of the person"), key="time_zone"),
    Field("home_city", Kind.TEXT, "subscriber__profile", _("city of the person"), key="home_city"),
)

FIELDS: Final[Mapping[str, Field]] = {each.name: each for each in (*_SUBSCRIPTION, *_PERSON)}

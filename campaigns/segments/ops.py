"""The questions a rule can ask, what each one takes, and which is the opposite of which."""

from enum import Enum
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Takes(Enum):
    """What stands beside a question; every value is stored as a text."""

    NOTHING = "nothing"
    TEXTS = "texts"
    PATTERN = "pattern"  # one regular expression
    DAYS = "days"  # one whole number of days
    DATE = "date"  # one day, YYYY-MM-DD
    RANGE = "range"  # two numbers, lowest and highest
    SAMPLE = "sample"  # a percentage, and the name of the sample
    EVENTS = "events"  # event ids
    CAMPAIGNS = "campaigns"  # ids of campaigns
    LISTS = "lists"  # ids of lists of people


class Op(TextChoices):
    """A question about one field; the label is what the list of operators shows."""

    IS_ANY_OF = "is_any_of", _("is any of")
    IS_NONE_OF = "is_none_of", _("is none of")
    CONTAINS_ANY_OF = "contains_any_of", _("contains any of")
    CONTAINS_NONE_OF = "contains_none_of", _("contains none of")
    STARTS_WITH = "starts_with", _("starts with any of")
    ENDS_WITH = "ends_with", _("ends with any of")
    MATCHES_REGEX = "matches_regex", _("matches the regular expression")
    DOES_NOT_MATCH_REGEX = "does_not_match_regex", _("does not match the regular expression")
    RAW_IS_ANY_OF = "raw_is_any_of", _("is in Braze any of")
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
    IS_UNDER = "is_under", _("is, or lies below, any of")
    WITHIN_DAYS = "within_days", _("is within the last days")
    MORE_THAN_DAYS_AGO = "more_than_days_ago", _("is more days ago than")
    AFTER = "after", _("is after the day")
    BEFORE = "before", _("is before the day")
    IS_BETWEEN = "is_between", _("is between")
    IS_NOT_BETWEEN = "is_not_between", _("is not between")
    IN_SAMPLE = "in_sample", _("is in the sample")
    NOT_IN_SAMPLE = "not_in_sample", _("is not in the sample")
    HAS_RECEIVED = "has_received", _("has been received")
    HAS_NOT_RECEIVED = "has_not_received", _("has not been received")
    IS_ON_LIST = "is_on_list", _("has the person on it")
    IS_NOT_ON_LIST = "is_not_on_list", _("does not have the person on it")

    @property
    def takes(self) -> Takes:
        """What stands beside the question."""
        return _TAKES.get(self, Takes.NOTHING)

    @property
    def takes_values(self) -> bool:
        """Whether the question needs values to compare with."""
        return self.takes is not Takes.NOTHING

    @property
    def opposite(self) -> "Op | None":
        """For a negative question the positive one, which holds exactly where this one does not."""
        return _OPPOSITES.get(self)


_TAKES: Final = {
    **dict.fromkeys((Op.IS_ANY_OF, Op.IS_NONE_OF, Op.CONTAINS_ANY_OF, Op.CONTAINS_NONE_OF), Takes.TEXTS),
    **dict.fromkeys((Op.STARTS_WITH, Op.ENDS_WITH, Op.RAW_IS_ANY_OF, Op.IS_UNDER), Takes.TEXTS),
    **dict.fromkeys((Op.HAS_ANY_OF, Op.HAS_ALL_OF, Op.HAS_NONE_OF), Takes.TEXTS),
    **dict.fromkeys((Op.MATCHES_REGEX, Op.DOES_NOT_MATCH_REGEX), Takes.PATTERN),
    **dict.fromkeys((Op.WITHIN_DAYS, Op.MORE_THAN_DAYS_AGO), Takes.DAYS),
    **dict.fromkeys((Op.AFTER, Op.BEFORE), Takes.DATE),
    **dict.fromkeys((Op.IS_BETWEEN, Op.IS_NOT_BETWEEN), Takes.RANGE),
    **dict.fromkeys((Op.IN_SAMPLE, Op.NOT_IN_SAMPLE), Takes.SAMPLE),
    **dict.fromkeys((Op.HAS_RECEIVED, Op.HAS_NOT_RECEIVED), Takes.EVENTS),
    **dict.fromkeys((Op.IS_ON_LIST, Op.IS_NOT_ON_LIST), Takes.LISTS),
}

# "Does not match" is not among them: as in Braze, it holds only where there is a value.
_OPPOSITES: Final = {
    Op.IS_NONE_OF: Op.IS_ANY_OF,
    Op.CONTAINS_NONE_OF: Op.CONTAINS_ANY_OF,
    Op.HAS_NONE_OF: Op.HAS_ANY_OF,
    Op.IS_NOT_BLANK: Op.IS_BLANK,
    Op.IS_NOT_TRUE: Op.IS_TRUE,
    Op.IS_NOT_FALSE: Op.IS_FALSE,
    Op.IS_KNOWN: Op.IS_UNKNOWN,
    Op.IS_NOT_BETWEEN: Op.IS_BETWEEN,
    Op.NOT_IN_SAMPLE: Op.IN_SAMPLE,
    Op.HAS_NOT_RECEIVED: Op.HAS_RECEIVED,
    Op.IS_NOT_ON_LIST: Op.IS_ON_LIST,
}

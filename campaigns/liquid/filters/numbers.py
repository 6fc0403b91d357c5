"""The filters that calculate: decimal arithmetic as Ruby does it, never wider than a bounded number."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import NoReturn

from campaigns.liquid.errors import FilterError
from campaigns.liquid.limits import NUMBER_LIMIT
from campaigns.liquid.printing import to_text

Number = int | float
Exact = int | Decimal

_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_LEADING_INTEGER = re.compile(r"[+-]?[0-9]+")
_DIGITS_LIMIT = 40  # digits of a number written as text; more than NUMBER_LIMIT has
_PLACES_LIMIT = 30  # decimal places one may round to


def to_number(value: object) -> Exact:
    """A number to calculate with: `"3.5"` is 3.5, `"12 pieces"` is 12, nil and any other text are 0."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return _bounded(value)
    if isinstance(value, float):
        return _bounded(Decimal(repr(value) if math.isfinite(value) else NUMBER_LIMIT * 10))
    return _read(value.strip()) if isinstance(value, str) else 0


def _read(text: str) -> Exact:
    if _DECIMAL.fullmatch(text) and len(text) <= _DIGITS_LIMIT:
        return _bounded(Decimal(text))
    found = _LEADING_INTEGER.match(text)
    if not found:
        return 0
    if len(found.group()) > _DIGITS_LIMIT:
        _refused()
    return _bounded(int(found.group()))


def _bounded(number: Exact) -> Exact:
    if not -NUMBER_LIMIT <= number <= NUMBER_LIMIT:
        _refused()
    return number


def _refused() -> NoReturn:
    raise FilterError("This number is too large to calculate with.")


def to_integer(value: object) -> int:
    """A whole number an argument asks for, or FilterError."""
    if type(value) is int and abs(value) <= NUMBER_LIMIT:
        return value
    text = to_text(value).strip()
    if not _LEADING_INTEGER.fullmatch(text) or len(text) > _DIGITS_LIMIT:
        raise FilterError("A whole number is needed here.")
    return int(text)


def _result(number: Exact) -> Number:
    return float(_bounded(number)) if isinstance(number, Decimal) else int(_bounded(number))


def _calculate(left: object, right: object, operation: Callable[[Decimal, Decimal], Decimal]) -> Number:
    """Ruby's BigDecimal: decimal digits in, so 0.1 plus 0.2 is 0.3."""
    with localcontext(prec=80):
        try:
            return _result(operation(Decimal(to_number(left)), Decimal(to_number(right))))
        except InvalidOperation:
            _refused()


def _whole(left: object, right: object) -> tuple[int, int] | None:
    one, other = to_number(left), to_number(right)
    return (one, other) if isinstance(one, int) and isinstance(other, int) else None


def plus(value: object, other: object) -> Number:
    """The sum of two numbers."""
    pair = _whole(value, other)
    return _result(pair[0] + pair[1]) if pair else _calculate(value, other, Decimal.__add__)


def minus(value: object, other: object) -> Number:
    """The difference of two numbers."""
    pair = _whole(value, other)
    return _result(pair[0] - pair[1]) if pair else _calculate(value, other, Decimal.__sub__)


def times(value: object, other: object) -> Number:
    """The product of two numbers."""
    pair = _whole(value, other)
    return _result(pair[0] * pair[1]) if pair else _calculate(value, other, Decimal.__mul__)


def divided_by(value: object, other: object) -> Number:
    """The quotient: whole numbers divide to a whole number, rounded down."""
    if to_number(other) == 0:
        raise FilterError("A number cannot be divided by 0.")
    pair = _whole(value, other)
    return pair[0] // pair[1] if pair else _calculate(value, other, Decimal.__truediv__)


def modulo(value: object, other: object) -> Number:
    """The rest of a division, with the sign of the divisor."""
    if to_number(other) == 0:
        raise FilterError("A number cannot be divided by 0.")
    pair = _whole(value, other)
    return pair[0] % pair[1] if pair else _calculate(value, other, _floored_rest)


def _floored_rest(left: Decimal, right: Decimal) -> Decimal:
    rest = left % right  # has the sign of the left number; Ruby wants that of the right one
    return rest + right if rest and (rest < 0) != (right < 0) else rest


def absolute(value: object) -> Number:
    """The number without its sign."""
    number = to_number(value)
    return _result(-number if number < 0 else number)


def at_least(value: object, other: object) -> Number:
    """The larger of two numbers."""
    return _result(max(to_number(value), to_number(other)))


def at_most(value: object, other: object) -> Number:
    """The smaller of two numbers."""
    return _result(min(to_number(value), to_number(other)))


def ceil(value: object) -> int:
    """The next whole number up."""
    return int(_rounded(to_number(value), 0, ROUND_CEILING))


def floor(value: object) -> int:
    """The next whole number down."""
    return int(_rounded(to_number(value), 0, ROUND_FLOOR))


def rounded(value: object, places: object = None) -> Number:
    """Rounded half up to whole numbers, or to so many decimal places."""
    number, digits = to_number(value), int(to_number(places))
    if abs(digits) > _PLACES_LIMIT:
        raise FilterError(f"A number can be rounded to at most {_PLACES_LIMIT} places.")
    if isinstance(number, int) and digits >= 0:
        return number
    result = _rounded(number, digits, ROUND_HALF_UP)
    return int(result) if digits == 0 or isinstance(number, int) else float(result)


def _rounded(number: Exact, digits: int, rounding: str) -> Decimal:
    with localcontext(prec=80):
        return Decimal(number).quantize(Decimal(1).scaleb(-digits), rounding=rounding)


def money(value: object) -> str:
    """Two decimals and no symbol: 145 is 145.00."""
    return str(_rounded(to_number(value), 2, ROUND_HALF_UP))


_THOUSANDS = re.compile(r"(-?[0-9]{1,400})((?:\.[0-9]+)?)")


def number_with_delimiter(value: object) -> str:
    """A comma after every three digits: 123456 is 123,456; what is no number stays as it is."""
    text = to_text(value)
    found = _THOUSANDS.fullmatch(text)
    return f"{int(found[1]):,}{found[2]}" if found else text


NUMBERS: dict[str, Callable[..., object]] = {
    "abs": absolute,
    "at_least": at_least,
    "at_most": at_most,
    "ceil": ceil,
    "divided_by": divided_by,
    "floor": floor,
    "minus": minus,
    "modulo": modulo,
    "money": money,
    "number_with_delimiter": number_with_delimiter,
    "plus": plus,
    "round": rounded,
    "times": times,
}

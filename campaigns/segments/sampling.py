"""Named samples of people: always the same for a name, smaller ones inside larger ones, names apart from each other."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from campaigns.models.audience import BUCKET_COUNT

_SQUARE_MODULUS = BUCKET_COUNT // 10


@dataclass(frozen=True, slots=True)
class Sample:
    """The people whose random bucket stands in the first `size` places of an order of all buckets.

    The name chooses the order: x -> factor·x + 10·square·x² + shift, modulo the number of buckets. It gives each
    place once, because the factor shares no divisor with 10,000 and the rest of the derivative is divisible by 10;
    without the square, some pairs of names would have nobody or far too many in common.
    """

    size: int
    factor: int
    square: int
    shift: int

    @classmethod
    def of(cls, percent: str, name: str) -> "Sample":
        """Return the sample of a name; never to be changed, for people rely on who is in."""
        drawn = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
        drawn, square = divmod(drawn, _SQUARE_MODULUS)
        drawn, shift = divmod(drawn, BUCKET_COUNT)
        factor = drawn % (BUCKET_COUNT // 2) * 2 + 1
        size = int(Decimal(percent) * BUCKET_COUNT / 100)
        return cls(size, factor + 2 if factor % 5 == 0 else factor, square, shift)

    def place(self, bucket: Any) -> Any:
        """Return the place of a bucket, a number or an expression, in the order of this name."""
        squared = (bucket % _SQUARE_MODULUS) * (bucket % _SQUARE_MODULUS)
        return (bucket * self.factor + squared * (10 * self.square) + self.shift) % BUCKET_COUNT

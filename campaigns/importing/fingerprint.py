"""Whether Braze says of a person what it said before: short names for what it said, kept with the person.

The first half names the profile, the second the attributes. A mark at the end says that something in them could not be
taken, so that this is told again with every import.
"""

from hashlib import blake2b

HALF = 14  # letters; that two contents have the same name happens once in 10^16
MARK = "!"


def name_of(content: str) -> str:
    """Return the name of a content."""
    return blake2b(content.encode(), digest_size=HALF // 2).hexdigest()


def name_of_profile(first_name: str, last_name: str, email: str, profile: str) -> str:
    """Return the name of everything but the attributes; no text holds a NUL."""
    return name_of("\0".join((first_name, last_name, email, profile)))


NO_ATTRIBUTES = name_of("{}")

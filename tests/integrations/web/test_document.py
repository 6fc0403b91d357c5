"""Strict JSON from strangers: what is refused, and that what is taken is taken as it is."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.web.document import DocumentError, loads

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(-1e15, 1e15), KEYS)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Not valid JSON"),
        (b'{"a":NaN}', "Not valid JSON"),
        (b'{"a":-Infinity}', "Not valid JSON"),
        (b'{"a":1e400}', "Not valid JSON"),
        (b'{"a":"\\ud800"}', "Not valid JSON"),
        (b'{"a":"\xff"}', "Not valid JSON"),
        (b'{"a":1} {"a":2}', "Not valid JSON"),
        (b'\xef\xbb\xbf{"a":1}', "Not valid JSON"),
        ('{"a":1}'.encode("utf-16"), "Not valid JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Not valid JSON"),
        (b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", "Nested more than 50 levels deep"),
        (b'{"a":"\\u0000"}', "Holds a NUL character"),
        (b'{"a":["\\u0000"]}', "Holds a NUL character"),
        (b'{"a":{"\\u0000":1}}', "Holds a NUL character"),
        (b'{"a":1,"a":2}', "The key 'a' is there twice"),
        (b'{"x":[{"b":1,"\\u0062" :2}]}', "The key 'b' is there twice"),
        (b'{"a":9223372036854775808}', "beyond 64 bits"),
        (b'{"a":-9223372036854775809}', "beyond 64 bits"),
        (b'{"a":' + b"9" * 300 + b"}", "beyond 64 bits"),
        (b'{"a":1e19}', "beyond 64 bits"),
        (b"[1]", "Not a JSON object"),
        (b"null", "Not a JSON object"),
    ],
)
def test_what_is_not_one_plain_object_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        loads(body)


def test_numbers_come_out_as_every_database_writes_them() -> None:
    document = loads(b'{"least":-9223372036854775808,"power":1e17,"zero":-0.0,"half":0.5}')
    assert (
        json.dumps(document)
        == '{"least": -9223372036854775808, "power": 100000000000000000, "zero": 0.0, "half": 0.5}'
    )


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_every_plain_object_is_taken_as_it_is(document: dict[str, Any]) -> None:
    assert loads(json.dumps(document).encode()) == document


@given(st.binary() | st.text().map(str.encode) | st.text('[]{},:"\\u0019eE.-').map(str.encode))
def test_whatever_the_bytes_are_the_only_error_is_ours(body: bytes) -> None:
    with suppress(DocumentError):
        assert loads(body) == json.loads(body)

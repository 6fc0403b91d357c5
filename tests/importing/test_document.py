"""Strict JSON: what is taken, what is refused, and that what is taken comes out of every database the same."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.importing.document import DocumentError, dumps, loads

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(-1e15, 1e15),
    KEYS,
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a":NaN}', "Not valid JSON"),
        (b'{"a":-Infinity}', "Not valid JSON"),
        (b'{"a":1e400}', "Not valid JSON"),
        (b'{"a":' + b"9" * 5_000 + b"}", "Not valid JSON"),
        (b'{"a":"\\ud800"}', "Not valid JSON"),
        (b'{"a":"\xff"}', "Not valid JSON"),
        (b'{"a":1} {"a":2}', "Not valid JSON"),
        (b'{"a":"\0"}', "Not valid JSON"),
        (b'{"a":1', "Not valid JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Not valid JSON"),
        (b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", "Nested more than 50 levels deep."),
        (b'{"a":"\\u0000"}', "Holds a NUL character"),
        (b'{"a":"\\\\\\u0000"}', "Holds a NUL character"),
        (b'{"a":1,"a":2}', "A key is there twice"),
        (b'{"a":{"b":1,"b" :2}}', "A key is there twice"),
        (b'{"a" :1,"a"\t:2}', "A key is there twice"),
        (b'{"x":[{"b":1,"\\u0062":2}]}', "A key is there twice"),
        (b"[1]", "Not a JSON object"),
        (b'"a"', "Not a JSON object"),
    ],
)
def test_what_is_not_one_plain_object_is_refused_with_a_reason(line: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        loads(line)


def test_text_that_only_looks_like_a_second_key_or_a_nul_is_taken() -> None:
    assert loads(b'{"a":"\\"a\\":1","b":"\\\\u0000", "c" : 1}\r\n') == {"a": '"a":1', "b": "\\u0000", "c": 1}


def test_whole_numbers_keep_every_digit_and_zero_has_no_sign() -> None:
    document = loads(b'{"big":123456789012345678901234567890,"power":1e22,"zero":-0.0,"half":0.5}')
    assert document == {"big": 123456789012345678901234567890, "power": 10**22, "zero": 0.0, "half": 0.5}
    assert type(document["power"]) is int
    assert math.copysign(1, document["zero"]) == 1


@given(OBJECTS)
def test_every_plain_object_is_taken_as_it_is(document: dict[str, Any]) -> None:
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, separators=(",", ":"))):
        assert loads(text.encode()) == document


@given(OBJECTS)
def test_the_same_object_is_always_written_the_same_and_reads_back_the_same(document: dict[str, Any]) -> None:
    taken = loads(json.dumps(document).encode())
    text = dumps(taken)
    assert dumps(json.loads(text)) == text
    assert dumps(loads(text.encode())) == text


def test_writing_tells_true_from_one_and_copes_with_numbers_beyond_64_bits() -> None:
    assert dumps({"b": True, "a": 1}) == '{"a":1,"b":true}'
    assert dumps({"é": 2**64, "a": 1}) == '{"a":1,"é":18446744073709551616}'

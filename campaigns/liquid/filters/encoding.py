"""The filters that encode: hashes and signatures, base64, URLs and JSON."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import NoReturn
from urllib.parse import quote, quote_plus

from campaigns.liquid.errors import FilterError
from campaigns.liquid.printing import to_text

_URL_KEEPS = "-_.!~*'();/?:@&=+$,[]"  # what Ruby's URI.escape leaves alone


def _bytes(value: object) -> bytes:
    try:
        return to_text(value).encode()
    except UnicodeEncodeError:
        raise FilterError("This text holds half a character and cannot be encoded.") from None


def _hashed(algorithm: str) -> Callable[[object], str]:
    return lambda value: hashlib.new(algorithm, _bytes(value), usedforsecurity=False).hexdigest()


def _signed(algorithm: str) -> Callable[[object, object], str]:
    return lambda value, key: hmac.new(_bytes(key), _bytes(value), algorithm).hexdigest()


def _signed_base64(algorithm: str) -> Callable[[object, object], str]:
    return lambda value, key: base64.b64encode(hmac.digest(_bytes(key), _bytes(value), algorithm)).decode()


def base64_encode(value: object) -> str:
    """The text in base64."""
    return base64.b64encode(_bytes(value)).decode()


def url_escape(value: object) -> str:
    """Safe in a URL; the characters that build a URL, such as &, stay."""
    return quote(_bytes(value), safe=_URL_KEEPS)


def url_param_escape(value: object) -> str:
    """Safe as one part of a URL; & and / are escaped too."""
    return quote(_bytes(value), safe="")


def url_encode(value: object) -> str:
    """Safe in a form: a space becomes +."""
    return quote_plus(_bytes(value))


def json_escape(value: object) -> str:
    """Safe inside a JSON string; adds no quotes around it."""
    return encode_basestring(to_text(value))[1:-1]


def as_json_string(value: object) -> str:
    """The value as compact JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise FilterError("This value cannot be written as JSON.") from None


def json_parse(value: object) -> object:
    """The value that a JSON text stands for; nil and an empty text are nil."""
    text = to_text(value)
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise FilterError("This text is not JSON.") from None


def _refused(name: str) -> NoReturn:
    raise ValueError(name)


ENCODINGS: dict[str, Callable[..., object]] = {
    "as_json_string": as_json_string,
    "base64_encode": base64_encode,
    "hmac_sha1": _signed("sha1"),  # the older name of hmac_sha1_hex
    "hmac_sha1_base64": _signed_base64("sha1"),
    "hmac_sha1_hex": _signed("sha1"),
    "hmac_sha256_base64": _signed_base64("sha256"),
    "hmac_sha256_hex": _signed("sha256"),
    "hmac_sha512": _signed("sha512"),
    "json_escape": json_escape,
    "json_parse": json_parse,
    "md5": _hashed("md5"),
    "sha1": _hashed("sha1"),
    "sha2": _hashed("sha256"),
    "url_encode": url_encode,
    "url_escape": url_escape,
    "url_param_escape": url_param_escape,
}

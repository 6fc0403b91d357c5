"""Export files for the tests: people in, a file out."""

import gzip
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FIRST = "06423672-b6ba-4536-aa36-f5733866ade2"
SECOND = "9a9007c7-f5a4-4811-b13c-ff10919f1078"


def someone(external_id: object = "ada", **fields: Any) -> dict[str, Any]:
    """Return a person with one subscription."""
    attributes = {
        "points": 7,
        "rokt:subscription_id": [FIRST],
        "rokt:account_code": ["shop/f5733866ade2"],
        "rokt:calendar_code": ["sale/f5733866ade2"],
        "rokt:calendar_title": ["Summer Sale/f5733866ade2"],
        "rokt:tags": ["Summer Sale/Shoes/f5733866ade2", "Summer Sale/Hats/f5733866ade2"],
    }
    return {
        "external_id": external_id,
        "first_name": "Ada",
        "email": "ada@example.com",
        "home_city": "London",
        "custom_attributes": attributes,
        **fields,
    }


def text(people: Iterable[dict[str, Any]]) -> bytes:
    """Return people as lines of JSON."""
    return b"".join(json.dumps(person, ensure_ascii=False).encode() + b"\n" for person in people)


def plain(path: Path, *people: dict[str, Any]) -> Path:
    """Write people as plain lines of JSON."""
    path.write_bytes(text(people))
    return path


def packed(path: Path, *people: dict[str, Any]) -> Path:
    """Write people as gzip."""
    path.write_bytes(gzip.compress(text(people)))
    return path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """Write a ZIP of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path

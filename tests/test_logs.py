"""No secret and no e-mail address in any line, whatever is thrown at a logger; and JSON that programs can read."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_admin.logs import LONGEST, Json, Plain, formatter, mask

SECRET = "s3cr3t"
GUID = "06423672-b6ba-4536-aa36-70788a7a0a36"
LEAKS = [
    "Authorization: Bearer s3cr3t",
    "{'Authorization': 'Bearer s3cr3t', 'X': 1}",
    '("Authorization", "Basic s3cr3t")',
    "HTTP_AUTHORIZATION='Bearer s3cr3t'",
    "Authorization%3A%20Bearer%20s3cr3t",
    "they said bearer s3cr3t",
    'bearer "with blanks s3cr3t"',
    "client_secret=s3cr3t&grant_type=client_credentials",
    r'{"client_secret": "a \" quote s3cr3t", "b": 1}',
    r"{\"client_secret\": \"a \\\" quote s3cr3t\"}",
    """client_secret: 'cut off s3cr3t""",
    '{"access_token":"s3cr3t","expires_in":3600}',
    '{"refresh_token" : "s3cr3t"}',
    "accessToken => s3cr3t",
    "Credentials(client_id='me', client_secret='s3cr3t')",
    "SECRET_KEY=s3cr3t FIELD_KEYS=s3cr3t METRICS_TOKEN=s3cr3t",
    "X-Api-Key: s3cr3t",
    "Cookie: sessionid=s3cr3t; csrftoken=s3cr3t",
    "a token like eyJhbGciOi.eyJzdWIiOiIx.s3cr3t",
    "Unauthorized: /hooks/rokt/s3cr3t_-x/",
    "GET %2Fhooks%2Frokt%2Fs3cr3t 401",
    "redis://:s3cr3t@127.0.0.1:6379/0",
    "postgres://me:s3cr3t@db/calendar",
    "ada.s3cr3t@example.com",
    "?q=s3cr3t%40example.com",
    "?next=%3Fq%3Ds3cr3t%2540example.com",
    r"s3cr3t\u0040example.com",
    '"blank s3cr3t"@example.com',
    "o's3cr3t+x=y@mail.example.co.uk",
    "s3cr3tü@exämple.de",
]


def record(message: object, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("campaigns.somewhere", logging.INFO, __file__, 1, message, args, None)
    made.__dict__.update(more)
    return made


def failing(text: str) -> "tuple[type[BaseException], BaseException, object]":
    try:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(f"not now: {text}") from error
    except ValueError:
        return sys.exc_info()  # type: ignore[return-value]  # there is one


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("lines", [Plain(), Json()], ids=["plain", "json"])
def test_neither_messages_nor_arguments_nor_tracebacks_tell_a_secret(leak, lines):
    told = [
        record(leak),
        record("it said %s", leak),
        record("it said %r", {"nested": [leak]}),
        record("it said %(what)s", {"what": leak}),
        record("too few %s %s", leak),
        record("no number %d", leak),
        record(leak.encode()),
        record(ValueError(leak)),
        record("failed", exc_info=failing(leak)),
        record("where", stack_info=f"Stack:\n  {leak}"),
    ]

    for each in told:
        assert SECRET not in lines.format(each)


@pytest.mark.parametrize(
    "text",
    [
        "send 12 of account shop started: 100000 people",
        "account shop: the breaker opened for 30 s",
        f"Task campaigns.tasks.tick[{GUID}] succeeded in 0.01s",
        "celery@worker ready.",
        "GET /sends/12/progress/ 200 3 ms",
    ],
)
def test_what_has_nothing_to_hide_stays_as_it_is(text):
    assert mask(text) == text


def test_subscription_ids_are_personal():
    assert mask(f'for ["{GUID}", "{GUID.upper()}"] and {GUID}') == 'for ["***", "***"] and ***'


def test_what_stands_around_a_secret_stays_readable():
    assert (
        mask("POST client_secret=abc&grant_type=x gave 401") == "POST client_secret=***&grant_type=x gave 401"
    )


def test_json_is_one_object_a_line_with_the_ids_that_were_given():
    line = Json().format(
        record("two\nlines \u2028 and \ud800", account="shop", send=12, task=GUID, exc_info=failing("here"))
    )

    assert len(line.splitlines()) == 1
    said = json.loads(line)
    assert said["message"].startswith("two\nlines")
    assert (said["level"], said["logger"]) == ("INFO", "campaigns.somewhere")
    assert (said["account"], said["send"], said["task"]) == ("shop", 12, GUID)
    assert isinstance(said["process"], int)
    assert said["time"].endswith("Z")
    assert "ValueError: not now: here" in said["error"]


def test_a_line_without_ids_has_none():
    assert set(json.loads(Json().format(record("x")))) == {"time", "level", "logger", "message", "process"}


def test_what_cannot_be_written_is_no_reason_to_fail():
    class Hostile:
        def __repr__(self) -> str:
            raise ValueError(SECRET)

        __str__ = __repr__

    for lines in (Plain(), Json()):
        assert SECRET not in lines.format(record("%s", Hostile()))
        assert SECRET not in lines.format(record(Hostile()))


def test_a_record_is_left_as_it_was_for_other_handlers():
    made = record("to %s", "ada@example.com")
    Plain().format(made)

    assert made.getMessage() == "to ada@example.com"


def test_log_format_decides(settings):
    settings.LOG_FORMAT = "json"
    assert isinstance(formatter(), Json)

    settings.LOG_FORMAT = "plain"
    assert isinstance(formatter(), Plain)


@pytest.mark.parametrize("piece", ["a", "a@", '"', 'token="\\', "\ud800", "token ", "0642-", "a.b-"])
def test_a_long_line_is_cut_and_takes_no_longer_than_its_length(piece):
    """A pattern that tries every place anew would not come back within the time of a test run."""
    assert len(mask(piece * 2_000_000)) < 10 * LONGEST


@given(st.text(), st.emails())
def test_no_address_survives_whatever_stands_before_it(before, address):
    local, _at, _domain = address.rpartition("@")
    masked = mask(f"{before} {address} x")

    assert address not in masked
    assert f"{local}@" not in masked or f"{local}@" in before

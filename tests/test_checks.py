"""A bad or missing setting is told by its name before anything runs."""

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from campaigns.checks import secret_key, settings_are_complete


def told() -> dict[str | None, str]:
    return {
        problem.id: problem.msg for problem in settings_are_complete() if isinstance(problem, checks.Error)
    }


def test_complete_settings_have_nothing_to_say():
    assert told() == {}


@pytest.mark.parametrize(
    ("changes", "problem", "words"),
    [
        ({"SECRET_KEY": "short"}, "campaigns.E001", "SECRET_KEY is missing or too short"),
        ({"FIELD_KEYS": []}, "campaigns.E002", "FIELD_KEYS is missing"),
        ({"FIELD_KEYS": ["not a key"]}, "campaigns.E003", "FIELD_KEYS: key 1 is not a Fernet key"),
        ({"LEASE_SECONDS": 30.0, "ANSWER_SECONDS": 30.0}, "campaigns.E004", "LEASE_SECONDS (30)"),
        ({"TICK_SECONDS": 0}, "campaigns.E005", "TICK_SECONDS must be more than 0"),
        ({"ARRIVAL_SECONDS": 0}, "campaigns.E005", "ARRIVAL_SECONDS must be more than 0"),
        ({"SILENCE_SECONDS": 120}, "campaigns.E008", "SILENCE_SECONDS (120) must be less than LEASE_SECONDS"),
        ({"SITE_URL": "calendar.example.com"}, "campaigns.E009", "SITE_URL must begin with https://"),
        ({"LOG_FORMAT": "xml"}, "campaigns.E006", "LOG_FORMAT must be plain or json"),
    ],
)
def test_each_problem_names_its_setting(changes, problem, words, settings):
    for name, value in changes.items():
        setattr(settings, name, value)

    assert words in told()[problem]


def test_an_empty_secret_key_is_a_problem_and_not_a_crash(monkeypatch):
    class Refusing:
        @property
        def SECRET_KEY(self) -> str:  # noqa: N802 - the setting's name
            raise ImproperlyConfigured

    monkeypatch.setattr("campaigns.checks.settings", Refusing())

    assert secret_key() == ""

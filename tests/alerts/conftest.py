"""What the tests of alerts share: a mail server, a webhook's receiver, somebody to tell, and time that passes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import AlertSettings, Send
from tests import builders
from tests.alerts.post_office import PostOffice
from tests.integrations.raw_server import RawServer, answer, says


@pytest.fixture
def post_office(settings) -> Iterator[PostOffice]:
    office = PostOffice()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.SITE_URL = "https://calendar.example.com"
    yield office
    office.close()


@pytest.fixture
def ops(db, post_office) -> AlertSettings:
    """One address is told."""
    return AlertSettings.objects.create(pk=1, mail_addresses="ops@example.com")


@pytest.fixture
def receiver(settings) -> Iterator[RawServer]:
    server = RawServer(says(answer(204)))
    settings.ALERT_HOSTS = [server.place]
    settings.SITE_URL = "https://calendar.example.com"
    yield server
    server.close()


@pytest.fixture
def send(event) -> Send:
    """A send that runs."""
    return builders.make_send(event, state=Send.State.SENDING, started_at=timezone.now())


def body_of(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])

"""The page of held sends: what waits, what may happen, and who let it go."""

from datetime import UTC, datetime

import pytest

from campaigns import tasks
from campaigns.models import Delivery, Halt, Send
from tests.builders import make_delivery, make_event, make_send

pytestmark = pytest.mark.django_db

BACKUP, LOST = datetime(2026, 3, 1, 8, 0, tzinfo=UTC), datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ticks(monkeypatch) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(tasks, "look_now", lambda: asked.append("tick"))
    return asked


@pytest.fixture
def halt(db) -> Halt:
    return Halt.objects.create(made_at=LOST, back_to=BACKUP, known_until=LOST)


@pytest.fixture
def send(db) -> Send:
    send = make_send(make_event(title="Spring sale"), state=Send.State.SENDING, started_at=BACKUP)
    for state in (
        Delivery.State.QUEUED,
        Delivery.State.QUEUED,
        Delivery.State.SENDING,
        Delivery.State.ACCEPTED,
    ):
        make_delivery(send, state)
    return send


def test_the_page_says_what_happened_what_waits_and_what_may_happen(admin, halt, send):
    page = admin.get("/held/").content.decode()

    assert "put back from a backup of 2026-03-01 08:00:00 UTC" in page
    assert "It had worked until 2026-03-01 09:00:00 UTC" in page
    assert "1 send waits until it is released here; people without a final state in it: 3." in page
    assert "called again with the same event id" in page
    assert "Spring sale" in page
    assert f'href="/sends/{send.pk}/"' in page


def test_a_send_to_come_is_shown_with_what_a_release_would_do(admin, halt):
    make_send(make_event(title="Long ago"))

    page = admin.get("/held/").content.decode()

    assert "To come" in page
    assert "starts at once" in page


@pytest.mark.parametrize("address", ["/", "/campaigns/new/", "/campaigns/send/"])
def test_every_page_says_that_all_is_held(admin, halt, address):
    assert "All sends are held" in admin.get(address).content.decode()


def test_an_admin_releases_with_a_reason_and_it_is_kept(admin, halt, send, ticks):
    answer = admin.post(
        "/held/", {"action": "release", "halt": halt.pk, "note": "Rokt shows none"}, follow=True
    )

    halt.refresh_from_db()
    assert (halt.released_by, halt.release_note) == (admin.user, "Rokt shows none")
    assert (halt.send_count, halt.people_count) == (1, 3)
    assert halt.released_at is not None
    assert ticks == ["tick"]
    page = answer.content.decode()
    assert "Released: 1 send goes on." in page
    assert "Nothing is held" in page
    assert admin.user.username in page


def test_nothing_is_released_without_a_reason(admin, halt):
    page = admin.post("/held/", {"action": "release", "halt": halt.pk, "note": "  "}).content.decode()

    halt.refresh_from_db()
    assert halt.released_at is None
    assert "Say why" in page


def test_a_second_tab_does_not_release_what_came_later(admin, halt):
    """Somebody released the first halt; the database was put back once more since."""
    Halt.objects.filter(pk=halt.pk).update(released_at=LOST)
    second = Halt.objects.create(made_at=LOST, back_to=BACKUP, known_until=LOST)

    admin.post("/held/", {"action": "release", "halt": halt.pk, "note": "ok"})

    second.refresh_from_db()
    assert second.released_at is None


@pytest.mark.parametrize("role", ["auditor", "marketer", "approver"])
def test_others_read_and_do_not_release(role, halt, request):
    browser = request.getfixturevalue(role)

    assert "Only an administrator" in browser.get("/held/").content.decode()
    assert browser.post("/held/", {"action": "release", "halt": halt.pk, "note": "x"}).status_code == 403
    halt.refresh_from_db()
    assert halt.released_at is None


def test_an_admin_holds_everything_by_hand(admin):
    admin.post("/held/", {"action": "hold", "note": "before the restore"})

    halt = Halt.objects.get()
    assert (halt.made_by, halt.note, halt.known_until) == (admin.user, "before the restore", None)
    page = admin.get("/held/").content.decode()
    assert "before the restore" in page
    assert "What may happen" not in page

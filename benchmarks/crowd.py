"""A large audience with a long history, made by the database itself: the same rows for the same numbers."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
TRAITS_COUNT, HOME_COUNT = 600, 900
COUNTRIES = ("US", "AU", "DE", "KR", "BR", "FR", "GB", "CH", "AT", "ES")
METHODS = ("WebCal", "Google", "Microsoft")


def make_people(people_count: int) -> None:
    """Store people, every second of them with two subscriptions, of two accounts with twelve calendars."""
    from campaigns.models import Home, Traits, TraitsTag, Workspace

    workspace = Workspace.objects.create(name="Bench")
    Traits.objects.bulk_create(
        Traits(
            pk=number,
            digest=f"traits {number}",
            account_code=("shop", "club")[number % 2],
            account_name=("Shop", "Club")[number % 2],
            calendar_code=f"calendar-{number % 12}",
            calendar_title=f"Calendar {number % 12}",
            country_code=COUNTRIES[number % 10],
            geo_country=COUNTRIES[number % 10],
            method=METHODS[number % 3],
            device_name=("Desktop", "Phone")[number // 3 % 2],
            opt_in_1=(True, False, None)[number // 7 % 3],
            source="shop.example.com",
        )
        for number in range(1, TRAITS_COUNT + 1)
    )
    TraitsTag.objects.bulk_create(
        TraitsTag(traits_id=number, name=name)
        for number in range(1, TRAITS_COUNT + 1)
        for name in (("VIP/Gold", "News"), ("VIP/Silver",), ("News",), ())[number % 4]
    )
    Home.objects.bulk_create(
        Home(
            pk=number,
            digest=f"home {number}",
            country=COUNTRIES[number % 10],
            language=("en", "de", "ko")[number % 3],
            time_zone=f"Zone/{number % 20}",
            city=f"City {number}",
        )
        for number in range(1, HOME_COUNT + 1)
    )
    run(
        f"{NUMBERS} INSERT INTO campaigns_subscriber (id, workspace_id, external_id, first_name, last_name, email,"
        " profile, attributes, is_active, is_suppressed, random_bucket, created_at, changed_at)"
        " SELECT i, %s, 'user-' || i, 'Name ' || (i %% 5000), 'Last ' || (i %% 9000), 'u' || i || '@example.com',"
        " %s, %s, %s, %s, (i %% 10000 * 7919) %% 10000, %s, %s FROM n",
        people_count,
        workspace.pk,
        '{"country": "AU", "language": "en"}',
        '{"tier": "gold", "rokt:account_code": ["shop/f5733866ade2"]}',
        True,
        False,
        timezone.now(),
        timezone.now(),
    )
    for place in range(2):
        run(
            f"{NUMBERS} INSERT INTO campaigns_subscription (subscriber_id, position, suffix, rokt_id, email,"
            " traits_id, home_id, random_bucket, is_live)"
            " SELECT i, %s, 's' || i, '06423672-b6ba-4536-aa36-' || (100000000000 + i * 2 + %s), '',"
            " 1 + (i * 31 + %s) %% 600, 1 + i %% 900, (i %% 10000 * 7919) %% 10000, %s FROM n WHERE i %% 2 >= %s",
            people_count,
            place,
            place,
            place * 7,
            True,
            place,
        )
    move_on("subscriber", "traits", "home")


def make_history(send_count: int, *, people_count: int, staff: User) -> None:
    """Store finished sends of events, each to the first people, with their calls and what is on calendars."""
    from campaigns.models import Account, Campaign, Event, Segment, Send
    from campaigns.pipeline.render import Content

    at = timezone.now()
    account = Account.objects.create(code="shop", name="Shop", client_id="a", client_secret="b")
    segment = Segment.objects.create(name="Everybody", rule={"match": "all", "rules": []})
    for number in range(send_count):
        campaign = Campaign.objects.create(name=f"Campaign {number}", account=account, segment=segment)
        event = Event.objects.create(
            campaign=campaign,
            account=account,
            event_id=f"Event-{number}",
            title=f"Sale {number}",
            start_local=at.replace(tzinfo=None, year=2028),
            end_local=at.replace(tzinfo=None, year=2028),
            timezone="Eastern Standard Time",
        )
        send = Send.objects.create(
            event=event,
            account=account,
            segment=segment,
            kind="create",
            state="finished",
            content=Content.of(event, Send.Kind.CREATE).to_json(),
            rule=segment.rule,
            scheduled_at=at,
            started_at=at,
            finished_at=at,
            deliver_until=at,
            created_by=staff,
            audience_count=people_count,
            accepted_count=people_count - people_count // 100,
            failed_count=people_count // 100,
        )
        make_deliveries(send, people_count=people_count)
    connection.cursor().execute("ANALYZE")


def make_deliveries(send: Any, *, people_count: int) -> None:
    """Store one delivery for each of the first people: one in a hundred failed, the others are on calendars."""
    now = timezone.now()
    run(
        f"{NUMBERS} INSERT INTO campaigns_delivery (send_id, subscriber_id, external_id, subscriptions, state, reason,"
        " detail, attempt_count, retry_count, changed_at) SELECT %s, i, 'user-' || i, '0:some-id',"
        " CASE WHEN i %% 100 = 0 THEN 'failed' ELSE 'accepted' END, CASE WHEN i %% 100 = 0 THEN 'refused' ELSE '' END,"
        " '', 1, 0, %s FROM n",
        people_count,
        send.pk,
        now,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_attempt (delivery_id, number, operation, method, url, body, lease_token, opened_at,"
            " closed_at, outcome, status, answer, reason, elapsed_ms, is_late)"
            " SELECT id, 1, 'create', 'POST', 'https://api.roktcalendar.com/v1/subscriptionevent/shop', '{}', %s, %s,"
            " %s, 'accepted', 202, '', '', 20, %s FROM campaigns_delivery WHERE send_id = %s",
            [token(), now, now, False, send.pk],
        )
        cursor.execute(
            "INSERT INTO campaigns_entry (event_id, subscriber_id, delivery_id, state, subscriptions, body, is_test,"
            " accepted_at) SELECT %s, subscriber_id, id, 'present', subscriptions, '{}', %s, %s FROM campaigns_delivery"
            " WHERE send_id = %s AND state = 'accepted'",
            [send.event_id, False, now, send.pk],
        )


def token() -> str:
    """A lease that nobody holds, as the database spells it."""
    text = "12345678-1234-5678-1234-567812345678"
    return text if connection.vendor == "postgresql" else text.replace("-", "")


def run(statement: str, *parameters: Any) -> None:
    """Carry out one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def move_on(*tables: str) -> None:
    """Let PostgreSQL number new rows after those that came with their own numbers."""
    if connection.vendor == "postgresql":
        for table in tables:
            run(
                f"SELECT setval(pg_get_serial_sequence('campaigns_{table}', 'id'), max(id)) FROM campaigns_{table}"
            )

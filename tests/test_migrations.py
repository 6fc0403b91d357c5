"""Steps that change what is stored keep what it says."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps

BEFORE = ("campaigns", "0007_rokt_webhook_templates")
AFTER = ("campaigns", "0015_history_of_segments")
TEXTS = {
    "account_code": "shop",
    "account_rokt_id": "a-1",
    "account_name": "Shop “1”",
    "calendar_code": "summer",
    "calendar_rokt_id": "c-1",
    "calendar_title": "Sommer/Ernte 김",
    "country_code": "AU",
    "device_name": "Desktop",
    "geo_country": "Australia",
    "source": "shop.example",
    "method": "WebCal",
}


def migrate(target: tuple[str, str]) -> StateApps:
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture
def _latest_afterwards(transactional_db):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.usefixtures("_latest_afterwards")
def test_subscriptions_keep_what_they_said_forwards_and_back() -> None:
    old = migrate(BEFORE)
    workspace = old.get_model("campaigns", "Workspace").objects.create(name="Braze")
    people = [
        old.get_model("campaigns", "Subscriber").objects.create(
            workspace_id=workspace.pk, external_id=name, profile=profile, is_active=name != "gone"
        )
        for name, profile in {"ann": {"country": "AU", "random_bucket_number": 42}, "gone": {}}.items()
    ]
    table, tags = old.get_model("campaigns", "Subscription"), old.get_model("campaigns", "SubscriptionTag")
    for person in people:
        for place in range(2):
            made = table.objects.create(
                subscriber_id=person.pk, position=place, opt_in_1=bool(place), **TEXTS
            )
            tags.objects.bulk_create(tags(subscription_id=made.pk, name=name) for name in ("VIP/Gold", "A"))
    segment = old.get_model("campaigns", "Segment").objects.create(
        name="All", rule={"match": "all", "rules": []}
    )

    new = migrate(AFTER)

    rows = new.get_model("campaigns", "Subscription").objects.order_by("subscriber_id", "position")
    assert rows.count() == 4
    assert new.get_model("campaigns", "Traits").objects.count() == 2
    first = rows.select_related("traits", "home").first()
    assert {name: getattr(first.traits, name) for name in TEXTS} == TEXTS
    assert {tag.name for tag in first.traits.tags.all()} == {"VIP/Gold", "A"}
    assert (first.traits.opt_in_1, first.traits.opt_in_2) == (False, None)
    assert (first.home.country, first.random_bucket, first.is_live) == ("AU", 42, True)
    assert [row.is_live for row in rows] == [True, True, False, False]
    assert new.get_model("campaigns", "SegmentVersion").objects.get().segment_id == segment.pk

    back = migrate(BEFORE)

    rows = back.get_model("campaigns", "Subscription").objects.order_by("subscriber_id", "position")
    assert [{name: getattr(row, name) for name in TEXTS} for row in rows] == [TEXTS] * 4
    assert [row.opt_in_1 for row in rows] == [False, True, False, True]
    assert {tag.name for tag in rows[3].tags.all()} == {"VIP/Gold", "A"}


@pytest.mark.usefixtures("_latest_afterwards")
def test_earlier_imports_go_on_saying_how_many_rows_brought_nobody() -> None:
    old = migrate(("campaigns", "0049_imports_to_be_told"))
    workspace = old.get_model("campaigns", "Workspace").objects.create(name="Braze")
    counts = {"new_count": 1, "changed_count": 2, "unchanged_count": 3, "suppressed_count": 4}
    for rows in (12, 10, 0):
        old.get_model("campaigns", "Import").objects.create(
            workspace_id=workspace.pk, read_count=rows, **counts
        )

    new = migrate(("campaigns", "0050_rows_that_bring_nobody"))

    rows = new.get_model("campaigns", "Import").objects.order_by("pk")
    assert list(rows.values_list("refused_count", flat=True)) == [2, 0, 0]

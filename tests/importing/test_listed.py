"""Rows found by many values at once: exactly those, and by the index however little the database knows of the table."""

import pytest
from django.db import connection

from campaigns.importing import rows
from campaigns.models import Home, Subscriber, Subscription, Traits
from tests import builders

pytestmark = pytest.mark.django_db
ODD = ['o\'brien,"1"', "a\\b", "사용자 🎉", "{x}", "NULL", " ", "%s"]


def test_exactly_those_are_found_that_are_listed() -> None:
    people = {name: builders.make_subscriber(name).pk for name in [*ODD, "another"]}
    assert {each.external_id for each in Subscriber.objects.filter(external_id__listed=ODD)} == set(ODD)
    keys = {people[name] for name in ODD}
    assert set(Subscriber.objects.filter(pk__listed=keys).values_list("pk", flat=True)) == keys
    assert not Subscriber.objects.filter(external_id__listed=[]).exists()
    assert not Subscriber.objects.filter(pk__listed=[]).exists()


def test_everybody_else_is_found_by_the_opposite() -> None:
    builders.make_subscriber("ada")
    builders.make_subscriber("grace")
    assert Subscriber.objects.exclude(external_id__listed=["ada"]).get().external_id == "grace"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no such statistics")
def test_a_table_too_new_for_statistics_is_not_read_as_a_whole() -> None:
    workspace, traits, home = (
        builders.make_workspace(),
        Traits.objects.create(digest="t"),
        Home.objects.create(digest="h"),
    )
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_subscriber SET (autovacuum_enabled = false)")
        cursor.execute("ALTER TABLE campaigns_subscription SET (autovacuum_enabled = false)")
    pks = rows.next_ids(Subscriber, 20_000)
    people = [Subscriber(pk=pk, workspace=workspace, external_id=f"user-{pk}") for pk in pks]
    Subscriber.objects.bulk_create(people)
    Subscription.objects.bulk_create(
        Subscription(subscriber_id=pk, position=0, rokt_id=f"{pk}", traits=traits, home=home) for pk in pks
    )
    some = pks[::10]
    for found in (
        Subscriber.objects.filter(external_id__listed=[f"user-{pk}" for pk in some]),
        Subscription.objects.filter(subscriber__listed=some),
        Subscription.objects.filter(rokt_id__listed=[f"{pk}" for pk in some]),
    ):
        assert "Seq Scan" not in found.order_by().explain()
        assert found.count() == len(some)

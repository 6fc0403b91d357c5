"""Give every subscription its traits, its home, and what else is repeated from the person."""

import hashlib
import json
from itertools import groupby

from django.db import migrations

TRAITS = (
    "account_code", "account_rokt_id", "account_name", "calendar_code", "calendar_rokt_id", "calendar_title",
    "country_code", "device_name", "geo_country", "opt_in_1", "opt_in_2", "source", "method",
)  # fmt: skip
HOME = ("country", "language", "time_zone", "city")
CHUNK = 2_000


def digest(values):
    """As campaigns.models.audience.digest on the day this was written."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def fill(apps, schema_editor):
    Subscriber = apps.get_model("campaigns", "Subscriber")
    Subscription = apps.get_model("campaigns", "Subscription")
    traits = Finder(apps.get_model("campaigns", "Traits"), TRAITS, apps.get_model("campaigns", "TraitsTag"))
    homes = Finder(apps.get_model("campaigns", "Home"), HOME)
    last = 0
    while people := list(Subscriber.objects.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = people[-1].pk
        by_id = {person.pk: person for person in people}
        for person in people:
            person.random_bucket = bucket(person)
        Subscriber.objects.bulk_update(people, ["random_bucket"])
        rows = list(Subscription.objects.filter(subscriber__in=by_id).prefetch_related("tags").order_by("pk"))
        for row in rows:
            person = by_id[row.subscriber_id]
            tags = [tag.name for tag in sorted(row.tags.all(), key=lambda tag: tag.pk)]
            row.traits_id = traits.find([getattr(row, name) for name in TRAITS], tags)
            row.home_id = homes.find([text(person.profile.get(name)) for name in HOME])
            row.random_bucket, row.is_live = person.random_bucket, person.is_active
        Subscription.objects.bulk_update(rows, ["traits", "home", "random_bucket", "is_live"], batch_size=500)


def unfill(apps, schema_editor):
    """Write the columns again that the next migration forward takes away."""
    Subscription = apps.get_model("campaigns", "Subscription")
    SubscriptionTag = apps.get_model("campaigns", "SubscriptionTag")
    rows = Subscription.objects.select_related("traits").prefetch_related("traits__tags").order_by("pk")
    for _number, some in groupby(enumerate(rows.iterator(CHUNK)), lambda item: item[0] // CHUNK):
        chunk = [row for _place, row in some]
        for row in chunk:
            for name in TRAITS:
                setattr(row, name, getattr(row.traits, name))
        Subscription.objects.bulk_update(chunk, TRAITS, batch_size=500)
        SubscriptionTag.objects.bulk_create(
            SubscriptionTag(subscription_id=row.pk, name=tag.name) for row in chunk for tag in row.traits.tags.all()
        )


def bucket(person):
    """Braze's own number, or one that stays the same for the user id."""
    given = person.profile.get("random_bucket_number")
    if isinstance(given, int) and 0 <= given < 10_000:
        return given
    return int.from_bytes(hashlib.blake2b(person.external_id.encode(), digest_size=8).digest(), "big") % 10_000


def text(value):
    return value if isinstance(value, str) else ""


class Finder:
    """Finds or makes the row for a combination of values."""

    def __init__(self, model, names, tag_model=None):
        self.model, self.names, self.tag_model = model, names, tag_model
        self.known = dict(model.objects.values_list("digest", "pk"))

    def find(self, values, tags=()):
        key = digest([*values, *([sorted(tags)] if self.tag_model else [])])
        if key not in self.known:
            made = self.model.objects.create(digest=key, **dict(zip(self.names, values, strict=True)))
            if self.tag_model:
                self.tag_model.objects.bulk_create(self.tag_model(traits_id=made.pk, name=name) for name in tags)
            self.known[key] = made.pk
        return self.known[key]


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0009_marks_of_people")]
    operations = [migrations.RunPython(fill, unfill, elidable=True)]

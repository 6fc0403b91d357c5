"""How many rows of a file bring nobody in: it was worked out from people, of whom a table may have several rows."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def fill(apps: Any, _schema_editor: Any) -> None:
    """Take over for earlier imports what their pages have said; each of their rows was of another person."""
    arrived = F("new_count") + F("changed_count") + F("unchanged_count") + F("suppressed_count")
    short = apps.get_model("campaigns", "Import").objects.filter(read_count__gt=arrived)
    short.update(refused_count=F("read_count") - arrived)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0049_imports_to_be_told")]

    operations = [
        migrations.AddField(
            model_name="import",
            name="refused_count",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="rows that bring nobody in"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]

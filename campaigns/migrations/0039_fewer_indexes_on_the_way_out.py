"""A call is found by its delivery and its number, an entry by event and person: no other index has to be kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0038_ledger_without_checks")]

    operations = [
        migrations.RemoveIndex(model_name="attempt", name="attempt_lease"),
        migrations.AlterField(
            model_name="attempt",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attempts",
                to="campaigns.delivery",
                verbose_name="delivery",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.delivery",
                verbose_name="last delivery",
            ),
        ),
    ]

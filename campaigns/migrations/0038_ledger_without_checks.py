"""The database stops checking what ledger rows refer to: nothing of it is ever deleted but erased people."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0037_whom_webhooks_are_about")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="send",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="campaigns.send",
                verbose_name="send",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="subscriber",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="campaigns.subscriber",
                verbose_name="subscriber",
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attempts",
                to="campaigns.delivery",
                verbose_name="delivery",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="event",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="campaigns.event",
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="subscriber",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="entries",
                to="campaigns.subscriber",
                verbose_name="subscriber",
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="campaigns.delivery",
                verbose_name="last delivery",
            ),
        ),
    ]

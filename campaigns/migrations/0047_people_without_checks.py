"""The database stops checking whose people and subscriptions are: whoever writes or erases them takes turns anyway."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0046_who_took_an_event_off")]

    operations = [
        migrations.AlterField(
            model_name="subscriber",
            name="workspace",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="campaigns.workspace",
                verbose_name="workspace",
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="subscriber",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="subscriptions",
                to="campaigns.subscriber",
                verbose_name="subscriber",
            ),
        ),
    ]

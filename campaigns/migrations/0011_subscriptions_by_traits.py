"""Subscriptions say by their traits what they said themselves; the one step that wants old code stopped."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0010_fill_traits_and_homes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='subscription',
            name='home',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.home'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='traits',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.traits'),
        ),
        migrations.RemoveIndex(
            model_name='subscription',
            name='subscription_calendar',
        ),
        migrations.RemoveIndex(
            model_name='subscription',
            name='subscription_country',
        ),
        migrations.RemoveIndex(
            model_name='subscription',
            name='subscription_method',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='account_code',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='account_name',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='account_rokt_id',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='calendar_code',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='calendar_rokt_id',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='calendar_title',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='country_code',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='device_name',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='geo_country',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='method',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='opt_in_1',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='opt_in_2',
        ),
        migrations.RemoveField(
            model_name='subscription',
            name='source',
        ),
        migrations.DeleteModel(
            name='SubscriptionTag',
        ),
    ]

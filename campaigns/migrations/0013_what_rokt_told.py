import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0012_events_of_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='SubscriptionStatus',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rokt_id', models.CharField(max_length=36, unique=True, verbose_name='subscription id')),
                ('subscribed_at', models.DateTimeField(null=True, verbose_name='subscribed')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('told_at', models.DateTimeField(verbose_name='last told')),
            ],
            options={
                'verbose_name': 'subscription as Rokt told',
                'verbose_name_plural': 'subscriptions as Rokt told',
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='subscriptionstatus',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscription_statuses', to='campaigns.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='subscriptionstatus',
            name='subscriber',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='subscription_statuses', to='campaigns.subscriber', verbose_name='subscriber'),
        ),
        migrations.AddField(
            model_name='subscriptionstatus',
            name='traits',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.traits'),
        ),
    ]

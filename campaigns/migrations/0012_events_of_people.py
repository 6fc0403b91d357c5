import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0011_subscriptions_by_traits'),
    ]

    operations = [
        migrations.CreateModel(
            name='SubscriberEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255, verbose_name='event')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('properties', models.JSONField(default=dict, verbose_name='properties')),
                ('key', models.CharField(editable=False, max_length=64, unique=True)),
            ],
            options={
                'verbose_name': 'event of a subscriber',
                'verbose_name_plural': 'events of subscribers',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='subscriberevent',
            name='subscriber',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='campaigns.subscriber', verbose_name='subscriber'),
        ),
    ]

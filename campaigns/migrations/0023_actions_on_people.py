import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0022_more_reasons_for_no_call'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SubscriberAction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pseudonym', models.CharField(blank=True, db_index=True, max_length=32, verbose_name='known as since')),
                ('verb', models.CharField(choices=[('suppressed', 'suppressed'), ('lifted', 'suppression lifted'), ('exported', 'data downloaded'), ('erased', 'erased')], max_length=10, verbose_name='action')),
                ('at', models.DateTimeField(auto_now_add=True, verbose_name='at')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('subscriber', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='actions', to='campaigns.subscriber', verbose_name='subscriber')),
            ],
            options={
                'verbose_name': 'action on a subscriber',
                'verbose_name_plural': 'actions on subscribers',
                'ordering': ['-id'],
            },
        ),
    ]

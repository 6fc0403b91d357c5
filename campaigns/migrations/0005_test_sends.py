import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0004_dry_runs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='is_test',
            field=models.BooleanField(db_default=False, default=False, verbose_name='by a test send'),
        ),
        migrations.AddField(
            model_name='send',
            name='is_test',
            field=models.BooleanField(db_default=False, default=False, verbose_name='test'),
        ),
        migrations.CreateModel(
            name='SavedRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rokt_id', models.CharField(max_length=36, verbose_name='subscription id')),
                ('saved_at', models.DateTimeField(auto_now_add=True, verbose_name='saved')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='saved_recipients', to='campaigns.account', verbose_name='account')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='saved by')),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.subscriber', verbose_name='subscriber')),
            ],
            options={
                'verbose_name': 'test recipient',
                'verbose_name_plural': 'test recipients',
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='savedrecipient',
            constraint=models.UniqueConstraint(fields=('account', 'subscriber', 'rokt_id'), name='recipient_once_per_account'),
        ),
    ]

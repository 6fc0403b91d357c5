import campaigns.models.encrypted
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0033_subscriptions_of_the_erased'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FinishedLook',
            fields=[
                ('send', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='finished_look', serialize=False, to='campaigns.send')),
                ('finished_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'look at a finished send',
                'verbose_name_plural': 'looks at finished sends',
            },
        ),
        migrations.CreateModel(
            name='Standstill',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='standstill', serialize=False, to='campaigns.account')),
                ('mark', models.CharField(max_length=64)),
                ('since', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'standstill',
                'verbose_name_plural': 'standstills',
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('account_stopped', 'account stopped'), ('breaker_open', 'Rokt is not answering well'), ('no_progress', 'nothing moves'), ('send_paused', 'send paused by itself'), ('in_doubt', 'people in doubt'), ('send_failed', 'people did not get it'), ('books', 'books do not balance'), ('recount', 'recount differs')], max_length=16, verbose_name='kind')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('facts', models.JSONField(default=dict, verbose_name='facts')),
                ('opened_at', models.DateTimeField(verbose_name='noticed')),
                ('reopened_count', models.PositiveIntegerField(default=0, verbose_name='came back')),
                ('resolved_at', models.DateTimeField(null=True, verbose_name='over')),
                ('over_at', models.DateTimeField(null=True, verbose_name='end made known')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='campaigns.account', verbose_name='account')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dealt with by')),
                ('send', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='campaigns.send', verbose_name='send')),
            ],
            options={
                'verbose_name': 'alert',
                'verbose_name_plural': 'alerts',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='AlertMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('news', models.CharField(choices=[('opened', 'it began'), ('over', 'it is over')], max_length=6, verbose_name='news')),
                ('channel', models.CharField(choices=[('mail', 'e-mail'), ('webhook', 'webhook')], max_length=7, verbose_name='channel')),
                ('address', models.CharField(blank=True, max_length=254, verbose_name='address')),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('due_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('try_count', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('told_at', models.DateTimeField(null=True, verbose_name='told')),
                ('problem', models.CharField(blank=True, max_length=300, verbose_name='what went wrong')),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='campaigns.alert', verbose_name='alert')),
            ],
            options={
                'verbose_name': 'message of an alert',
                'verbose_name_plural': 'messages of alerts',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='AlertSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mail_addresses', models.TextField(blank=True, verbose_name='e-mail addresses')),
                ('webhook_url', campaigns.models.encrypted.EncryptedTextField(blank=True, verbose_name='webhook address')),
                ('webhook_secret', campaigns.models.encrypted.EncryptedTextField(blank=True, verbose_name='signing secret')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='last changed')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'who is told',
                'verbose_name_plural': 'who is told',
            },
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['kind'], name='alert_open'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('over_at', None)), fields=['resolved_at'], name='alert_not_over'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('resolved_at', None), ('send', None)), fields=('kind', 'account'), name='one_open_alert_per_account'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('resolved_at', None), ('send__isnull', False)), fields=('kind', 'send'), name='one_open_alert_per_send'),
        ),
        migrations.AddIndex(
            model_name='alertmessage',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='alert_message_due'),
        ),
        migrations.AddConstraint(
            model_name='alertmessage',
            constraint=models.UniqueConstraint(fields=('alert', 'news', 'channel', 'address'), name='one_message_per_alert_and_place'),
        ),
        migrations.AddConstraint(
            model_name='alertsettings',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_row_of_alert_settings'),
        ),
    ]

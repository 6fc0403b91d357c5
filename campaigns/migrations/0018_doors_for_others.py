import campaigns.models.encrypted
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0017_snapshots_of_segments'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='who uses it, such as “Rokt Calendar”', max_length=200, verbose_name='name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('ending', models.CharField(editable=False, max_length=8, verbose_name='ends in')),
                ('may_track', models.BooleanField(default=True, verbose_name='users.track')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('revoked_at', models.DateTimeField(editable=False, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='HookAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('ending', models.CharField(editable=False, max_length=8, verbose_name='ends in')),
                ('secret', campaigns.models.encrypted.EncryptedTextField(blank=True, verbose_name='signing secret')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('expires_at', models.DateTimeField(null=True, verbose_name='works until')),
                ('used_at', models.DateTimeField(null=True, verbose_name='last used')),
            ],
            options={
                'verbose_name': 'webhook address',
                'verbose_name_plural': 'webhook addresses',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=255, verbose_name='id')),
                ('event_type', models.CharField(max_length=64, verbose_name='type')),
                ('body', models.TextField(verbose_name='what was said')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('conflict_count', models.PositiveIntegerField(default=0, verbose_name='times repeated with another text')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('done', 'taken over'), ('ignored', 'nothing to do'), ('orphan', 'nobody here knows it yet'), ('failed', 'could not be understood')], default='waiting', max_length=8, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='why')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('due_at', models.DateTimeField(editable=False, null=True)),
                ('done_at', models.DateTimeField(null=True, verbose_name='worked through')),
            ],
            options={
                'verbose_name': 'webhook from Rokt',
                'verbose_name_plural': 'webhooks from Rokt',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='apikey',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='campaigns.workspace', verbose_name='workspace'),
        ),
        migrations.AddField(
            model_name='hookaddress',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hook_addresses', to='campaigns.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='hookaddress',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AddField(
            model_name='notice',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='campaigns.account', verbose_name='account'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='notice_due'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('account', 'event_id'), name='notice_once_per_account'),
        ),
    ]

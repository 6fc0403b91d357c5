import campaigns.models.encrypted
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0018_doors_for_others'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sync',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('segment_id', models.CharField(max_length=64, verbose_name='Braze segment id')),
                ('segment_name', models.CharField(blank=True, max_length=255, verbose_name='Braze segment')),
                ('every_minutes', models.PositiveIntegerField(default=0, verbose_name='every (minutes)')),
                ('next_at', models.DateTimeField(null=True, verbose_name='next run')),
            ],
            options={
                'verbose_name': 'sync',
                'verbose_name_plural': 'syncs',
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('asking', 'asking Braze'), ('exporting', 'Braze is exporting'), ('downloading', 'downloading'), ('importing', 'importing'), ('finished', 'finished'), ('failed', 'failed')], default='asking', max_length=11, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='what happened')),
                ('url', campaigns.models.encrypted.EncryptedTextField(blank=True, editable=False)),
                ('try_count', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('due_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='begun')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='export ready')),
                ('moved_at', models.DateTimeField(null=True, verbose_name='last sign of life')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'run of a sync',
                'verbose_name_plural': 'runs of syncs',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='sync',
            name='workspace',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sync', to='campaigns.workspace', verbose_name='workspace'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='batch',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='sync_runs', to='campaigns.import', verbose_name='import'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by'),
        ),
        migrations.AddField(
            model_name='syncrun',
            name='sync',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='campaigns.sync', verbose_name='sync'),
        ),
        migrations.AddIndex(
            model_name='sync',
            index=models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='sync_due'),
        ),
        migrations.AddIndex(
            model_name='syncrun',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='sync_run_due'),
        ),
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asking', 'exporting', 'downloading', 'importing'])), fields=('sync',), name='one_open_run_per_sync'),
        ),
    ]

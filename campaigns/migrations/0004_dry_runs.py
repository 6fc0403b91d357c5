import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_webhook_templates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='send',
            name='leave_out_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='why those who cannot be sent to are left out'),
        ),
        migrations.CreateModel(
            name='DryRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=8, verbose_name='kind')),
                ('content', models.JSONField(verbose_name='content')),
                ('rule', models.JSONField(null=True, verbose_name='audience rule')),
                ('fingerprint', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('finished', 'finished'), ('failed', 'failed')], default='waiting', max_length=8, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='why it failed')),
                ('people_count', models.PositiveIntegerField(default=0, verbose_name='people')),
                ('ready_count', models.PositiveIntegerField(default=0, verbose_name='ready to send')),
                ('failing_count', models.PositiveIntegerField(default=0, verbose_name='cannot be sent')),
                ('left_out_count', models.PositiveIntegerField(default=0, verbose_name='left out by the text')),
                ('unchanged_count', models.PositiveIntegerField(default=0, verbose_name='have exactly this already')),
                ('latest_end_at', models.DateTimeField(null=True, verbose_name='last end of the event')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='asked for')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('moved_at', models.DateTimeField(null=True, verbose_name='last sign of life')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dry_runs', to='campaigns.event', verbose_name='event')),
            ],
            options={
                'verbose_name': 'dry run',
                'verbose_name_plural': 'dry runs',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='send',
            name='dry_run',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sends', to='campaigns.dryrun', verbose_name='dry run'),
        ),
        migrations.CreateModel(
            name='DryRunCause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('error', 'cannot be sent'), ('left_out', 'left out by the text'), ('warning', 'should be looked at')], max_length=8, verbose_name='level')),
                ('text', models.CharField(max_length=500, verbose_name='what was found')),
                ('people_count', models.PositiveIntegerField(default=0, verbose_name='people')),
                ('dry_run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='causes', to='campaigns.dryrun', verbose_name='dry run')),
            ],
            options={
                'verbose_name': 'finding of a dry run',
                'verbose_name_plural': 'findings of dry runs',
                'ordering': ['dry_run', 'level', '-people_count', 'id'],
            },
        ),
        migrations.CreateModel(
            name='DryRunPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='detail')),
                ('cause', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='campaigns.dryruncause', verbose_name='finding')),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.subscriber', verbose_name='subscriber')),
            ],
            options={
                'verbose_name': 'person behind a finding',
                'verbose_name_plural': 'people behind findings',
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='dryrun',
            index=models.Index(fields=['event', 'fingerprint', '-id'], name='dry_run_of_content'),
        ),
    ]

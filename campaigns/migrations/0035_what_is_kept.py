
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0034_alerts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Beat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.UUIDField(default=uuid.uuid4)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'beat of the clock',
                'verbose_name_plural': 'beats of the clock',
            },
        ),
        migrations.AddField(
            model_name='dryrun',
            name='people_removed_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='people removed'),
        ),
        migrations.CreateModel(
            name='Halt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField(verbose_name='since')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='why')),
                ('back_to', models.DateTimeField(null=True, verbose_name='put back to')),
                ('known_until', models.DateTimeField(null=True, verbose_name='had worked until')),
                ('released_at', models.DateTimeField(null=True, verbose_name='released')),
                ('release_note', models.CharField(blank=True, max_length=300, verbose_name='why it was released')),
                ('send_count', models.PositiveIntegerField(null=True, verbose_name='sends that waited')),
                ('people_count', models.PositiveIntegerField(null=True, verbose_name='people who waited')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked for by')),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='released by')),
            ],
            options={
                'verbose_name': 'halt of all sends',
                'verbose_name_plural': 'halts of all sends',
                'ordering': ['-id'],
                'permissions': [('release_halt', 'Can let sends go after the database was put back')],
                'indexes': [models.Index(condition=models.Q(('released_at', None)), fields=['id'], name='halt_open')],
            },
        ),
        migrations.CreateModel(
            name='Purge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('texts', 'texts of calls and answers'), ('calls', 'calls'), ('entries', 'contents of entries')], max_length=7, verbose_name='what')),
                ('days', models.PositiveIntegerField(verbose_name='after so many days')),
                ('walked_to', models.BigIntegerField(default=0)),
                ('left_count', models.PositiveIntegerField(default=0)),
                ('moved_at', models.DateTimeField(verbose_name='removed')),
                ('again_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('send', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='purges', to='campaigns.send', verbose_name='send')),
            ],
            options={
                'verbose_name': 'removal of texts',
                'verbose_name_plural': 'removals of texts',
                'constraints': [models.UniqueConstraint(fields=('send', 'what'), name='one_purge_per_send_and_kind')],
            },
        ),
    ]

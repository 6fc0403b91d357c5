import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0016_lists_of_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('account_code', models.CharField(blank=True, default='', max_length=64, verbose_name='account code')),
                ('cause', models.CharField(choices=[('saved', 'saved'), ('asked', 'remembered by hand'), ('dry_run', 'dry run')], max_length=8, verbose_name='taken when')),
                ('people', models.BinaryField()),
                ('people_count', models.PositiveIntegerField(verbose_name='people')),
                ('taken_at', models.DateTimeField(verbose_name='taken')),
            ],
            options={
                'verbose_name': 'snapshot of a segment',
                'verbose_name_plural': 'snapshots of segments',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='snapshot',
            name='segment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='snapshots', to='campaigns.segment', verbose_name='segment'),
        ),
        migrations.AddField(
            model_name='snapshot',
            name='taken_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
    ]

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def begin(apps, schema_editor):
    """The history of a segment begins with what it says now."""
    Segment = apps.get_model("campaigns", "Segment")
    SegmentVersion = apps.get_model("campaigns", "SegmentVersion")
    for row in Segment.objects.order_by("pk").iterator():
        SegmentVersion.objects.create(
            segment=row, number=row.version, name=row.name, rule=row.rule, made_by_id=row.created_by_id
        )


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0014_suppressions'),
    ]

    operations = [
        migrations.CreateModel(
            name='SegmentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('rule', models.JSONField(verbose_name='rule')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='saved')),
            ],
            options={
                'verbose_name': 'version of a segment',
                'verbose_name_plural': 'versions of segments',
                'ordering': ['segment', '-number'],
            },
        ),
        migrations.AddField(
            model_name='send',
            name='segment_version',
            field=models.PositiveIntegerField(null=True, verbose_name='version of the segment'),
        ),
        migrations.AddField(
            model_name='segmentversion',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='saved by'),
        ),
        migrations.AddField(
            model_name='segmentversion',
            name='segment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='campaigns.segment', verbose_name='segment'),
        ),
        migrations.AddConstraint(
            model_name='segmentversion',
            constraint=models.UniqueConstraint(fields=('segment', 'number'), name='version_number_once_per_segment'),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop, elidable=True),
    ]

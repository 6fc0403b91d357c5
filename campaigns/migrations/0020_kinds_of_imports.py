from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0019_syncs_with_braze'),
    ]

    operations = [
        migrations.AddField(
            model_name='import',
            name='format',
            field=models.CharField(choices=[('braze', 'Braze segment export'), ('csv', 'table (CSV)'), ('lines', 'JSON lines')], db_default='braze', default='braze', max_length=5, verbose_name='kind of file'),
        ),
        migrations.AddField(
            model_name='import',
            name='is_dry_run',
            field=models.BooleanField(db_default=False, default=False, verbose_name='only looked at'),
        ),
        migrations.AddField(
            model_name='import',
            name='leavers',
            field=models.CharField(choices=[('keep', 'stay as they are'), ('deactivate', 'become inactive')], db_default='keep', default='keep', max_length=10, verbose_name='people who are not in the file'),
        ),
        migrations.AddField(
            model_name='import',
            name='left_count',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='no longer in the file'),
        ),
        migrations.AddField(
            model_name='import',
            name='mapping',
            field=models.JSONField(help_text='column of the file -> what it means', null=True, verbose_name='columns'),
        ),
        migrations.AddField(
            model_name='import',
            name='suppressed_count',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='must not get anything'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0008_traits_and_homes'),
    ]

    operations = [
        migrations.AddField(
            model_name='subscriber',
            name='fingerprint',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='is_suppressed',
            field=models.BooleanField(db_default=False, default=False, verbose_name='gets nothing'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='left_at',
            field=models.DateTimeField(help_text='when Braze stopped listing the person', null=True, verbose_name='left'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='random_bucket',
            field=models.PositiveSmallIntegerField(db_default=0, verbose_name='random bucket'),
        ),
        migrations.AddField(
            model_name='subscriber',
            name='subscribed_at',
            field=models.DateTimeField(help_text='by a subscribe event', null=True, verbose_name='last subscribed'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='ended_at',
            field=models.DateTimeField(help_text='as far as Rokt has told', null=True, verbose_name='ended'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='is_live',
            field=models.BooleanField(db_default=True, default=True, verbose_name='may receive'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='random_bucket',
            field=models.PositiveSmallIntegerField(db_default=0, verbose_name='random bucket'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='subscribed_at',
            field=models.DateTimeField(help_text='as far as Rokt has told', null=True, verbose_name='subscribed'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.UniqueConstraint(fields=('external_id', 'workspace'), name='user_id_once_per_workspace', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.RemoveConstraint(
            model_name='subscriber',
            name='subscriber_once_per_workspace',
        ),
        migrations.RemoveIndex(
            model_name='subscriber',
            name='subscriber_external_id',
        ),
    ]

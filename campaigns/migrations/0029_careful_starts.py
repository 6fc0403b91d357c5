from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0028_word_of_each_account'),
    ]

    operations = [
        migrations.AddField(
            model_name='send',
            name='canary_count',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='people to start with'),
        ),
        migrations.AddField(
            model_name='send',
            name='canary_percent',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='stops if more per cent of them fail'),
        ),
        migrations.AddField(
            model_name='send',
            name='held_after_id',
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='sendaction',
            name='verb',
            field=models.CharField(choices=[('queued', 'queued'), ('released', 'released'), ('declined', 'declined'), ('moved', 'moved'), ('started', 'started'), ('paused', 'paused'), ('resumed', 'resumed'), ('cancelled', 'cancelled'), ('retried', 'retried'), ('decided', 'decided'), ('stopped', 'stopped by itself'), ('went_on', 'went on by itself')], max_length=10, verbose_name='action'),
        ),
    ]

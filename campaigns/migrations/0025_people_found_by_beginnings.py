from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0024_segments_of_dry_runs'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='subscriber',
            index=models.Index(fields=['email'], name='subscriber_email_begins', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='subscriber',
            index=models.Index(condition=models.Q(('is_active', False)), fields=['-id'], name='subscriber_inactive'),
        ),
        migrations.AddIndex(
            model_name='subscriber',
            index=models.Index(condition=models.Q(('is_suppressed', True)), fields=['-id'], name='subscriber_suppressed'),
        ),
        migrations.RemoveIndex(
            model_name='subscriber',
            name='subscriber_email',
        ),
    ]

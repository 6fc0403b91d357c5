from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0021_entries_taken_off'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='reason',
            field=models.CharField(blank=True, choices=[('', ''), ('no_subscription_id', 'no subscription id is known'), ('already_received', 'already has this event'), ('unchanged', 'already has exactly this content'), ('taken_off', 'took it off their calendar'), ('left', 'no longer an active subscriber'), ('suppressed', 'must not get anything'), ('unsubscribed', 'unsubscribed meanwhile'), ('rendering', 'the text could not be filled in'), ('left_out', 'left out by the text itself'), ('set_aside', 'left out on purpose, for it cannot be sent'), ('refused', 'refused by Rokt'), ('gave_up', 'gave up after repeated tries'), ('event_over', 'the event was over'), ('send_cancelled', 'the send was cancelled'), ('worker_lost', 'the worker stopped before an answer was recorded'), ('no_answer', 'no clear answer came'), ('decided', 'decided by hand')], default='', max_length=20, verbose_name='reason'),
        ),
    ]

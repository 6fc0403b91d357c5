import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0039_fewer_indexes_on_the_way_out'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='alert',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='campaigns.account', verbose_name='account'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='kind',
            field=models.CharField(choices=[('account_stopped', 'account stopped'), ('breaker_open', 'Rokt is not answering well'), ('no_progress', 'nothing moves'), ('send_paused', 'send paused by itself'), ('in_doubt', 'people in doubt'), ('send_failed', 'people did not get it'), ('books', 'books do not balance'), ('recount', 'recount differs'), ('held', 'all sends are held')], max_length=16, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('account', None), ('resolved_at', None)), fields=('kind',), name='one_open_alert_of_everything'),
        ),
    ]

from django.db import migrations, models
from django.db.models import Exists, OuterRef


def keep_the_first(apps, schema_editor):
    """Going back, one account alone may speak of a subscription: whichever did so first."""
    statuses = apps.get_model('campaigns', 'SubscriptionStatus').objects.using(schema_editor.connection.alias)
    earlier = statuses.filter(rokt_id=OuterRef('rokt_id'), pk__lt=OuterRef('pk'))
    later = list(statuses.filter(Exists(earlier)).values_list('pk', flat=True))
    statuses.filter(pk__in=later).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0027_who_received_an_event'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='subscriptionstatus',
            constraint=models.UniqueConstraint(fields=('rokt_id', 'account'), name='subscription_told_once_per_account'),
        ),
        migrations.AlterField(
            model_name='subscriptionstatus',
            name='rokt_id',
            field=models.CharField(max_length=36, verbose_name='subscription id'),
        ),
        migrations.RunPython(migrations.RunPython.noop, keep_the_first),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0023_actions_on_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='dryrun',
            name='segment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.segment', verbose_name='segment'),
        ),
    ]

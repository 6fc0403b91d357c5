import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0026_however_many_left'),
    ]

    operations = [
        migrations.AlterField(
            model_name='entry',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='campaigns.event', verbose_name='event'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('is_test', False)), fields=['event', 'subscriber'], name='entry_received'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0020_kinds_of_imports'),
    ]

    operations = [
        migrations.AlterField(
            model_name='entry',
            name='state',
            field=models.CharField(choices=[('present', 'on the calendar'), ('cancelled', 'removed'), ('dropped', 'taken off by the person')], default='present', max_length=9, verbose_name='state'),
        ),
    ]

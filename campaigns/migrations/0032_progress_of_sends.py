from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0031_heartbeats'),
    ]

    operations = [
        migrations.AddField(
            model_name='send',
            name='moved_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='last progress'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0035_what_is_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='import',
            name='hidden_count',
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False, verbose_name='lines that may be about anybody'),
        ),
    ]

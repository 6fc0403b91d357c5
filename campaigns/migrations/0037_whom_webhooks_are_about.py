import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0036_lines_about_anybody'),
    ]

    operations = [
        migrations.AddField(
            model_name='notice',
            name='subscriber',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.subscriber', verbose_name='subscriber'),
        ),
    ]

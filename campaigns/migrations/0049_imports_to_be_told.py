"""A table waits for somebody to say what its columns mean; the clock had it tried before anybody had."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0048_list_matches")]

    operations = [
        migrations.AlterField(
            model_name="import",
            name="state",
            field=models.CharField(
                choices=[
                    ("untold", "waits for columns"),
                    ("waiting", "waiting"),
                    ("running", "running"),
                    ("finished", "finished"),
                    ("failed", "failed"),
                ],
                default="waiting",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]

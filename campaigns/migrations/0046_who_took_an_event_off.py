"""A small index of the entries that people took off: every batch of a send asks for them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0045_audit_chain")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("state", "dropped")), fields=["event", "subscriber"], name="entry_dropped"
            ),
        ),
    ]

"""Deliveries whose call stopped the worker that was writing it are counted, and end after the third time."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0040_alerts_about_everything")]

    operations = [
        migrations.CreateModel(
            name="Crash",
            fields=[
                (
                    "delivery",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="crash",
                        serialize=False,
                        to="campaigns.delivery",
                        verbose_name="delivery",
                    ),
                ),
                ("count", models.PositiveSmallIntegerField(verbose_name="times")),
                ("last_at", models.DateTimeField(verbose_name="last time")),
            ],
            options={"verbose_name": "crash", "verbose_name_plural": "crashes"},
        ),
        migrations.CreateModel(
            name="CheckCrash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "dry_run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="crashes",
                        to="campaigns.dryrun",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.subscriber",
                    ),
                ),
                ("count", models.PositiveSmallIntegerField(verbose_name="times")),
            ],
            options={"verbose_name": "crash of a dry run", "verbose_name_plural": "crashes of dry runs"},
        ),
        migrations.AddConstraint(
            model_name="checkcrash",
            constraint=models.UniqueConstraint(
                fields=("dry_run", "subscriber"), name="one_crash_per_dry_run_and_person"
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", ""),
                    ("no_subscription_id", "no subscription id is known"),
                    ("already_received", "already has this event"),
                    ("unchanged", "already has exactly this content"),
                    ("taken_off", "took it off their calendar"),
                    ("left", "no longer an active subscriber"),
                    ("suppressed", "must not get anything"),
                    ("unsubscribed", "unsubscribed meanwhile"),
                    ("rendering", "the text could not be filled in"),
                    ("left_out", "left out by the text itself"),
                    ("set_aside", "left out on purpose, for it cannot be sent"),
                    ("refused", "refused by Rokt"),
                    ("gave_up", "gave up after repeated tries"),
                    ("event_over", "the event was over"),
                    ("send_cancelled", "the send was cancelled"),
                    ("worker_lost", "the worker stopped before an answer was recorded"),
                    ("no_answer", "no clear answer came"),
                    ("decided", "decided by hand"),
                    ("killed_workers", "stopped the worker three times"),
                ],
                default="",
                max_length=20,
                verbose_name="reason",
            ),
        ),
    ]

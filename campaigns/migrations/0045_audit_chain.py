"""The audit chain: two tables that ``flush`` leaves alone, and triggers that refuse to change or delete an event.

A later migration that rebuilds the table of events on SQLite loses its triggers: put them on again there.
"""

from django.db import migrations, models

TABLE = "campaigns_auditevent"
REFUSED = "The audit chain is only added to: its events are never changed or deleted."
SQLITE = [
    f"""CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"""
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$""",
    f"""CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse()""",
    f"""CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
]


def refuse(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER audit_no_change ON {TABLE}")
        schema_editor.execute(f"DROP TRIGGER audit_no_truncate ON {TABLE}")
        schema_editor.execute("DROP FUNCTION audit_refuse()")
    else:
        schema_editor.execute("DROP TRIGGER audit_no_update")
        schema_editor.execute("DROP TRIGGER audit_no_delete")


def tables(**options):
    """Return the two tables: once for the database, and once for the state, where nobody manages them."""
    return [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("kind", models.CharField(max_length=40, verbose_name="what")),
                ("by", models.CharField(blank=True, max_length=180, verbose_name="by")),
                ("subject_kind", models.CharField(max_length=30, verbose_name="kind of thing")),
                ("subject", models.CharField(max_length=40, verbose_name="which")),
                ("data", models.TextField(verbose_name="details")),
                ("key", models.CharField(max_length=16, verbose_name="key")),
                ("prev_hash", models.CharField(max_length=64, verbose_name="seal before")),
                ("hash", models.CharField(max_length=64, unique=True, verbose_name="seal")),
            ],
            options={
                "verbose_name": "event of the audit chain",
                "verbose_name_plural": "audit chain",
                "db_table": TABLE,
                "ordering": ["-seq"],
                "indexes": [
                    models.Index(fields=["subject_kind", "subject", "seq"], name="audit_subject")
                ],
                **options,
            },
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
                ("noted_on", models.DateField(null=True)),
            ],
            options={"db_table": "campaigns_audithead", **options},
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0044_killed_workers")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=tables(), state_operations=tables(managed=False)
        ),
        migrations.RunPython(refuse, allow),
    ]

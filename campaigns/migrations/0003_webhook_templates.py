import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_credentials'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='uses_webhook',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.CreateModel(
            name='WebhookTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
                ('version', models.PositiveIntegerField(default=0, editable=False, verbose_name='version')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='last changed')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
            ],
            options={
                'verbose_name': 'webhook template',
                'verbose_name_plural': 'webhook templates',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='WebhookTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, verbose_name='tag')),
                ('template', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='campaigns.webhooktemplate')),
            ],
            options={
                'verbose_name': 'template tag',
                'verbose_name_plural': 'template tags',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='WebhookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('POST', 'Post'), ('PUT', 'Put'), ('DELETE', 'Delete'), ('GET', 'Get')], default='POST', max_length=6, verbose_name='method')),
                ('url', models.TextField(verbose_name='URL')),
                ('headers', models.JSONField(default=list, verbose_name='headers')),
                ('body', models.TextField(blank=True, verbose_name='body')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('made_at', models.DateTimeField(auto_now_add=True, verbose_name='saved')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='saved by')),
                ('template', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='campaigns.webhooktemplate', verbose_name='template')),
            ],
            options={
                'verbose_name': 'version of a webhook template',
                'verbose_name_plural': 'versions of webhook templates',
                'ordering': ['template', '-number'],
            },
        ),
        migrations.CreateModel(
            name='EventWebhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('POST', 'Post'), ('PUT', 'Put'), ('DELETE', 'Delete'), ('GET', 'Get')], default='POST', max_length=6, verbose_name='method')),
                ('url', models.TextField(verbose_name='URL')),
                ('headers', models.JSONField(default=list, verbose_name='headers')),
                ('body', models.TextField(blank=True, verbose_name='body')),
                ('kind', models.CharField(choices=[('create', 'new event'), ('update', 'update')], max_length=6, verbose_name='for')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='campaigns.event', verbose_name='event')),
                ('origin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='campaigns.webhookversion', verbose_name='copied from')),
            ],
            options={
                'verbose_name': 'webhook of an event',
                'verbose_name_plural': 'webhooks of events',
                'ordering': ['event', 'kind'],
            },
        ),
        migrations.AddConstraint(
            model_name='webhooktag',
            constraint=models.UniqueConstraint(fields=('template', 'name'), name='tag_once_per_webhook_template'),
        ),
        migrations.AddConstraint(
            model_name='webhookversion',
            constraint=models.UniqueConstraint(fields=('template', 'number'), name='version_number_once_per_webhook_template'),
        ),
        migrations.AddConstraint(
            model_name='eventwebhook',
            constraint=models.UniqueConstraint(fields=('event', 'kind'), name='one_webhook_per_event_and_kind'),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0007_rokt_webhook_templates'),
    ]

    operations = [
        migrations.CreateModel(
            name='Home',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=32, unique=True)),
                ('country', models.TextField(blank=True, verbose_name='country')),
                ('language', models.TextField(blank=True, verbose_name='language')),
                ('time_zone', models.TextField(blank=True, verbose_name='time zone')),
                ('city', models.TextField(blank=True, verbose_name='city')),
            ],
            options={
                'verbose_name': 'home of people',
                'verbose_name_plural': 'homes of people',
            },
        ),
        migrations.CreateModel(
            name='Traits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=32, unique=True)),
                ('account_code', models.CharField(blank=True, max_length=255, verbose_name='account code')),
                ('account_rokt_id', models.CharField(blank=True, max_length=255, verbose_name='account id')),
                ('account_name', models.CharField(blank=True, max_length=255, verbose_name='account name')),
                ('calendar_code', models.CharField(blank=True, max_length=255, verbose_name='calendar code')),
                ('calendar_rokt_id', models.CharField(blank=True, max_length=255, verbose_name='calendar id')),
                ('calendar_title', models.CharField(blank=True, max_length=255, verbose_name='calendar title')),
                ('country_code', models.CharField(blank=True, max_length=255, verbose_name='country code')),
                ('device_name', models.CharField(blank=True, max_length=255, verbose_name='device')),
                ('geo_country', models.CharField(blank=True, max_length=255, verbose_name='country')),
                ('opt_in_1', models.BooleanField(null=True, verbose_name='first opt-in')),
                ('opt_in_2', models.BooleanField(null=True, verbose_name='second opt-in')),
                ('source', models.CharField(blank=True, max_length=255, verbose_name='source')),
                ('method', models.CharField(blank=True, max_length=255, verbose_name='method')),
            ],
            options={
                'verbose_name': 'traits of subscriptions',
                'verbose_name_plural': 'traits of subscriptions',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='TraitsTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255, verbose_name='tag')),
            ],
            options={
                'verbose_name': 'tag',
                'verbose_name_plural': 'tags',
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='subscription',
            name='home',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.home'),
        ),
        migrations.AddIndex(
            model_name='traits',
            index=models.Index(fields=['account_code', 'calendar_code'], name='traits_calendar'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='traits',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.traits'),
        ),
        migrations.AddField(
            model_name='traitstag',
            name='traits',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='campaigns.traits', verbose_name='traits'),
        ),
        migrations.AddIndex(
            model_name='traitstag',
            index=models.Index(fields=['name'], name='traits_tag_name'),
        ),
        migrations.AddConstraint(
            model_name='traitstag',
            constraint=models.UniqueConstraint(fields=('traits', 'name'), name='tag_once_per_traits'),
        ),
    ]

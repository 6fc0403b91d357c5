import campaigns.models.encrypted
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_first_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True, validators=[django.core.validators.RegexValidator('^[^\\s{}%:<>\'\\"]+\\Z', 'Use a name without spaces and without the signs { } %% : < > \' and ".')], verbose_name='name')),
                ('kind', models.CharField(choices=[('basic', 'user name and password (:basic_auth)'), ('headers', 'headers (:auth_credentials)')], default='basic', max_length=7, verbose_name='kind')),
                ('username', models.CharField(blank=True, max_length=200, verbose_name='user name')),
                ('secret', campaigns.models.encrypted.EncryptedTextField(verbose_name='secret')),
                ('allowed_hosts', models.TextField(help_text='One a line, such as api.example.com. It is sent nowhere else.', verbose_name='allowed hosts')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='last changed')),
            ],
            options={
                'verbose_name': 'credential',
                'verbose_name_plural': 'credentials',
                'ordering': ['name'],
            },
        ),
    ]

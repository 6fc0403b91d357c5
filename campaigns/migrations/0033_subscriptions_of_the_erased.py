from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0032_progress_of_sends'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasedSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=64, unique=True)),
                ('erased_at', models.DateTimeField(auto_now_add=True, verbose_name='erased')),
            ],
            options={
                'verbose_name': 'subscription of an erased person',
                'verbose_name_plural': 'subscriptions of erased people',
                'ordering': ['-id'],
            },
        ),
    ]

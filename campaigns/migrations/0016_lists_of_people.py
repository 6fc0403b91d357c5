import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('campaigns', '0015_history_of_segments'),
    ]

    operations = [
        migrations.CreateModel(
            name='PersonList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True, verbose_name='name')),
                ('file_name', models.CharField(blank=True, max_length=255, verbose_name='file')),
                ('people_count', models.PositiveIntegerField(default=0, verbose_name='user ids')),
                ('is_archived', models.BooleanField(default=False, verbose_name='archived')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='uploaded')),
            ],
            options={
                'verbose_name': 'list of people',
                'verbose_name_plural': 'lists of people',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PersonListMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=255, verbose_name='user id')),
            ],
            options={
                'verbose_name': 'user id of a list',
                'verbose_name_plural': 'user ids of lists',
            },
        ),
        migrations.AddField(
            model_name='personlist',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by'),
        ),
        migrations.AddField(
            model_name='personlistmember',
            name='list',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='campaigns.personlist', verbose_name='list'),
        ),
        migrations.AddConstraint(
            model_name='personlistmember',
            constraint=models.UniqueConstraint(fields=('list', 'external_id'), name='user_id_once_per_list'),
        ),
    ]

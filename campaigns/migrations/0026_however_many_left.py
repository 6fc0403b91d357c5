from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0025_people_found_by_beginnings'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncrun',
            name='leavers',
            field=models.CharField(choices=[('keep', 'stay as they are'), ('deactivate', 'become inactive'), ('all', 'become inactive, however many')], db_default='deactivate', default='deactivate', max_length=10, verbose_name='people who left'),
        ),
        migrations.AlterField(
            model_name='import',
            name='leavers',
            field=models.CharField(choices=[('keep', 'stay as they are'), ('deactivate', 'become inactive'), ('all', 'become inactive, however many')], db_default='keep', default='keep', max_length=10, verbose_name='people who are not in the file'),
        ),
    ]

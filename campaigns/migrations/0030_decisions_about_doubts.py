import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0029_careful_starts'),
    ]

    operations = [
        migrations.AddField(
            model_name='sendaction',
            name='verdict',
            field=models.CharField(blank=True, choices=[('', ''), ('arrived', 'it arrived'), ('again', 'send again'), ('look', 'look again now'), ('given_up', 'given up: counts as failed')], db_default='', default='', max_length=8, verbose_name='verdict'),
        ),
        migrations.CreateModel(
            name='DoubtDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='campaigns.sendaction', verbose_name='action')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='campaigns.delivery', verbose_name='delivery')),
            ],
            options={
                'verbose_name': 'decision about a doubt',
                'verbose_name_plural': 'decisions about doubts',
                'ordering': ['id'],
            },
        ),
    ]

"""Connected Content credentials: what a webhook may name to be let in elsewhere, and nobody may read again."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.encrypted import EncryptedTextField

NAME = RegexValidator(
    r"^[^\s{}%:<>'\"]+\Z", _("Use a name without spaces and without the signs { } %% : < > ' and \".")
)


class Credential(models.Model):
    """A name that ``:basic_auth`` or ``:auth_credentials`` gives, and what it stands for.

    ``secret`` is the password of a basic credential, or a JSON object of header names and values.
    ``allowed_hosts`` are the only hosts it is sent to, one a line.
    """

    class Kind(models.TextChoices):
        BASIC = "basic", _("user name and password (:basic_auth)")
        HEADERS = "headers", _("headers (:auth_credentials)")

    name = models.CharField(_("name"), max_length=200, unique=True, validators=[NAME])
    kind = models.CharField(_("kind"), max_length=7, choices=Kind, default=Kind.BASIC)
    username = models.CharField(_("user name"), max_length=200, blank=True)
    secret = EncryptedTextField(_("secret"))
    allowed_hosts = models.TextField(
        _("allowed hosts"), help_text=_("One a line, such as api.example.com. It is sent nowhere else.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")

    def __str__(self) -> str:
        return self.name

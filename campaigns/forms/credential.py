"""Setting up credentials: a password or headers that are typed and never shown, and the hosts that may get them."""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms.account import SecretField, SecretsForm
from campaigns.liquid.errors import LiquidError
from campaigns.liquid.web import checked_headers
from campaigns.models import Credential

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name whose last part is a number would be read as an IP address.
HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*(?!(?:0x[0-9a-f]*|[0-9]+)\Z){_LABEL}")


class PasswordOrHeadersField(SecretField):
    """A secret of either kind; the form, which knows the kind, looks at it more closely."""

    def clean(self, value: Any) -> str:
        """Take any text that is not too long."""
        text: str = forms.CharField.clean(self, value)
        return text


class CredentialForm(SecretsForm):
    """One credential for Connected Content."""

    secret = PasswordOrHeadersField(
        label=gettext_lazy("Secret"),
        help_text=gettext_lazy(
            "The password; or, for headers, their names and values as JSON, such as"
            ' {"X-Api-Key": "…"}. Encrypted before it is stored, and never shown again.'
        ),
    )

    class Meta:
        model = Credential
        fields = ("name", "kind", "username", "secret", "allowed_hosts")

    def clean_allowed_hosts(self) -> str:
        """Take host names alone, each once, one a line."""
        hosts = list(dict.fromkeys(self.cleaned_data["allowed_hosts"].lower().split()))
        for host in hosts:
            if not HOST.fullmatch(host):
                raise ValidationError(
                    _(
                        "“%(host)s” is not a plain host name. Write it like api.example.com:"
                        " no https://, no port, no path, and no IP address."
                    ),
                    params={"host": host[:80]},
                )
        return "\n".join(hosts)

    def clean(self) -> dict[str, Any]:
        """Check the secret and the user name against the kind; a kept secret stays good only for its own kind."""
        is_typed = bool(self.cleaned_data.get("secret"))
        cleaned = super().clean()
        kind = cleaned.get("kind")
        if kind and "secret" not in self.errors:
            self._check_secret(kind, cleaned["secret"], is_typed=is_typed)
        if kind == Credential.Kind.HEADERS:
            cleaned["username"] = ""
        elif kind and "username" not in self.errors:
            self._check_username(cleaned["username"])
        return cleaned

    def _check_secret(self, kind: str, secret: str, *, is_typed: bool) -> None:
        try:
            if not secret:
                raise ValidationError(_("Type the password, or the headers."))
            if not is_typed and "kind" in self.changed_data:
                raise ValidationError(_("The kind is another now: type the secret that goes with it."))
            if is_typed:
                check_headers(secret) if kind == Credential.Kind.HEADERS else SecretField().clean(secret)
        except ValidationError as error:
            self.add_error("secret", error)

    def _check_username(self, username: str) -> None:
        if not username:
            self.add_error("username", _("Type the user name that goes with the password."))
        elif ":" in username or not username.isprintable():
            self.add_error("username", _("A user name holds no colon and nothing that cannot be printed."))


def check_headers(secret: str) -> None:
    """Refuse what is not a JSON object of header names and values; the message repeats nothing of it."""
    try:
        found = json.loads(secret)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found:
        raise ValidationError(
            _('Headers are written as JSON, names and values in double quotes: {"X-Api-Key": "…"}.')
        )
    if not all(isinstance(value, str) and value for value in found.values()):
        raise ValidationError(_("The value of each header must be a text in double quotes, and not empty."))
    try:
        checked_headers(found)
    except LiquidError as error:
        raise ValidationError(
            _(
                "A name or a value holds a character that headers may not hold: use plain letters,"
                " digits and signs, and no line break."
            )
        ) from error

"""Setting up accounts and workspaces: addresses that may be called, and secrets that are typed and never shown."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from campaigns import timezones
from campaigns.forms.fields import ZoneField
from campaigns.models import Account, Workspace
from integrations.braze import instances
from integrations.web import address
from integrations.web.errors import AddressError

HEADER = re.compile(r"(basic|bearer|authorization)\b[\s:]", re.IGNORECASE)


class SecretField(forms.CharField):
    """A secret: taken without the blanks around it, and never shown again."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password", "spellcheck": "false"})
        super().__init__(widget=widget, required=False, max_length=2_000, **options)

    def clean(self, value: Any) -> str:
        """Refuse what is plainly not a secret by itself."""
        text: str = super().clean(value)
        if HEADER.match(text):
            raise ValidationError(_("This is a whole header. Paste the secret alone, without “Basic”."))
        if any(letter.isspace() or not letter.isprintable() for letter in text):
            raise ValidationError(_("There is a blank or a line break in the middle: copy the secret again."))
        return text


class SecretsForm(forms.ModelForm[Any]):
    """A form whose secrets stay as they are when their fields are left blank."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, field in self._secrets():
            if self.initial.pop(name, ""):
                field.widget.attrs["placeholder"] = _("kept as it is; type to replace it")

    def clean(self) -> dict[str, Any]:
        """Keep what is not typed anew."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, _field in self._secrets():
            if not cleaned.get(name) and name not in self.errors:
                cleaned[name] = getattr(self.instance, name)
        return cleaned

    def _secrets(self) -> list[tuple[str, SecretField]]:
        return [(name, field) for name, field in self.fields.items() if isinstance(field, SecretField)]


class AccountForm(SecretsForm):
    """One Rokt account."""

    client_secret = SecretField(
        label=gettext_lazy("Client secret"),
        help_text=gettext_lazy("Encrypted before it is stored, and never shown again."),
    )
    timezone = ZoneField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("New events of this account begin with this zone."),
    )

    class Meta:
        model = Account
        fields = (
            "code",
            "name",
            "base_url",
            "client_id",
            "client_secret",
            "timezone",
            "rate_per_second",
            "burst_count",
            "at_once_count",
            "needs_approval",
            "update_body",
            "when_in_doubt",
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        at = timezone.now()
        self.fields["timezone"].widget.choices = [
            (zone.id, timezones.label(zone, at)) for zone in timezones.zones(all=True)
        ]

    def clean_base_url(self) -> str:
        """Take only an address that may be called."""
        try:
            return address.check(self.cleaned_data["base_url"], allowed_hosts=settings.ROKT_HOSTS)
        except AddressError as error:
            raise ValidationError(str(error), code="address") from error

    def clean(self) -> dict[str, Any]:
        """A new account needs a secret."""
        cleaned = super().clean()
        if not cleaned.get("client_secret") and "client_secret" not in self.errors:
            self.add_error("client_secret", _("Paste the client secret that Rokt gave you."))
        return cleaned


class EndpointWidget(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # Unfold ships no types
    """A text that offers Braze's instances, and takes any other."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Put the list of instances behind the input."""
        typed = super().render(name, value, {**(attrs or {}), "list": f"{name}_instances"}, renderer)
        options = format_html_join(
            "",
            '<option value="{}">{}</option>',
            ((url, instance) for instance, url in instances.INSTANCES.items()),
        )
        return format_html('{}<datalist id="{}_instances">{}</datalist>', typed, name, options)


class WorkspaceForm(SecretsForm):
    """One Braze workspace."""

    rest_endpoint = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("REST endpoint"),
        widget=EndpointWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Choose the instance that your dashboard names (US-06), or type its REST endpoint."
            " Only needed to fetch people from Braze."
        ),
    )
    rest_key = SecretField(
        label=gettext_lazy("REST key"),
        help_text=gettext_lazy(
            "With the permissions users.export.segment, users.export.ids and segments.list."
            " Encrypted, and never shown again."
        ),
    )

    class Meta:
        model = Workspace
        fields = ("name", "rest_endpoint", "rest_key", "credential_name")

    def clean_rest_endpoint(self) -> str:
        """Take an instance by its name, or an address that may be called, or nothing."""
        typed: str = self.cleaned_data["rest_endpoint"].strip()
        if not typed:
            return ""
        url = instances.INSTANCES.get(typed.upper(), typed)
        try:
            return instances.rest_endpoint(url, allowed_hosts=settings.BRAZE_HOSTS)
        except AddressError as error:
            raise ValidationError(str(error), code="address") from error

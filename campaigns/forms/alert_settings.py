"""Who is told of alerts: addresses, a webhook, and the secret that signs what it gets."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from campaigns.forms.account import SecretsForm
from campaigns.forms.hook_address import SigningSecretField
from campaigns.models import AlertSettings
from integrations.web import address, push
from integrations.web.errors import AddressError

MOST_ADDRESSES = 20


class AlertSettingsForm(SecretsForm):
    """The one row of who is told."""

    mail_addresses = forms.CharField(
        required=False,
        max_length=5_000,
        label=gettext_lazy("E-mail addresses"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line. Each gets one e-mail when an alert opens, and one when it is over."
        ),
    )
    webhook_url = forms.CharField(
        required=False,
        max_length=2_000,
        label=gettext_lazy("Webhook address"),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Gets the same as JSON, by POST; https and a public host only. Encrypted, for it may hold a key."
        ),
    )
    webhook_secret = SigningSecretField(
        label=gettext_lazy("Signing secret"),
        help_text=gettext_lazy(
            "Optional, whsec_…: what is sent is signed with it (Standard Webhooks). Never shown again."
        ),
    )
    without_secret = forms.BooleanField(
        required=False,
        label=gettext_lazy("Do not sign any more"),
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = AlertSettings
        fields = ("mail_addresses", "webhook_url", "webhook_secret")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_signed = bool(self.instance.webhook_secret)

    def clean_mail_addresses(self) -> str:
        """Take each address once; name the one that is none."""
        typed = self.cleaned_data["mail_addresses"].replace(",", " ").replace(";", " ").split()
        addresses = list(dict.fromkeys(typed))
        for one in addresses:
            try:
                validate_email(one)
            except ValidationError:
                text = _("“%(address)s” is not an e-mail address. Write one a line, such as ops@example.com.")
                raise ValidationError(text % {"address": one[:100]}) from None
            if len(one) > 254:
                raise ValidationError(_("An e-mail address has at most 254 letters."))
        if len(addresses) > MOST_ADDRESSES:
            raise ValidationError(
                _("At most %(count)d addresses: use the address of a group.") % {"count": MOST_ADDRESSES}
            )
        return "\n".join(addresses)

    def clean_webhook_url(self) -> str:
        """Take only an address that may be called."""
        url: str = self.cleaned_data["webhook_url"].strip()
        if not url:
            return ""
        if not (url.isascii() and url.isprintable()) or " " in url or "#" in url:
            raise ValidationError(_("There is a blank or a # in the address: copy it again."))
        try:
            push.check_place(address.origin(url), allowed_hosts=settings.ALERT_HOSTS)
        except AddressError as error:
            raise ValidationError(str(error), code="address") from error
        return url

    def clean(self) -> dict[str, Any]:
        """Forget the secret where that is wanted."""
        cleaned = super().clean()
        if cleaned.get("without_secret"):
            cleaned["webhook_secret"] = ""
        return cleaned

    def save_by(self, user: User) -> AlertSettings:
        """Store it as the one row."""
        row: AlertSettings = self.save(commit=False)
        row.pk, row.changed_by = 1, user
        row.save()
        return row

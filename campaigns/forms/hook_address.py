"""Making and replacing an address for Rokt's webhooks: whether it is signed, and how long the old one works."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from campaigns.forms.account import SecretField
from integrations.rokt.signature import SecretError, key_in

MOST_DAYS = 90
USUAL_DAYS = 7
DAYS_FAULT = format_lazy(
    gettext_lazy("Type a whole number of days, at most {most}; 0 ends the old address now."), most=MOST_DAYS
)


class SigningSecretField(SecretField):
    """A secret as https://www.standardwebhooks.com has them, or none."""

    def clean(self, value: Any) -> str:
        """Refuse a secret that nothing could be signed with."""
        text = super().clean(value)
        if text:
            try:
                key_in(text)
            except SecretError:
                raise ValidationError(
                    _("A signing secret is whsec_ and base64 of 24 to 64 bytes. Copy it again, whole.")
                ) from None
        return text


class HookAddressForm(forms.Form):
    """A new address."""

    secret = SigningSecretField(
        label=gettext_lazy("Signing secret"),
        help_text=gettext_lazy(
            "Leave it empty: Rokt does not sign. Give one only where a relay of yours signs what it passes on"
            " (Standard Webhooks, whsec_…); then nothing unsigned comes in."
        ),
    )


class ReplaceForm(HookAddressForm):
    """An address in place of another."""

    days = forms.IntegerField(
        label=gettext_lazy("Days that the old address still works"),
        min_value=0,
        max_value=MOST_DAYS,
        initial=USUAL_DAYS,
        help_text=gettext_lazy(
            "Long enough to enter the new one in Rokt's dashboard; 0 ends the old one now."
        ),
        widget=UnfoldAdminIntegerFieldWidget(),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), DAYS_FAULT),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["secret"].help_text = _("Leave it empty to keep the old address's secret, if it has one.")

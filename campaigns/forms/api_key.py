"""A new API key: who uses it, for which workspace, and what it may do."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from campaigns.forms.fields import LineField
from campaigns.models import ApiKey, Workspace


class ApiKeyForm(forms.ModelForm[ApiKey]):
    """A name that tells keys apart, a workspace, and the permission."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("Who uses the key, such as “Rokt Calendar”."),
    )
    workspace = forms.ModelChoiceField(
        label=gettext_lazy("Workspace"),
        queryset=Workspace.objects.order_by("name"),
        help_text=gettext_lazy("People who are pushed with this key belong to it."),
        widget=UnfoldAdminSelectWidget,
    )
    may_track = forms.BooleanField(
        label="users.track",
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "May push people, their subscriptions and events. Braze has the same name for it."
        ),
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = ApiKey
        fields = ("name", "workspace", "may_track")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        only = list(Workspace.objects.order_by("pk")[:2])
        if len(only) == 1:
            self.initial.setdefault("workspace", only[0].pk)

    def clean_may_track(self) -> bool:
        """Refuse a key that opens nothing."""
        if not self.cleaned_data["may_track"]:
            raise forms.ValidationError(_("A key without a permission opens nothing: switch users.track on."))
        return True

    def clean(self) -> dict[str, Any]:
        """Names tell working keys apart; so a page that is sent twice does not make two keys unseen."""
        given = super().clean() or {}
        twins = ApiKey.objects.filter(
            workspace=given.get("workspace"), name=given.get("name", ""), revoked_at=None
        )
        if twins.exists():
            self.add_error(
                "name", _("A working key has this name. Revoke that one first, or choose another name.")
            )
        return given

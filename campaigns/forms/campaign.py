"""The campaign form: a name, an account, an audience."""

from collections.abc import Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.forms.fields import LineField
from campaigns.models import Account, Campaign, Segment


class CampaignForm(forms.ModelForm[Campaign]):
    """Names a campaign and says for whom it is; the account stays once there are events."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("For you and your colleagues. Subscribers never see it."),
    )
    account = forms.ModelChoiceField(
        Account.objects.all(),
        label=gettext_lazy("Account"),
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": gettext_lazy("Choose the Rokt Calendar account that sends the events.")},
    )
    segment = forms.ModelChoiceField(
        Segment.objects.none(),
        label=gettext_lazy("Audience"),
        required=False,
        widget=UnfoldAdminSelectWidget(),
        empty_label=gettext_lazy("not chosen yet"),
        help_text=gettext_lazy("Who gets the events. You can choose it later; nothing is sent without it."),
    )

    class Meta:
        model = Campaign
        fields = ["name", "account", "segment"]

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, instance: Campaign, read_only: bool = False
    ) -> None:
        super().__init__(data, instance=instance)
        offered = Segment.objects.filter(Q(is_archived=False) | Q(pk=instance.segment_id))
        self.fields["segment"].queryset = offered  # type: ignore[attr-defined]  # a ModelChoiceField
        for field in self.fields.values():
            field.disabled = read_only
        if instance.pk and instance.events.exists():
            self.fields["account"].disabled = True
            self.fields["account"].help_text = _("The account stays: this campaign has events in it.")
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(Fieldset(_("Campaign"), "name", "account", "segment"))

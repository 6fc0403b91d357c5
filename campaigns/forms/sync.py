"""Choosing which Braze segment a workspace is kept in step with, and how often."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.models import Sync, Workspace
from campaigns.models.clock import now

EVERY = {
    0: gettext_lazy("by hand only"),
    60: gettext_lazy("every hour"),
    6 * 60: gettext_lazy("every 6 hours"),
    24 * 60: gettext_lazy("every day"),
    7 * 24 * 60: gettext_lazy("every week"),
}
SEGMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
NAME_LIMIT = 255


class SyncForm(forms.Form):
    """A segment out of Braze's list, or its id, and a rhythm."""

    picked = forms.CharField(required=False)  # "id name", from the list
    segment_id = forms.CharField(
        required=False,
        label=gettext_lazy("Segment API identifier"),
        help_text=gettext_lazy(
            "Where the key may not list segments: in Braze, open the segment and copy its “Segment API identifier”."
        ),
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    every_minutes = forms.TypedChoiceField(
        choices=list(EVERY.items()),
        coerce=int,
        label=gettext_lazy("How often"),
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": gettext_lazy("Choose how often.")},
    )

    def clean(self) -> dict[str, Any]:
        """What is picked from the list counts; else what is typed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        picked_id, _blank, name = cleaned.get("picked", "").partition(" ")
        segment_id = picked_id or cleaned.get("segment_id", "").strip()
        if not segment_id:
            raise ValidationError(
                {"segment_id": _("Choose a segment from the list, or paste its identifier.")}
            )
        if not SEGMENT_ID.fullmatch(segment_id):
            raise ValidationError(
                {
                    "segment_id": _(
                        "An identifier is letters, digits and hyphens, at most 64. Copy it from Braze again."
                    )
                }
            )
        return {**cleaned, "segment_id": segment_id, "segment_name": name.replace("\0", "")[:NAME_LIMIT]}

    def save(self, workspace: Workspace) -> Sync:
        """Store it; where the rhythm is new, it begins to count now."""
        chosen = self.cleaned_data
        sync = Sync.objects.filter(workspace=workspace).first() or Sync(workspace=workspace)
        if chosen["segment_name"] or chosen["segment_id"] != sync.segment_id:
            sync.segment_name = chosen["segment_name"]
        sync.segment_id = chosen["segment_id"]
        every = chosen["every_minutes"]
        if every != sync.every_minutes or (every and sync.next_at is None):
            sync.every_minutes = every
            sync.next_at = now() + timedelta(minutes=every) if every else None
        sync.save()
        return sync

"""Uploading subscribers: which workspace they belong to, and the file that Braze handed out."""

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.models import Workspace


class UploadForm(forms.Form):
    """A Braze segment export; what is in it is looked at by ``campaigns.importing``."""

    workspace = forms.ModelChoiceField(
        Workspace.objects.all(),
        label=gettext_lazy("Braze workspace"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": gettext_lazy("Choose the workspace that the people come from.")},
    )
    file = forms.FileField(
        label=gettext_lazy("Segment export"),
        help_text=gettext_lazy(
            "The ZIP as Braze made it, or a text file out of it: one person per line. Up to 2 GB."
        ),
        max_length=None,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".zip,.gz,.txt,.json,.jsonl", "class": "se-file"}),
        error_messages={"required": gettext_lazy("Choose a file.")},
    )

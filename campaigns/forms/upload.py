"""Uploading subscribers: which workspace they belong to, and the file."""

import secrets

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.models import Workspace

DROP_HERE = "padding: 2rem 1rem; border-style: dashed; text-align: center"


class UploadForm(forms.Form):
    """A file of people; what is in it is looked at by ``campaigns.importing``.

    ``token`` makes one import of a form that is sent twice. ``end`` comes after the file, so that it is
    missing where the upload was cut off.
    """

    token = forms.CharField(widget=forms.HiddenInput, initial=lambda: secrets.token_hex(16))
    workspace = forms.ModelChoiceField(
        Workspace.objects.all(),
        label=gettext_lazy("Braze workspace"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
        error_messages={"required": gettext_lazy("Choose the workspace that the people come from.")},
    )
    file = forms.FileField(
        label=gettext_lazy("File of people"),
        help_text=gettext_lazy("Choose it, or drag it here. Up to 2 GB."),
        max_length=None,
        allow_empty_file=True,
        widget=forms.FileInput(
            attrs={
                "accept": ".zip,.gz,.txt,.json,.jsonl,.ndjson,.csv,.tsv",
                "class": "se-file",
                "style": DROP_HERE,
            }
        ),
        error_messages={"required": gettext_lazy("Choose a file.")},
    )
    end = forms.CharField(widget=forms.HiddenInput, initial="1")

    @property
    def is_cut_off(self) -> bool:
        """Whether the last field, and so the end of the file, has not arrived."""
        return self.is_bound and "end" not in self.data

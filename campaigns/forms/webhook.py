"""The form of a webhook template: its four parts as they are pasted, a name, a description, tags."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from campaigns.forms import headers
from campaigns.forms.fields import LineField, ParagraphsField
from campaigns.models import Webhook, WebhookTemplate
from campaigns.pipeline.render import WebhookText

LONGEST_URL: Final = 8_192
LONGEST_HEADERS: Final = 40_000
LONGEST_BODY: Final = 100_000
LONGEST_TAG: Final = 64
MOST_TAGS: Final = 20
PARTS: Final = ("method", "url", "headers", "body")
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class SourceField(forms.CharField):
    """Liquid exactly as it is typed or pasted, with plain line ends."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        attrs = {"rows": rows, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}
        super().__init__(strip=False, widget=UnfoldAdminTextareaWidget(attrs=attrs), **options)
        self.widget.attrs["class"] = f"{self.widget.attrs.get('class', '')} ca-source"
        self.widget.attrs.pop("maxlength", None)  # a browser would cut what is pasted without a word
        self.error_messages["max_length"] = gettext_lazy(
            "At most %(limit_value)d characters fit here, and these are %(show_value)d. Shorten the text."
        )
        self.error_messages["required"] = format_lazy(
            gettext_lazy("Fill in “{label}”: it is required."), label=self.label
        )

    def to_python(self, value: Any) -> str:
        """Return the text, if it holds nothing but what can be seen and sent."""
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        if found := UNREADABLE.search(text):
            place = {"line": text.count("\n", 0, found.start()) + 1, "code": f"{ord(found[0]):04X}"}
            message = _("In line %(line)d is a character (U+%(code)s) that cannot be sent. Delete it.")
            raise ValidationError(message % place, code="unsendable")
        return text if text.strip() else ""


class WebhookForm(forms.ModelForm[WebhookTemplate]):
    """Reads a template; ``hook`` is what its parts say, those that cannot be read being empty."""

    name = LineField(
        label=gettext_lazy("Name"),
        max_length=200,
        error_messages={"unique": gettext_lazy("Another template has this name. Choose a different one.")},
    )
    description = ParagraphsField(
        label=gettext_lazy("Description"),
        max_length=2_000,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    tags = LineField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=1_500,
        help_text=gettext_lazy("Words to find it by, with commas between them."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("Method"),
        choices=[(word, word) for word in Webhook.Method.values],  # as it goes over the wire
        widget=UnfoldAdminSelectWidget(),
    )
    url = SourceField(
        label=gettext_lazy("URL"),
        rows=4,
        max_length=LONGEST_URL,
        help_text=gettext_lazy("Paste it as it stands in Braze, with its Liquid."),
    )
    headers = SourceField(
        label=gettext_lazy("Headers"),
        rows=6,
        required=False,
        max_length=LONGEST_HEADERS,
        help_text=gettext_lazy("One a line: “Name: value”. Lists copied from Braze's pages are understood."),
    )
    body = SourceField(label=gettext_lazy("Body"), rows=18, required=False, max_length=LONGEST_BODY)
    version = forms.CharField(widget=forms.HiddenInput, required=False)
    seen_at = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = WebhookTemplate
        fields = ["name", "description"]

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        instance: WebhookTemplate,
        hook: WebhookText,
        read_only: bool = False,
    ) -> None:
        super().__init__(data, instance=instance)
        self._opened_with = hook
        self._pairs: tuple[tuple[str, str], ...] = ()
        self.initial.update(method=hook.method, url=hook.url, body=hook.body)
        self.initial.update(headers=headers.as_text(hook.headers), version=instance.version)
        if instance.pk:
            self.initial["seen_at"] = instance.changed_at.isoformat()
            self.initial["tags"] = ", ".join(instance.tags.values_list("name", flat=True))
        for field in self.fields.values():
            field.disabled = read_only
        self.helper = _layout()

    @property
    def hook(self) -> WebhookText:
        """The webhook that the form describes."""
        if not self.is_bound:
            return self._opened_with
        method, url, body = (self.cleaned_data.get(name, "") for name in ("method", "url", "body"))
        return WebhookText(method, url, self._pairs, body)

    @property
    def expected_version(self) -> int:
        """The version that this form was opened with; 0 where that cannot be told."""
        text = self.cleaned_data.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def expected_at(self) -> datetime | None:
        """When the template had last been changed as this form was opened, where the form says so."""
        try:
            return parse_datetime(self.cleaned_data.get("seen_at", ""))
        except ValueError:
            return None

    def clean_url(self) -> str:
        """Take off what came along when the URL was copied."""
        text = headers.unquoted(self.cleaned_data["url"])
        if not text:
            raise ValidationError(self.fields["url"].error_messages["required"], code="required")
        return text

    def clean_headers(self) -> tuple[tuple[str, str], ...]:
        """Read the headers; each line that is none is named."""
        found = headers.parse(self.cleaned_data["headers"])
        self._pairs = tuple(found.pairs)  # what is readable is shown and checked, whatever else is wrong
        if found.faults:
            raise ValidationError([fault.message for fault in found.faults], code="headers")
        return self._pairs

    def clean_tags(self) -> list[str]:
        """Split the tags; the same word in other capitals is the same tag."""
        words = (word.strip() for word in self.cleaned_data["tags"].split(","))
        tags = {word.casefold(): word for word in words if word}
        if long := next((word for word in tags.values() if len(word) > LONGEST_TAG), None):
            message = _("A tag has at most %(most)d characters: “%(tag)s…” is longer.")
            raise ValidationError(message % {"most": LONGEST_TAG, "tag": long[:20]}, code="long")
        if len(tags) > MOST_TAGS:
            message = _("At most %(most)d tags are possible, and these are %(count)d.")
            raise ValidationError(message % {"most": MOST_TAGS, "count": len(tags)}, code="many")
        return list(tags.values())


def _layout() -> FormHelper:
    """Return how crispy lays the form out; the page brings the form tag, the token and the buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(
        Fieldset(_("The webhook, as it stands in Braze"), "method", "url", "headers", "body"),
        Fieldset(_("How you find it again"), "name", "description", "tags"),
        "version",
        "seen_at",
    )
    return helper

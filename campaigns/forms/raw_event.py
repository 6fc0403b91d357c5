"""The form of an event whose call a webhook makes: two webhooks as text, and the event that is read from them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns import liquid
from campaigns.forms import headers
from campaigns.forms.fields import row_id
from campaigns.forms.webhook import LONGEST_BODY, LONGEST_HEADERS, LONGEST_URL, PARTS, SourceField
from campaigns.models import Event, EventWebhook, Send, Webhook, WebhookVersion
from campaigns.models.clock import now
from campaigns.pipeline import compose, raw, validate
from campaigns.pipeline.render import Content, WebhookText

CREATE, UPDATE = EventWebhook.Kind.CREATE.value, EventWebhook.Kind.UPDATE.value
KINDS: Final = (CREATE, UPDATE)
CAPTURE: Final = re.compile(
    r"(\{%-?\s*capture\s+(\w+)\s*-?%\})((?:(?!\{%-?\s*endcapture).)*)(\{%-?\s*endcapture)", re.DOTALL
)
Origins = Mapping[str, WebhookVersion | None]


class RawEventForm(forms.Form):
    """Checks the webhooks of an event as the pipeline will, and fills ``event`` with what they say.

    ``reading`` is the event as one person gets it; ``warnings`` are problems that keep nobody from saving.
    """

    version = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        event: Event,
        hooks: Mapping[str, WebhookText],
        origins: Origins,
        read_only: bool = False,
    ) -> None:
        super().__init__(data)
        self.event = event
        self.reading: compose.Reading | None = None
        self.warnings: list[validate.Problem] = []
        self._opened_with = hooks
        for kind in KINDS:
            self._add_fields(kind, hooks.get(kind, WebhookText()), origins.get(kind))
        self.fields["version"].initial = event.version
        for field in self.fields.values():
            field.disabled = read_only
        self.helper = _layout()

    def _add_fields(self, kind: str, hook: WebhookText, origin: WebhookVersion | None) -> None:
        for name, field in _parts(kind).items():
            self.fields[f"{kind}_{name}"] = field
        self.initial.update(as_typed({kind: hook}))
        self.initial[f"{kind}_origin"] = str(origin.pk) if origin else ""

    @property
    def hooks(self) -> Mapping[str, WebhookText]:
        """The webhooks that the form describes, by kind."""
        return {kind: self._hook(kind) for kind in KINDS} if self.is_bound else self._opened_with

    @property
    def origins(self) -> Origins:
        """The versions that the texts were copied from, by kind."""
        asked = {kind: row_id(self.cleaned_data.get(f"{kind}_origin", "")) for kind in KINDS}
        found = WebhookVersion.objects.in_bulk(list(asked.values()))
        return {kind: found.get(pk) for kind, pk in asked.items()}

    @property
    def expected_version(self) -> int:
        """The version that this form was opened with; 0 where that cannot be told."""
        return row_id(self.cleaned_data.get("version", ""))

    def _hook(self, kind: str) -> WebhookText:
        method, url, pairs, body = (self.cleaned_data.get(f"{kind}_{name}") for name in PARTS)
        return WebhookText(method or "POST", url or "", pairs or (), body or "")

    def clean(self) -> dict[str, Any]:
        """Check each part, then read the event for one person."""
        super().clean()
        create, update = (self._hook(kind) for kind in KINDS)
        self._check(CREATE, create)
        if update.url or update.body:
            self._check(UPDATE, update)
        if not self._has_errors(CREATE):
            self._read(create)
        if self.reading and update.url and not self._has_errors(UPDATE):
            self._compare(update)
        return self.cleaned_data

    def read_saved(self) -> None:
        """Read the event as the form was opened with it, for show; what is wrong with it is a warning."""
        hook = self._opened_with.get(CREATE, WebhookText())
        try:
            self.reading = compose.read_event(self.event.campaign, hook)
        except (compose.UnreadableError, liquid.LiquidError) as error:
            self.warnings.append(validate.Problem("create_body", "unreadable", str(error)))

    def _has_errors(self, kind: str) -> bool:
        return any(name.startswith(f"{kind}_") for name in self.errors)

    def _check(self, kind: str, hook: WebhookText) -> None:
        for fault in raw.faults(hook):
            field = f"{kind}_{fault.part}"
            if field not in self.errors:
                self.add_error(field, fault.message)

    def _read(self, hook: WebhookText) -> None:
        try:
            self.reading = compose.read_event(self.event.campaign, hook)
        except compose.UnreadableError as error:
            self.add_error(None, str(error))
            return
        self.reading.fill(self.event)
        for problem in self._problems(hook):
            if problem.blocks:
                self.add_error("create_body", problem.message)
            else:
                self.warnings.append(problem)

    def _problems(self, hook: WebhookText) -> Iterator[validate.Problem]:
        event, account = self.event, self.event.campaign.account
        content = replace(Content.of(event, Send.Kind.CANCEL), webhook=hook)
        yield from validate.content_problems(content, account=account, event_pk=event.pk)
        if event._state.adding and validate.instants(content)[0] <= now():
            past = _("The event begins at a time that is over. An event begins in the future.")
            yield validate.Problem("start_local", "past", past)

    def _compare(self, update: WebhookText) -> None:
        """Warn where the update would not find the event again; it may be mended later."""
        assert self.reading is not None  # noqa: S101 - asked for before
        try:
            found = compose.read_event(self.event.campaign, update, kind=UPDATE)
        except compose.UnreadableError as error:
            text = _("The update cannot be sent as it is. %s") % error
        else:
            if found.event_id == self.reading.event_id:
                return
            text = _(
                "The update is for the event id “%(other)s”, and the new event is “%(id)s”. Both have to be the same."
            ) % {"other": found.event_id, "id": self.reading.event_id}
        self.warnings.append(validate.Problem("update_body", "update", text))


class _HeadersField(SourceField):
    """Headers as text, read into pairs."""

    def to_python(self, value: Any) -> Any:
        found = headers.parse(super().to_python(value))
        if found.faults:
            raise ValidationError([fault.message for fault in found.faults], code="headers")
        return tuple(found.pairs)


class _UrlField(SourceField):
    """A URL with its Liquid, without what came along when it was copied."""

    def to_python(self, value: Any) -> str:
        return headers.unquoted(super().to_python(value))


def _parts(kind: str) -> dict[str, forms.Field]:
    """Return the fields of one webhook; the one for updates may be left empty."""
    named = "{}" if kind == CREATE else gettext_lazy("Update: {}")
    is_new = kind == CREATE
    method, url, lines, body = (
        format_lazy(named, name)
        for name in (
            gettext_lazy("Method"),
            gettext_lazy("URL"),
            gettext_lazy("Headers"),
            gettext_lazy("Body"),
        )
    )
    return {
        "method": forms.ChoiceField(
            label=method,
            choices=[(word, word) for word in Webhook.Method.values],
            widget=UnfoldAdminSelectWidget(),
            required=is_new,
        ),
        "url": _UrlField(label=url, rows=3, max_length=LONGEST_URL, required=is_new),
        "headers": _HeadersField(label=lines, rows=4, max_length=LONGEST_HEADERS, required=False),
        "body": SourceField(label=body, rows=18 if is_new else 12, max_length=LONGEST_BODY, required=is_new),
        "origin": forms.CharField(widget=forms.HiddenInput, required=False),
    }


def as_typed(hooks: Mapping[str, WebhookText]) -> dict[str, str]:
    """Return what a browser would post for an event's webhooks."""
    typed: dict[str, str] = {}
    for kind, hook in hooks.items():
        said = {"method": hook.method, "url": hook.url, "body": hook.body}
        said["headers"] = headers.as_text(hook.headers)
        typed |= {f"{kind}_{name}": text for name, text in said.items()}
    return typed


def with_captures(source: str, target: str) -> str:
    """Return ``target`` with what ``source`` writes between capture tags of the same name."""
    said = {found[2]: found[3] for found in CAPTURE.finditer(source)}
    return CAPTURE.sub(lambda found: f"{found[1]}{said.get(found[2], found[3])}{found[4]}", target)


def _layout() -> FormHelper:
    """Return how crispy lays the form out; the page brings the form tag, the token and the buttons."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    fields = {kind: [f"{kind}_{name}" for name in (*PARTS, "origin")] for kind in KINDS}
    helper.layout = Layout(
        Fieldset(_("The webhook of a new event"), *fields[CREATE]),
        Fieldset(
            _("The webhook of an update"),
            HTML("{% include 'campaigns/_event_webhook_update.html' %}"),
            *fields[UPDATE],
        ),
        "version",
    )
    return helper

"""Which deliveries in doubt are meant, and what is decided about them."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from campaigns.models import Delivery, Send
from campaigns.models.clock import now
from campaigns.pipeline import compose

LONGEST_NOTE = 500
LARGEST_ID = 2**63 - 1
PEOPLE, ITSELF = "people", "itself"


class WhichForm(forms.Form):
    """The questions that narrow the doubts of a send down."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        choices=[
            ("", gettext_lazy("any reason")),
            (Delivery.Reason.NO_ANSWER, Delivery.Reason.NO_ANSWER.label),
            (Delivery.Reason.WORKER_LOST, Delivery.Reason.WORKER_LOST.label),
        ],
    )
    waits = forms.ChoiceField(
        label=gettext_lazy("Waits for"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        choices=[
            ("", gettext_lazy("anything")),
            (PEOPLE, gettext_lazy("a decision")),
            (ITSELF, gettext_lazy("another look, which comes by itself")),
        ],
    )

    def doubts(self, send: Send) -> QuerySet[Delivery]:
        """Return the deliveries that fit; call it on a valid form."""
        found = Delivery.objects.filter(send=send, state=Delivery.State.IN_DOUBT)
        if reason := self.cleaned_data["reason"]:
            found = found.filter(reason=reason)
        if waits := self.cleaned_data["waits"]:
            found = found.filter(due_at__isnull=waits == PEOPLE)
        return found


class DecideForm(WhichForm):
    """A decision: about which deliveries, what, and why.

    ``seen_at`` (set by the page that asks once more) keeps whatever has changed since out of it, so that the same
    decision twice is one.
    """

    verdict = forms.ChoiceField(
        choices=[(verdict.value, verdict.label) for verdict in compose.Verdict],
        error_messages={
            "required": gettext_lazy("Say what became of them: use one of the buttons."),
            "invalid_choice": gettext_lazy("Say what became of them: use one of the buttons."),
        },
    )
    note = forms.CharField(
        max_length=LONGEST_NOTE,
        error_messages={
            "required": gettext_lazy("Say why: the history keeps it."),
            "max_length": gettext_lazy("Say why in up to %(limit_value)d characters."),
        },
    )
    everything = forms.BooleanField(required=False)
    seen_at = forms.CharField(required=False, max_length=40)

    def clean_seen_at(self) -> datetime | None:
        """Read the moment that the page was made."""
        text = self.cleaned_data["seen_at"]
        try:
            typed = datetime.fromisoformat(text) if text else None
            at = typed.astimezone(UTC) if typed and typed.tzinfo else None
        except (ValueError, OverflowError):
            at = None
        if text and (at is None or at > now()):
            raise forms.ValidationError(_("The page was incomplete. Look again, then decide."))
        return at

    def ids(self) -> list[int]:
        """Return the ids that were ticked; what is no id is left out."""
        ticked = self.data.getlist("delivery") if hasattr(self.data, "getlist") else []
        numbers = [int(text) for text in ticked if text.isascii() and text.isdecimal() and len(text) < 20]
        return [number for number in numbers if number <= LARGEST_ID]

    def chosen(self, send: Send) -> QuerySet[Delivery]:
        """Return the deliveries that are meant: all that fit, or those that were ticked."""
        found = self.doubts(send)
        if not self.cleaned_data["everything"]:
            found = found.filter(pk__in=self.ids())
        seen_at: datetime | None = self.cleaned_data["seen_at"]
        return found.filter(changed_at__lte=seen_at) if seen_at else found

    def first_error(self) -> str:
        """Return what is wrong, in one sentence."""
        errors: dict[str, Any] = self.errors
        return str(next(iter(errors.values()))[0])

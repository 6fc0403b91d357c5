"""What is said when a test is sent: its kind, the people and subscriptions, and whether to keep them."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms.fields import row_id
from campaigns.models import Send

LONGEST_ID = 36
LONGEST_SEARCH = 100


def recipient(person: int, rokt_id: str = "") -> str:
    """Return how a form names one choice: a subscription of somebody, or the person alone."""
    return f"{person}/{rokt_id}"


class RecipientsField(forms.MultipleChoiceField):
    """Chosen subscriptions by person: row id -> subscription ids (none where the person alone is chosen)."""

    def validate(self, value: list[str]) -> None:
        """Whom a test may go to is the pipeline's business."""

    def clean(self, value: Any) -> dict[int, set[str]]:
        """Return the choice; nobody is a choice, too."""
        chosen: dict[int, set[str]] = {}
        for text in super().clean(value):
            person, _slash, rokt_id = text.partition("/")
            if not row_id(person) or len(rokt_id) > LONGEST_ID or "\0" in rokt_id:
                raise ValidationError(_("That choice is not understood. Choose people from the list."))
            chosen.setdefault(int(person), set()).update([rokt_id] if rokt_id else [])
        return chosen


class TrialForm(forms.Form):
    """The page's form; ``kinds`` are those that make sense now."""

    kind = forms.ChoiceField(label=gettext_lazy("What is sent"))
    submit_token = forms.UUIDField()
    recipient = RecipientsField(label=gettext_lazy("To whom"), required=False)
    save = forms.BooleanField(label=gettext_lazy("Save these for the next test"), required=False)
    find_person = forms.CharField(
        label=gettext_lazy("Find somebody"), required=False, max_length=LONGEST_SEARCH
    )

    def __init__(self, *args: Any, kinds: Iterable[Send.Kind], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        self.fields["kind"].error_messages["invalid_choice"] = _(
            "There is nothing to update or to remove any more: no test entry is left."
        )

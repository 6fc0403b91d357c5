"""What the columns of an uploaded file mean: one question for each, answered already as far as can be guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from campaigns.importing import mapping
from campaigns.importing.readers import Column

CHOICES = [
    (mapping.LEAVE_OUT, gettext_lazy("leave it out")),
    (gettext_lazy("The person"), list(mapping.FIELDS.items())),
    (gettext_lazy("Rokt Calendar"), list(mapping.ROKT.items())),
    (gettext_lazy("Anything else"), [(mapping.CUSTOM, gettext_lazy("custom attribute called …"))]),
]


@dataclass(slots=True)
class Question:
    """One column on the page: what is in it, the two fields, and what does not fit."""

    column: Column
    meaning: forms.BoundField
    name: forms.BoundField
    doubt: str


class ColumnsForm(forms.Form):
    """Column by column what it means; a custom attribute also has a name."""

    def __init__(self, columns: Sequence[Column], guessed: Mapping[str, str], data: Any = None) -> None:
        super().__init__(data)
        self.columns = columns
        for number, column in enumerate(columns):
            meaning = guessed.get(column.name, mapping.LEAVE_OUT)
            is_custom = meaning.startswith(mapping.CUSTOM)
            name = meaning.removeprefix(mapping.CUSTOM) if is_custom else column.name
            self.fields[f"meaning_{number}"] = forms.ChoiceField(
                choices=CHOICES,
                required=False,
                initial=mapping.CUSTOM if is_custom else meaning,
                widget=forms.Select(attrs={"class": "ca-input", "aria-label": column.name}),
            )
            self.fields[f"name_{number}"] = forms.CharField(
                required=False,
                strip=True,
                max_length=mapping.ATTRIBUTE_LIMIT,
                initial=name[: mapping.ATTRIBUTE_LIMIT],  # or a column that is left out would be in the way
                widget=forms.TextInput(
                    attrs={"class": "ca-input", "aria-label": gettext_lazy("Name of the custom attribute")}
                ),
            )

    def clean(self) -> dict[str, Any]:
        """Look at the meanings together."""
        cleaned: dict[str, Any] = super().clean() or {}
        numbers = {column.name: number for number, column in enumerate(self.columns)}
        for name, fault in mapping.faults(self.mapping()).items():
            self.add_error(f"meaning_{numbers[name]}" if name else None, fault)
        return cleaned

    def mapping(self) -> dict[str, str]:
        """Return column -> meaning as it was answered."""
        answers = {}
        for number, column in enumerate(self.columns):
            meaning = self.cleaned_data.get(f"meaning_{number}", mapping.LEAVE_OUT)
            if meaning == mapping.CUSTOM:
                meaning += self.cleaned_data.get(f"name_{number}", "")
            answers[column.name] = meaning
        return answers

    def lacks_user_id(self) -> bool:
        """Tell whether no column is said or guessed to hold the user id."""
        return all(
            self[f"meaning_{number}"].value() != mapping.USER_ID for number in range(len(self.columns))
        )

    def questions(self) -> list[Question]:
        """Return what the page asks."""
        return [
            Question(column, self[f"meaning_{number}"], self[f"name_{number}"], self._doubt(number, column))
            for number, column in enumerate(self.columns)
        ]

    def _doubt(self, number: int, column: Column) -> str:
        meaning = self[f"meaning_{number}"].value()
        return column.fault(meaning) if isinstance(meaning, str) else ""

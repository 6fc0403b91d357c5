"""What the rule builder draws: every row and group of a draft, with its choices, its fault and the cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from campaigns.forms.rule import ROOT, Draft
from campaigns.segments import rules
from campaigns.segments.fields import FIELDS, Kind

LIST_FROM: Final = 6  # so many values are easier to read and to paste as lines of one text


@dataclass(frozen=True, slots=True)
class Node:
    """One row or group to draw; ``focused`` says whether the cursor goes there."""

    prefix: str
    error: str
    focused: bool
    match: str = ""
    is_person: bool = False
    may_ask_person: bool = False
    nodes: tuple["Node", ...] = ()
    field: str = ""
    op: str = ""
    ops: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    takes_values: bool = False
    is_list: bool = False

    @property
    def is_group(self) -> bool:
        """Whether it holds other rows."""
        return bool(self.match)

    @property
    def is_root(self) -> bool:
        """Whether it is the whole rule."""
        return self.prefix == ROOT

    @property
    def text(self) -> str:
        """The values as lines."""
        return "\n".join(self.values)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Turns drafts into nodes; ``as_list`` names a row whose values are wanted as lines."""

    errors: Mapping[str, str]
    focus: str = ""
    as_list: str = ""

    def draw(self, draft: Draft, name: str = ROOT, *, in_person: bool = False) -> Node:
        """Return a row or a group with everything in it."""
        group = draft.get("person", draft)
        if "rules" not in group:
            return self._condition(draft, name)
        is_person = "person" in draft
        inside = in_person or is_person
        return Node(
            prefix=name,
            error=self.errors.get(name, ""),
            focused=self.focus == name,
            match=group["match"] if group["match"] in rules.Match.values else rules.Match.ALL.value,
            is_person=is_person,
            may_ask_person=not inside,
            nodes=tuple(
                self.draw(row, f"{name}.{place}", in_person=inside)
                for place, row in enumerate(group["rules"])
            ),
        )

    def _condition(self, draft: Draft, name: str) -> Node:
        field = FIELDS.get(draft["field"])
        ops = field.kind.value if field else Kind.TEXT.value
        op = next((op for op in ops if op.value == draft["op"]), ops[0])
        values = tuple(draft.get("values", ()))
        return Node(
            prefix=name,
            error=self.errors.get(name, ""),
            focused=self.focus == name,
            field=field.name if field else "",
            op=op.value,
            ops=tuple((op.value, str(op.label)) for op in ops),
            values=values,
            takes_values=op.takes_values,
            is_list=self.as_list == name or len(values) >= LIST_FROM,
        )

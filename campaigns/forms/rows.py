"""What the rule builder draws: every row and group of a draft, with its choices, its fault and the cursor."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.forms import picks
from campaigns.forms.rule import IN_ORDER, ROOT, SEGMENT, Draft, conditions, kind_of_pick, takes
from campaigns.segments import rules
from campaigns.segments.fields import FIELDS, Field, Kind
from campaigns.segments.ops import Takes

LIST_FROM: Final = 6  # so many values are easier to read and to paste as lines of one text
CHAPTERS: Final[dict[Kind, str | Promise]] = {
    Kind.TIME: gettext_lazy("Dates"),
    Kind.RECEIVED: gettext_lazy("What they received"),
    Kind.LIST: gettext_lazy("Lists, samples, other segments"),
    Kind.NUMBER: gettext_lazy("Lists, samples, other segments"),
    Kind.SAMPLE: gettext_lazy("Lists, samples, other segments"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One row or group to draw; ``focus`` names the part of it that the cursor rests on."""

    prefix: str
    error: str
    focus: str
    match: str = ""
    is_person: bool = False
    may_ask_person: bool = False
    nodes: tuple["Node", ...] = ()
    field: str = ""
    op: str = ""
    ops: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    takes: str = Takes.NOTHING.value
    known: str = ""
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
    def takes_values(self) -> bool:
        """Whether there is something to fill in beside the question."""
        return self.takes != Takes.NOTHING.value

    @property
    def has_places(self) -> bool:
        """Whether each value has an input of its own kind."""
        return Takes(self.takes) in IN_ORDER if self.takes != SEGMENT else False

    @property
    def text(self) -> str:
        """The values as lines."""
        return "\n".join(self.values)

    @property
    def first(self) -> str:
        """The first value, if there is one."""
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        """The second value, if there is one."""
        return self.values[1] if len(self.values) > 1 else ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Turns drafts into nodes; ``as_list`` names a row whose values are wanted as lines."""

    errors: Mapping[str, str]
    focus: str = ""
    button: str = ""
    as_list: str = ""
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)

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
            focus=self._focus(name, "add"),
            match=group["match"] if group["match"] in rules.Match.values else rules.Match.ALL.value,
            is_person=is_person,
            may_ask_person=not inside,
            nodes=tuple(
                self.draw(row, f"{name}.{place}", in_person=inside)
                for place, row in enumerate(group["rules"])
            ),
        )

    def _condition(self, draft: Draft, name: str) -> Node:
        asked, values = FIELDS.get(draft["field"]), tuple(draft.get("values", ()))
        ops = asked.ops if asked else ()
        op = next((op for op in ops if op.value == draft["op"]), ops[0] if ops else None)
        kind = kind_of_pick(draft)
        is_segment = draft["field"] == SEGMENT
        return Node(
            prefix=name,
            error=self.errors.get(name, ""),
            focus=self._focus(name, "field"),
            field=SEGMENT if is_segment else asked.name if asked else "",
            op=op.value if op else "",
            ops=tuple((op.value, str(op.label)) for op in ops),
            values=tuple(self.names.get((kind, value), value) for value in values),
            takes=SEGMENT if is_segment else asked.takes(op).value if asked and op else Takes.NOTHING.value,
            known=kind or (Takes.EVENTS.value if takes(draft) is Takes.EVENTS else draft["field"]),
            is_list=self.as_list == name or len(values) >= LIST_FROM,
        )

    def _focus(self, name: str, part: str) -> str:
        return (self.button or part) if self.focus == name else ""


def names(draft: Draft) -> dict[tuple[str, str], str]:
    """Return how what the rows of a draft pick is written, by what it is and its id: one query for each kind."""
    picked: dict[str, set[str]] = {}
    for row in conditions(draft):
        if kind := kind_of_pick(row):
            picked.setdefault(kind, set()).update(row["values"])
    return {(kind, pk): text for kind, pks in picked.items() for pk, text in picks.names(kind, pks).items()}


def chapters() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield what a row can look at, in chapters."""
    last = str(CHAPTERS[Kind.LIST])
    labels = {"sample": _("random sample"), "received_event": _("event received"),
              "received_campaign": _("campaign received")}  # fmt: skip
    order = [_("Subscription"), _("Person"), *dict.fromkeys(str(title) for title in CHAPTERS.values())]
    placed = sorted(FIELDS.values(), key=lambda each: order.index(_chapter(each)))
    for title, fields in groupby(placed, _chapter):
        choices = [(each.name, labels.get(each.name, str(each.label))) for each in fields]
        yield title, [*choices, (SEGMENT, _("another segment"))] if title == last else choices


def _chapter(asked: Field) -> str:
    if asked.kind in CHAPTERS:
        return str(CHAPTERS[asked.kind])
    return _("Person") if asked.path.startswith(("subscriber", "home")) else _("Subscription")


def offered(asked: Iterable[Draft]) -> list[str]:
    """Return the kinds of things that rows pick, each once."""
    kinds = (kind_of_pick(row) or ("events" if takes(row) is Takes.EVENTS else "") for row in asked)
    return [kind for kind in dict.fromkeys(kinds) if kind]

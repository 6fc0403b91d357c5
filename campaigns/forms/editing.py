"""What the buttons of the rule builder do to a draft: add, remove and bring back, move up and down."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from campaigns.forms.rule import IN_ORDER, ROOT, Draft, read, rows, takes
from campaigns.segments.fields import FIELDS

REMOVED: Final = "u"  # inputs of the row that was removed last begin with this
NAME: Final = re.compile(r"r(\.\d{1,3})*", re.ASCII)


@dataclass(slots=True)
class Editing:
    """A draft under a button: afterwards ``focus`` names the row where the cursor goes, ``button`` the one it rests on.

    ``removed`` is the last row that was removed, and ``was_at`` the place it had.
    """

    draft: Draft
    removed: Draft | None = None
    was_at: str = ""
    focus: str = ""
    button: str = ""

    def do(self, action: str) -> None:
        """Do what a button says, such as "add:r.1", in place; what makes no sense changes nothing."""
        for _place, row in rows(self.draft):
            _settle(row)
        verb, _colon, name = action.partition(":")
        if not NAME.fullmatch(name):
            return
        self.focus = name
        places = [int(step) for step in name.split(".")[1:]]
        if verb in ("up", "down"):
            self._move(places, verb)
        elif verb == "remove":
            self._remove(places)
        elif verb == "undo":
            self._undo()
        elif (new := _new(verb)) and (group := _at(self.draft, places)) is not None:
            group["rules"].append(new)
            made = [*places, len(group["rules"]) - 1]
            self.focus = _name(made if "field" in new else [*made, 0])

    def _remove(self, places: list[int]) -> None:
        parent = _at(self.draft, places[:-1]) if places else None
        if parent is None or places[-1] >= len(parent["rules"]):
            return
        self.was_at = _name(places)
        self.removed = parent["rules"].pop(places[-1])
        self.focus = _name(places[:-1])

    def _undo(self) -> None:
        """Put the removed row back where it was; at the end of the rule, if its group is gone."""
        if self.removed is None or not NAME.fullmatch(self.was_at):
            return
        places = [int(step) for step in self.was_at.split(".")[1:]]
        group = _at(self.draft, places[:-1]) if places else None
        if group is None:
            group, places = self.draft, [len(self.draft["rules"])]
        places[-1] = min(places[-1], len(group["rules"]))
        group["rules"].insert(places[-1], self.removed)
        self.focus, self.removed, self.was_at = _name(places), None, ""

    def _move(self, places: list[int], verb: str) -> None:
        """Move a row one step; where a group begins or ends, into it or out of it."""
        parent = _at(self.draft, places[:-1]) if places else None
        if parent is None or places[-1] >= len(parent["rules"]):
            return
        row = parent["rules"][places[-1]]
        target = _step(parent, places, verb)
        if target:
            del parent["rules"][places[-1]]
            new_parent = _at(self.draft, target[:-1])
            (parent if new_parent is None else new_parent)["rules"].insert(target[-1], row)
            self.focus = _name(target)
        self.button = verb

    def hidden(self) -> list[tuple[str, str]]:
        """Return the inputs that keep the removed row until it is wanted back."""
        if self.removed is None:
            return []
        return [(f"{REMOVED}-at", self.was_at), *_inputs(self.removed, f"{REMOVED}.0")]


def editing(draft: Draft, data: QueryDict) -> Editing:
    """Return the editing of a draft, with the row that was removed before."""
    kept = read(data, REMOVED)["rules"]
    return Editing(draft, removed=kept[0] if kept else None, was_at=data.get(f"{REMOVED}-at", ""))


def _step(parent: Draft, places: list[int], verb: str) -> list[int]:
    """Return where a row goes, in places as they are once it is taken out; nothing where it stays."""
    *above, place = places
    neighbour = place + (1 if verb == "down" else -1)
    if not 0 <= neighbour < len(parent["rules"]):
        if not above:
            return []
        return [*above[:-1], above[-1] + 1] if verb == "down" else above
    next_to = parent["rules"][neighbour]
    group = next_to.get("person", next_to)
    if "rules" not in group or ("person" in next_to and _asks_person(parent["rules"][place])):
        return [*above, neighbour]
    return [*above, place, 0] if verb == "down" else [*above, neighbour, len(group["rules"])]


def _asks_person(row: Draft) -> bool:
    return "person" in row or any(_asks_person(inner) for inner in row.get("rules", ()))


def _new(verb: str) -> Draft | None:
    blank: Draft = {"field": "", "op": "", "values": []}
    made: dict[str, Draft] = {
        "add": blank,
        "group": {"match": "any", "rules": [blank]},
        "none": {"match": "none", "rules": [blank]},
        "person": {"person": {"match": "all", "rules": [blank]}},
    }
    return made.get(verb)


def _settle(row: Draft) -> None:
    """Give a row whose field has just been chosen the first question of that field."""
    field = FIELDS.get(row.get("field", ""))
    if field and row["op"] not in field.ops:
        row["op"] = field.ops[0].value
    elif "field" in row and not field:
        row["op"] = ""


def _at(draft: Draft, places: list[int]) -> Draft | None:
    """Return the group at a place, or nothing where there is none."""
    for place in places:
        if place >= len(draft["rules"]):
            return None
        draft = draft["rules"][place]
        draft = draft.get("person", draft)
        if "rules" not in draft:
            return None
    return draft


def _name(places: list[int]) -> str:
    return ".".join((ROOT, *map(str, places)))


def _inputs(row: Draft, name: str) -> Iterator[tuple[str, str]]:
    group: dict[str, Any] = row.get("person", row)
    if "rules" not in group:
        yield f"{name}-field", row["field"]
        yield f"{name}-op", row["op"]
        yield f"{name}-takes", takes(row).value
        values = row["values"] if takes(row) in IN_ORDER else ["\n".join(row["values"])]
        yield from ((f"{name}-values", value) for value in values)
        return
    yield f"{name}-match", group["match"]
    if "person" in row:
        yield f"{name}-who", "person"
    for place, inner in enumerate(group["rules"]):
        yield from _inputs(inner, f"{name}.{place}")

"""The rule builder without any script: the posted rows as a draft, edits of it, and its faults.

A draft has the shape of a stored rule (see ``campaigns.segments.rules``) but may be unfinished. A row is named
by its place, "r" for the whole rule and "r.1.0" for the first row of its second; its inputs are called
``r.1.0-field``, ``r.1.0-op`` and ``r.1.0-values``, those of a group ``r.1-match`` and ``r.1-who``.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from django.http import QueryDict
from django.utils.translation import gettext as _

from campaigns.segments import rules
from campaigns.segments.fields import FIELDS, Op

Draft: TypeAlias = dict[str, Any]

ROOT: Final = "r"


def read(data: QueryDict, prefix: str = ROOT, *, depth: int = 0) -> Draft:
    """Return what the form says; rows below the deepest that a rule may have are left for the check to refuse."""
    inner: list[Draft] = []
    for number in itertools.count():
        name = f"{prefix}.{number}"
        if f"{name}-match" in data and depth <= rules.MAX_DEPTH:
            group = read(data, name, depth=depth + 1)
            inner.append({"person": group} if data.get(f"{name}-who") == "person" else group)
        elif f"{name}-field" in data:
            inner.append(_condition(data, name))
        else:
            break
    return {"match": data.get(f"{prefix}-match", ""), "rules": inner}


def _condition(data: QueryDict, name: str) -> Draft:
    lines = (line.strip() for text in data.getlist(f"{name}-values") for line in re.split("[\r\n]+", text))
    return {
        "field": data.get(f"{name}-field", ""),
        "op": data.get(f"{name}-op", ""),
        "values": list(dict.fromkeys(line for line in lines if line)),
    }


def edit(draft: Draft, action: str) -> str:
    """Do what a button says, such as "add:r.1", in place; return the name of the row where the cursor goes."""
    for _name, row in _rows(draft, ROOT):
        _settle(row)
    verb, _colon, name = action.partition(":")
    if not re.fullmatch(r"r(\.\d{1,3})*", name, re.ASCII):
        return ""
    places = [int(step) for step in name.split(".")[1:]]
    blank = {"field": "", "op": "", "values": []}
    new = {
        "add": blank,
        "group": {"match": "any", "rules": [blank]},
        "none": {"match": "none", "rules": [blank]},
        "person": {"person": {"match": "all", "rules": [blank]}},
    }.get(verb)
    if verb == "remove" and places and (parent := _at(draft, places[:-1])) is not None:
        del parent["rules"][places[-1] : places[-1] + 1]
        return name.rpartition(".")[0]
    group = _at(draft, places)
    if new is None or group is None:
        return name
    group["rules"].append(new)
    made = f"{name}.{len(group['rules']) - 1}"
    return made if new is blank else f"{made}.0"


def _settle(row: Draft) -> None:
    """Give a row whose field has just been chosen the first question of that field."""
    field = FIELDS.get(row.get("field", ""))
    if field and row["op"] not in field.kind.value:
        row["op"] = field.kind.value[0].value


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


def check(draft: Draft) -> tuple[rules.Group | None, dict[str, str]]:
    """Return the rule, if the draft is one, and what is wrong by the name of the row."""
    errors = {name: fault for name, row in _rows(draft, ROOT) if (fault := _fault(name, row))}
    try:
        rule = rules.parse(stored(draft))
    except rules.RuleError as error:
        errors.setdefault(_name(error.path), error.message)
        return None, errors
    return (None if errors else rule), errors


def stored(draft: Draft) -> Draft:
    """Return the draft as it would be stored: without values where the question takes none."""
    if "person" in draft:
        return {"person": stored(draft["person"])}
    if "match" in draft:
        return {"match": draft["match"], "rules": [stored(inner) for inner in draft["rules"]]}
    if draft["op"] in Op.values and not Op(draft["op"]).takes_values:
        return {"field": draft["field"], "op": draft["op"]}
    return draft


def _rows(draft: Draft, name: str) -> Iterator[tuple[str, Draft]]:
    yield name, draft
    for place, inner in enumerate(draft.get("rules", ())):
        yield from _rows(inner.get("person", inner), f"{name}.{place}")


def _fault(name: str, row: Draft) -> str:
    if "match" in row:
        if row["rules"] or name == ROOT:
            return ""
        return _("This group is empty. Add a row to it, or remove it.")
    if not row["field"]:
        return _("Choose what this row looks at, or remove it.")
    try:
        rules.parse({"match": "all", "rules": [stored(row)]})
    except rules.RuleError as error:
        return error.message
    return ""


def _name(path: rules.Path) -> str:
    """Return the name of the row that a fault of the whole rule lies in; numbers of values are no rows."""
    places = [str(step) for before, step in itertools.pairwise(("", *path)) if before == "rules"]
    return ".".join((ROOT, *places))


def place(name: str) -> str:
    """Return a row's place as people count: "2.1" for "r.1.0"."""
    return ".".join(str(int(step) + 1) for step in name.split(".")[1:])


def field_names(draft: Draft) -> list[str]:
    """Return the fields that rows of the draft look at."""
    return [row["field"] for _place, row in _rows(draft, ROOT) if "field" in row]

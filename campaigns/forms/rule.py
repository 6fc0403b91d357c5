"""The rule builder without any script: the posted rows as a draft, and its faults.

A draft has the shape of a stored rule (see ``campaigns.segments.rules``) but may be unfinished; another segment
is a row of its own. A row is named by its place, "r" for the whole rule and "r.1.0" for the first row of its
second; its inputs are called ``r.1.0-field``, ``r.1.0-op``, ``r.1.0-takes`` (what the inputs of its values are
made for) and ``r.1.0-values``, those of a group ``r.1-match`` and ``r.1-who``.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from django.http import QueryDict
from django.utils.translation import gettext as _

from campaigns.forms import picks
from campaigns.segments import nesting, rules
from campaigns.segments.fields import FIELDS
from campaigns.segments.ops import Op, Takes

Draft: TypeAlias = dict[str, Any]

ROOT: Final = "r"
SEGMENT: Final = "segment"  # stands in a row where others name a field
ONE_BY_ONE: Final = (Takes.TEXTS, Takes.PATTERN)
IN_ORDER: Final = {
    Takes.PATTERN: 1,
    Takes.DAYS: 1,
    Takes.DATE: 1,
    Takes.RANGE: 2,
    Takes.SAMPLE: 2,
}  # so many inputs


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
    row: Draft = {"field": data.get(f"{name}-field", ""), "op": data.get(f"{name}-op", ""), "values": []}
    wanted, given = takes(row), data.get(f"{name}-takes", "")
    if given and given != wanted.value and not {wanted.value, given} <= {each.value for each in ONE_BY_ONE}:
        return row
    texts = data.getlist(f"{name}-values")
    if wanted in IN_ORDER:
        row["values"] = [text.strip() for text in texts[: IN_ORDER[wanted]]]
        return row
    lines = (line.strip() for text in texts for line in re.split("[\r\n]+", text))
    values = list(dict.fromkeys(line for line in lines if line))
    row["values"] = picks.ids(kind, values) if (kind := kind_of_pick(row)) else values
    return row


def takes(row: Draft) -> Takes:
    """Return what the question of a row takes; texts where that is not known."""
    field = FIELDS.get(row["field"])
    return field.takes(Op(row["op"])) if field and row["op"] in field.ops else Takes.TEXTS


def kind_of_pick(row: Draft) -> str:
    """Return what a row picks by name: "segment", "campaigns" or "lists"; "" where it picks nothing."""
    if row["field"] == SEGMENT:
        return SEGMENT
    wanted = takes(row)
    return wanted.value if wanted in (Takes.CAMPAIGNS, Takes.LISTS) else ""


def drafted(rule: Draft) -> Draft:
    """Return a stored rule as a draft."""
    if "person" in rule:
        return {"person": drafted(rule["person"])}
    if "match" in rule:
        return {"match": rule["match"], "rules": [drafted(inner) for inner in rule["rules"]]}
    if SEGMENT in rule:
        return {"field": SEGMENT, "op": "", "values": [str(rule[SEGMENT])]}
    return {"values": [], **rule}


def stored(draft: Draft) -> Draft:
    """Return the draft as it would be stored: without values where the question takes none."""
    if "person" in draft:
        return {"person": stored(draft["person"])}
    if "match" in draft:
        return {"match": draft["match"], "rules": [stored(inner) for inner in draft["rules"]]}
    if draft["field"] == SEGMENT:
        first = (draft["values"] or [""])[0]
        return {SEGMENT: int(first) if picks.is_id(first) else first}
    if draft["op"] in Op.values and not Op(draft["op"]).takes_values:
        return {"field": draft["field"], "op": draft["op"]}
    return {**draft, "values": [value for value in draft["values"] if value]}


def check(draft: Draft, segment_pk: int | None = None) -> tuple[rules.Group | None, dict[str, str]]:
    """Return the rule, if the draft is one for this segment, and what is wrong by the name of the row."""
    errors = {name: fault for name, row in rows(draft) if (fault := _fault(name, row))}
    try:
        rule = rules.parse(stored(draft))
    except rules.RuleError as error:
        errors.setdefault(_name(error.path), error.message)
        return None, errors
    try:
        if not errors and any(isinstance(each, rules.Inside) for each in rules.walk(rule)):
            nesting.check(segment_pk, rules.to_json(rule))
    except rules.RuleError as error:
        errors[ROOT] = error.message
    return (None if errors else rule), errors


def rows(draft: Draft, name: str = ROOT) -> Iterator[tuple[str, Draft]]:
    """Yield every row and group with its name, from the outside in."""
    yield name, draft
    for place, inner in enumerate(draft.get("rules", ())):
        yield from rows(inner.get("person", inner), f"{name}.{place}")


def _fault(name: str, row: Draft) -> str:
    if "match" in row:
        if row["rules"] or name == ROOT:
            return ""
        return _("This group is empty. Add a row to it, or remove it.")
    if not row["field"]:
        return _("Choose what this row looks at, or remove it.")
    if (kind := kind_of_pick(row)) and (fault := picks.fault(kind, row["values"])):
        return fault
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


def conditions(draft: Draft) -> list[Draft]:
    """Return the rows that ask something."""
    return [row for _place, row in rows(draft) if "field" in row]

"""What is wrong with a segment: every fault with the field that it is about, for the form and beside the rule."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.forms import rule as builder
from campaigns.forms.rows import Node
from campaigns.forms.segment import SegmentForm


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, under which name, and the id of the field where it is put right."""

    field_id: str
    label: str
    message: str


def faults(form: SegmentForm, root: Node) -> list[Fault]:
    """Return what keeps this form with this rule from being saved, in the order of the page."""
    named = [
        Fault(field.id_for_label, str(field.label), str(error)) for field in form for error in field.errors
    ]
    return [*named, *in_rows(root)]


def in_rows(node: Node) -> Iterator[Fault]:
    """Yield what is wrong with a row or group and with everything in it."""
    if node.error:
        where = builder.place(node.prefix)
        label = _("Row %(place)s") % {"place": where} if where else _("Who is in it")
        yield Fault(_wrong_input(node), label, node.error)
    for inner in node.nodes:
        yield from in_rows(inner)


def _wrong_input(node: Node) -> str:
    """Return the id of the input of a row or group that is most likely to be wrong: a value, best a missing one."""
    if node.is_group:
        return f"{node.prefix}-match"
    if not node.field or not node.takes_values:
        return f"{node.prefix}-field"
    return f"{node.prefix}-value-{node.values.index('') + 1 if '' in node.values else 1}"

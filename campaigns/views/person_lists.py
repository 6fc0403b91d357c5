"""Lists of people: upload or paste user ids, see what came of it, who is unknown, and archive."""

import csv
from collections.abc import Iterator
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import reports
from campaigns.forms.person_list import Kept, ListError, PersonListForm
from campaigns.models import PersonList, PersonListMember, Subscriber
from campaigns.reports.spreadsheet import BYTE_ORDER_MARK, Line
from campaigns.views import segment_uses
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page

PAGE_COUNT: Final = 5_000
SHOWN_COUNT: Final = 20


@permission_required("campaigns.add_personlist", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def person_list_new(request: StaffRequest) -> HttpResponse:
    """Take a file or pasted lines; nothing is kept where anything in it is wrong."""
    form = PersonListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (kept := _kept(request, form)):
        messages.success(request, said(kept))
        return redirect("person_list", kept.people.pk)
    return page(request, "campaigns/person_list_new.html", {"form": form}, title=_("New list of people"))


def _kept(request: StaffRequest, form: PersonListForm) -> Kept | None:
    try:
        return form.keep(by=request.user)
    except ListError as error:
        form.add_error("file" if form.cleaned_data["file"] else "pasted", str(error))
    except IntegrityError:  # somebody took the name between the check and the save
        form.add_error("name", _("Another list has this name. Choose a different one."))
    return None


def said(kept: Kept) -> str:
    """Return what came of reading a file, in words."""
    count = kept.people.people_count
    parts = [ngettext("%(n)s user id is kept.", "%(n)s user ids are kept.", count) % {"n": f"{count:,}"}]
    if kept.duplicate_count:
        parts.append(
            ngettext("%(n)s row repeated one.", "%(n)s rows repeated one.", kept.duplicate_count)
            % {"n": f"{kept.duplicate_count:,}"}
        )
    if kept.blank_count:
        parts.append(
            ngettext("%(n)s row was blank.", "%(n)s rows were blank.", kept.blank_count)
            % {"n": f"{kept.blank_count:,}"}
        )
    if kept.erased_count:
        parts.append(
            ngettext(
                "%(n)s was erased here and is left out.",
                "%(n)s were erased here and are left out.",
                kept.erased_count,
            )
            % {"n": f"{kept.erased_count:,}"}
        )
    return " ".join(parts)


@permission_required("campaigns.view_personlist", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def person_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a list: how many, who is not known, and which segments use it; a POST archives or brings back."""
    people = get_object_or_404(PersonList.objects.select_related("created_by"), pk=pk)
    if request.method == "POST":
        return _archive(request, people)
    lacking = unknown(people)
    unknown_count = lacking.count()
    context = {
        "list": people,
        "known_count": people.people_count - unknown_count,
        "unknown_count": unknown_count,
        "unknown": lacking.order_by("pk").values_list("external_id", flat=True)[:SHOWN_COUNT],
        "used_by": segment_uses.asking(people),
        "may_write": request.user.has_perm("campaigns.change_personlist"),
    }
    return page(request, "campaigns/person_list_detail.html", context, title=people.name)


def _archive(request: HttpRequest, people: PersonList) -> HttpResponse:
    if not request.user.has_perm("campaigns.change_personlist"):
        raise PermissionDenied
    is_archived = request.POST.get("do") == "archive"
    names = segment_uses.names(segment_uses.asking(people))
    if is_archived and names:
        text = _("Segments use this list: %(names)s. Take it out of them first.")
        messages.error(request, text % {"names": names})
    else:
        PersonList.objects.filter(pk=people.pk).update(is_archived=is_archived)
        done = _("Archived. Segments no longer offer it.") if is_archived else _("Brought back.")
        messages.success(request, done)
    return redirect("person_list", people.pk)


@permission_required("campaigns.view_personlist", raise_exception=True)
@require_safe
def person_list_unknown(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Return the user ids of a list that no subscriber has, as a spreadsheet, however many."""
    people = get_object_or_404(PersonList, pk=pk)
    headers = {
        "Content-Disposition": f'attachment; filename="list-{pk}-unknown.csv"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(_lines(people), content_type="text/csv; charset=utf-8", headers=headers)


def unknown(people: PersonList) -> QuerySet[PersonListMember]:
    """Return the members whom we do not know."""
    return people.members.filter(~Exists(Subscriber.objects.filter(external_id=OuterRef("external_id"))))


def _lines(people: PersonList) -> Iterator[str]:
    writer = csv.writer(Line(), quoting=csv.QUOTE_ALL)
    yield BYTE_ORDER_MARK + writer.writerow([_("user id")])
    last = 0
    while rows := list(unknown(people).filter(pk__gt=last).order_by("pk")[:PAGE_COUNT]):
        yield "".join(writer.writerow([reports.safe_cell(row.external_id)]) for row in rows)
        last = rows[-1].pk

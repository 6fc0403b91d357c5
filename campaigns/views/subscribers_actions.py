"""What staff do to a person: suppress, let in again, hand out their data, erase."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import audit
from campaigns.importing import suppressed
from campaigns.importing.fetched import fetch
from campaigns.importing.sync_steps import UnsetError
from campaigns.models import Delivery, Entry, Notice, Subscriber, SubscriberAction
from campaigns.pipeline.record import erase as record
from campaigns.pipeline.record.mentions import ids_of, notices_about
from campaigns.reports.person_data import everything
from campaigns.views.actions import StaffRequest
from campaigns.views.page import page
from campaigns.views.subscribers import found
from integrations.braze.errors import BrazeError

CHANGE, ERASE = "campaigns.change_subscriber", "campaigns.delete_subscriber"
LONGEST_NOTE = 300
MOST_SHOWN = 10
UNUSUAL = re.compile(r"[^\w.@+-]")  # in the name of a file

changeable = permission_required(CHANGE, raise_exception=True)


@changeable
@require_POST
def subscriber_suppress(request: StaffRequest, pk: int) -> HttpResponse:
    """Send nothing to a person any more; whatever waits for them ends now."""
    person, note = found(pk), _note(request)
    if not note:
        messages.error(request, _("Say why: the reason stays with the person. Nothing was changed."))
        return redirect("subscriber_detail", pk)
    if person.is_suppressed:
        messages.info(request, _("Nothing was sent to this person anyway."))
        return redirect("subscriber_detail", pk)
    with not_found_if_gone():
        count = record.suppress(person, _marks(request, person, note))
    ended = ngettext(
        "%(count)d delivery that waited has ended.", "%(count)d deliveries that waited have ended.", count
    ) % {"count": count}
    done = _("Nothing is sent to this person any more.")
    messages.success(request, f"{done} {ended}" if count else done)
    return redirect("subscriber_detail", pk)


@changeable
@require_POST
def subscriber_lift(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a person receive again."""
    person, note = found(pk), _note(request)
    if not note:
        messages.error(request, _("Say why: the reason stays with the person. Nothing was changed."))
    elif not person.is_suppressed:
        messages.info(request, _("This person is not suppressed."))
    else:
        with not_found_if_gone():
            record.lift(person, _marks(request, person, note))
        messages.success(request, _("Events may be sent to this person again. What has ended stays so."))
    return redirect("subscriber_detail", pk)


@changeable
@require_POST
def subscriber_export(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand out everything that is held of a person; it is kept who took it."""
    person = found(pk)
    with not_found_if_gone(), transaction.atomic():
        Subscriber.objects.select_for_update(no_key=True).get(pk=pk)
        action = SubscriberAction.objects.create(
            subscriber=person, verb=SubscriberAction.Verb.EXPORTED, by=request.user, note=_note(request)
        )
        data = everything(person, notices=notices_about(person, ids_of(person)))
        audit.on_person(action)
    response = JsonResponse(data, json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = content_disposition_header(True, f"person-{UNUSUAL.sub('_', person.external_id)}.json")
    response["Content-Disposition"] = str(name)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@permission_required(["campaigns.view_subscriber", "campaigns.add_import"], raise_exception=True)
@require_POST
def subscriber_fetch(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask Braze for this person now, and take over what it says."""
    person = found(pk)
    try:
        fetched = fetch(person.workspace, [person.external_id])
    except (UnsetError, BrazeError) as error:
        messages.error(request, f"{error} {_('Nothing was changed.')}")
        return redirect("subscriber_detail", pk)
    if fetched.unknown:
        messages.warning(request, _("Braze does not know this user id any more. Nothing was changed."))
    elif fault := fetched.faults.get(person.external_id):
        messages.error(request, f"{fault} {_('Nothing was changed.')}")
    elif fetched.taken.changed_count:
        messages.success(request, _("Fetched from Braze: what had changed is here now."))
    else:
        messages.success(request, _("Fetched from Braze: nothing has changed."))
    return redirect("subscriber_detail", pk)


@permission_required("campaigns.view_subscriber", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def subscriber_erase(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what goes and what stays; erase once the user id was typed."""
    if not request.user.has_perm(ERASE):
        raise PermissionDenied
    person = found(pk)
    problem = ""
    if request.method == "POST":
        problem = _why_not(request, person) or _erase(request, person)
        if not problem:
            return redirect("admin:campaigns_subscriber_changelist")
    context = {**_numbers(person), "person": person, "problem": problem, "note": _note(request)}
    title = _("Erase %(person)s") % {"person": person}
    return page(
        request, "campaigns/subscriber_erase.html", context, title=title, status=422 if problem else 200
    )


def _why_not(request: StaffRequest, person: Subscriber) -> str:
    if request.POST.get("user_id", "") != person.external_id:
        return _("The user id typed is not this person's. Type it exactly as shown. Nothing was changed.")
    if not _note(request):
        return _("Say why: the reason stays in the history. Nothing was changed.")
    return ""


def _erase(request: StaffRequest, person: Subscriber) -> str:
    """Erase, and return why not where that cannot be now."""
    try:
        pseudonym = record.erase(person, _marks(request, person, _note(request)))
    except record.StillOutError:
        return _(
            "A call for this person is on its way. Wait until it is settled, then erase. Nothing was changed."
        )
    except Subscriber.DoesNotExist:
        raise Http404 from None
    text = _("Erased. What was sent stays in the history under the name %(name)s.")
    messages.success(request, text % {"name": pseudonym})
    return ""


@contextmanager
def not_found_if_gone() -> Iterator[None]:
    """Say that there is no such person, where somebody else has just erased them."""
    try:
        yield
    except Subscriber.DoesNotExist:
        raise Http404 from None


def _numbers(person: Subscriber) -> dict[str, Any]:
    deliveries = Delivery.objects.filter(subscriber=person)
    rows = deliveries.select_related("send__event").defer("send__content", "send__rule")
    repeats = Q(state=Delivery.State.QUEUED, reason__in=Delivery.UNANSWERED)
    unclear = rows.filter(Q(state__in=record.OUT) | repeats)
    entries = Entry.objects.filter(subscriber=person)
    notices = notices_about(person, ids_of(person))
    return {
        "out": list(unclear.order_by("pk")[:MOST_SHOWN]),
        "delivery_count": deliveries.count(),
        "waiting_count": deliveries.filter(state=Delivery.State.QUEUED).count(),
        "subscription_count": person.subscriptions.count(),
        "event_count": person.events.count(),
        "entry_count": entries.count(),
        "present_count": entries.filter(state=Entry.State.PRESENT).count(),
        "notice_count": Notice.objects.filter(pk__in=notices).exclude(body="").count(),
    }


def _note(request: StaffRequest) -> str:
    """Return the reason that was typed, without the one character that PostgreSQL does not store."""
    return request.POST.get("note", "").replace("\0", "").strip()[:LONGEST_NOTE]


def _marks(request: StaffRequest, person: Subscriber, note: str) -> record.Marks:
    keys = suppressed.keys(person.workspace_id, person.external_id)
    return record.Marks(by=request.user, note=note, keys=keys)

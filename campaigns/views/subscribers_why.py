"""Why a person is in a segment or not: every condition with the person's own values."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.forms.fields import row_id
from campaigns.models import Segment, Subscriber
from campaigns.segments import explain, rules
from campaigns.views.page import page
from campaigns.views.subscribers import found, readable
from campaigns.views.subscribers_table import accounts_of


@readable
@require_safe
def subscriber_why_choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead from the choice of a segment to the answer, which has an address of its own."""
    person, account = found(pk), request.GET.get("account", "")
    segment = get_object_or_404(Segment, pk=row_id(request.GET.get("segment", "")))
    asked = f"?{urlencode({'account': account})}" if account else ""
    return redirect(reverse("subscriber_why", args=[person.pk, segment.pk]) + asked)


@readable
@require_safe
@never_cache
def subscriber_why(request: HttpRequest, pk: int, segment_pk: int) -> HttpResponse:
    """Show each condition of a segment with what this person has there."""
    if not request.user.has_perm("campaigns.view_segment"):
        raise PermissionDenied
    person, segment = found(pk), get_object_or_404(Segment, pk=segment_pk)
    subscriptions = list(person.subscriptions.select_related("traits"))
    account = request.GET.get("account", "")[:255]
    context = {
        "person": person,
        "segment": segment,
        "account": account,
        "accounts": accounts_of(subscriptions),
        "segments": Segment.objects.filter(is_archived=False).only("name"),
        **_answer(person, segment, account=account),
    }
    title = _("Is %(person)s in “%(segment)s”?") % {"person": person, "segment": segment}
    return page(request, "campaigns/subscriber_why.html", context, title=title)


def _answer(person: Subscriber, segment: Segment, *, account: str) -> dict[str, object]:
    try:
        explained = explain.why(rules.parse(segment.rule), person, account_code=account or None)
    except rules.RuleError as error:  # its own rule, or that of a segment inside it
        return {"fault": str(error)}
    return {"explained": explained, "chosen": {each.pk for each in explained.subscriptions}}

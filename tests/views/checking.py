"""Having everybody of a send checked, and the pages that say so."""

from django.urls import reverse

from campaigns.models import Event, Send
from campaigns.pipeline import compose, dryrun

CREATE, UPDATE = Send.Kind.CREATE, Send.Kind.UPDATE
HTMX = {"HTTP_HX_REQUEST": "true"}
NAMED = "Hello {{ ${last_name} }}"


def draft(event, kind=CREATE):
    return compose.draft(Event.objects.get(pk=event.pk), kind)


def checked(event, kind=CREATE, *, by=None):
    """Check everybody; returns the dry run."""
    return dryrun.run(dryrun.ask(draft(event, kind), by=by).pk)


def failing(event, *, by=None):
    """A check of a text that cannot be filled in for one of three."""
    Event.objects.filter(pk=event.pk).update(title=NAMED)
    return checked(event, by=by)


def review(event, kind=CREATE):
    return reverse("send_review", args=[event.pk, kind])


def check(event, kind=CREATE):
    return reverse("event_check", args=[event.pk, kind])


def text(client, address, **options):
    response = client.get(address, **options)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def form(client, event, **typed):
    """What the form of the page sends, without having anybody checked first."""
    context = client.get(review(event)).context
    fields, job = context["form"].initial, context["check"].job
    seen = {"seen": fields["seen"], "checked": job.pk if job else ""}
    return {"when": "now", "submit_token": str(fields["submit_token"]), **seen, **typed}

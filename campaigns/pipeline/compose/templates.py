"""Webhook templates: saved as one immutable version after another, copied, archived."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import WebhookTag, WebhookTemplate, WebhookVersion
from campaigns.pipeline.compose.errors import NotPossibleError
from campaigns.pipeline.content import WebhookText

LONGEST_NAME = 200


class StaleTemplateError(NotPossibleError):
    """Somebody else has saved the template since this form was opened."""


def webhook_of(template: WebhookTemplate) -> WebhookText:
    """Return what a template says now; an empty webhook where it was never saved."""
    newest = template.versions.filter(number=template.version).first() if template.version else None
    return WebhookText.from_row(newest) if newest else WebhookText()


@transaction.atomic
def save_template(
    template: WebhookTemplate,
    hook: WebhookText,
    *,
    by: User,
    expected_version: int,
    tags: Sequence[str] | None = None,
    seen_at: datetime | None = None,
) -> WebhookTemplate:
    """Save a template; a text that differs from the newest version becomes the next one.

    ``expected_version`` is the one that the form was opened with (0 for a new template); with ``seen_at``, the
    template's ``changed_at`` back then, a new name or description counts as a change too. ``tags`` replace the
    template's. Raises ``StaleTemplateError`` when somebody was faster, ``IntegrityError`` when the name is taken.
    """
    if template._state.adding:
        template.created_by = by
    else:
        stored = WebhookTemplate.objects.select_for_update().get(pk=template.pk)
        if stored.version != expected_version or seen_at not in (None, stored.changed_at):
            raise StaleTemplateError(_("Somebody else has changed this template since you opened it."))
        template.version, template.is_archived = stored.version, stored.is_archived
    is_new = not template.version or webhook_of(template) != hook
    template.version += is_new
    template.save()
    if is_new:
        _write(template, hook, by=by)
    if tags is not None:
        _tag(template, tags)
    return template


def _write(template: WebhookTemplate, hook: WebhookText, *, by: User) -> None:
    WebhookVersion.objects.create(
        template=template,
        number=template.version,
        method=hook.method,
        url=hook.url,
        headers=[list(pair) for pair in hook.headers],
        body=hook.body,
        made_by=by,
    )


def _tag(template: WebhookTemplate, names: Sequence[str]) -> None:
    template.tags.all().delete()
    WebhookTag.objects.bulk_create(WebhookTag(template=template, name=name) for name in dict.fromkeys(names))


@transaction.atomic
def duplicate_template(template: WebhookTemplate, *, by: User) -> WebhookTemplate:
    """Copy what a template says now, with its description and tags, under a name that is free."""
    copy = WebhookTemplate(name=_free_name(template.name), description=template.description)
    tags = list(template.tags.values_list("name", flat=True))
    return save_template(copy, webhook_of(template), by=by, expected_version=0, tags=tags)


def _free_name(name: str) -> str:
    """Return "Copy of …", counted up when it is taken, and cut where it would be too long."""
    endings = itertools.chain([""], (f" ({number})" for number in itertools.count(2)))
    first = _("Copy of %s") % name
    names = (f"{first[: LONGEST_NAME - len(ending)]}{ending}" for ending in endings)
    return next(each for each in names if not WebhookTemplate.objects.filter(name=each).exists())


def archive_template(template: WebhookTemplate) -> None:
    """Put a template away: it is offered for no new event. Events made from it keep their own copies."""
    WebhookTemplate.objects.filter(pk=template.pk).update(is_archived=True)


def restore_template(template: WebhookTemplate) -> None:
    """Bring an archived template back."""
    WebhookTemplate.objects.filter(pk=template.pk).update(is_archived=False)

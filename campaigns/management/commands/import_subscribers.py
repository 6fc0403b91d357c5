"""``import_subscribers``: read a Braze segment export from this machine."""

import time
from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import importing
from campaigns.models import Import, Workspace

TELL_SECONDS = 2
SHOWN_COUNT = 5


class Command(BaseCommand):
    help = str(gettext_lazy("Read subscribers from a Braze segment export (ZIP, gzip or JSON lines)."))

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=_("the export, as downloaded"))
        parser.add_argument("--workspace", default="", help=_("the Braze workspace the people belong to"))

    def handle(self, *_args: Any, file: Path, workspace: str, **_options: Any) -> None:
        try:
            job = importing.start(file, workspace=chosen_workspace(workspace))
        except importing.ExportError as fault:
            raise CommandError(f"{file}: {fault}") from None
        self.follow(job)
        job.refresh_from_db()
        self.tell_result(job)
        if job.state != Import.State.FINISHED:
            raise CommandError(job.reason)

    def follow(self, job: Import) -> None:
        """Run the import and say every few seconds how far it is."""
        began = told = time.monotonic()
        for step in importing.steps(job.pk):
            at = time.monotonic()
            if at - told >= TELL_SECONDS:
                told = at
                self.stdout.write(progress(step, at - began))

    def tell_result(self, job: Import) -> None:
        """Say what came of it, in plain words."""
        self.stdout.write(
            _("%(read)d rows read: %(new)d people new, %(changed)d changed, %(unchanged)d unchanged.")
            % {
                "read": job.read_count,
                "new": job.new_count,
                "changed": job.changed_count,
                "unchanged": job.unchanged_count,
            }
        )
        if job.suppressed_count:
            count = job.suppressed_count
            self.stdout.write(
                ngettext("%(count)d erased person left out.", "%(count)d erased people left out.", count)
                % {"count": count}
            )
        if job.problem_count:
            count = job.problem_count
            self.stdout.write(
                ngettext("%(count)d row with a problem:", "%(count)d rows with a problem, the first:", count)
                % {"count": count}
            )
        for problem in job.problems.all()[:SHOWN_COUNT]:
            self.stdout.write(f"  {problem}")
        for code, count in islice(importing.unknown_accounts(job.workspace).items(), SHOWN_COUNT):
            self.stdout.write(
                ngettext(
                    "%(count)d subscription belongs to account %(code)s, which is not set up here.",
                    "%(count)d subscriptions belong to account %(code)s, which is not set up here.",
                    count,
                )
                % {"count": count, "code": code}
            )


def chosen_workspace(name: str) -> Workspace:
    """Return the workspace of this name, or the only one; on a fresh installation make it."""
    names = list(Workspace.objects.values_list("name", flat=True))
    if not names:
        return Workspace.objects.create(name=name or "Braze")
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        raise CommandError(_("Say --workspace with one of: %(names)s.") % {"names": ", ".join(names)})
    return Workspace.objects.get(name=name)


def progress(job: Import, seconds: float) -> str:
    """Return one line: how many people, how much of the file, how fast."""
    return _("%(count)d rows read, %(percent)d %% of the file, %(rate)d a second") % {
        "count": job.read_count,
        "percent": 100 * job.bytes_read_count // max(1, job.byte_count),
        "rate": job.read_count / seconds,
    }

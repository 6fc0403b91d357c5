"""A webhook tried on real people before it is used: what is wrong, for how many, and what one of them would get."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from campaigns import liquid
from campaigns.models import Account, EventWebhook, Subscriber, Subscription
from campaigns.pipeline import raw, render
from campaigns.pipeline.fetch import Fetcher
from campaigns.pipeline.preview import Preview

MOST_PEOPLE: Final = 200
MOST_ROWS: Final = 600
MOST_EXAMPLES: Final = 3
SECONDS: Final = 0.6  # a live page has to stay live, whatever loops somebody pastes
TRANSLATED_BEARER: Final = "translated-scheme"  # the form says so already

Person = tuple[Subscriber, list[Subscription]]


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing wrong with the text for everybody: where, what happens, what to write instead."""

    part: str
    line: int
    code: str
    message: str
    fix: str
    is_bad: bool

    @property
    def place(self) -> str:
        """The part, and the line where that is known."""
        if not self.line:
            return self.part
        return _("%(part)s, line %(line)d") % {"part": self.part, "line": self.line}


@dataclass(slots=True)
class Group:
    """People to whom the same happens, some of them by name with what is particular to them."""

    cause: str
    count: int = 0
    examples: list[tuple[Subscriber, str]] = field(default_factory=list)

    def add(self, person: Subscriber, detail: str = "") -> None:
        """Count one more person."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append((person, detail))


@dataclass(slots=True)
class Tried:
    """How the webhook went for people of an account; ``found_count`` is how many there were to try."""

    found_count: int
    tried_count: int = 0
    fine_count: int = 0
    failed: list[Group] = field(default_factory=list)
    left_out: list[Group] = field(default_factory=list)
    noted: list[Group] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shown:
    """One person's request, or the reason why there would be none."""

    person: Subscriber
    previous: int | None
    following: int | None
    preview: Preview | None = None
    reason: str = ""
    is_left_out: bool = False


def kind_of(hook: render.WebhookText) -> str:
    """Return what kind of send a webhook is for: its URL says so."""
    is_update = hook.url.strip().rstrip("/").endswith("/update")
    return EventWebhook.Kind.UPDATE if is_update else EventWebhook.Kind.CREATE


def remarks(hook: render.WebhookText) -> list[Remark]:
    """Return what is wrong with each part, whoever it is for; what cannot be sent comes first."""
    found = [*_linted(_("URL"), hook.url), *_linted(_("Body"), hook.body)]
    for name, value in hook.headers:
        found += _linted(_("Header “%s”") % name, value)
    is_explained = any(remark.is_bad for remark in found)
    for fault in raw.faults(hook):
        if not (fault.code == "liquid" and is_explained):
            found.append(Remark(_part(fault.part), 0, fault.code, fault.message, fix="", is_bad=True))
    return sorted(found, key=lambda remark: not remark.is_bad)


def _linted(part: str, source: str) -> Iterable[Remark]:
    for finding in liquid.lint(source):
        if finding.code != TRANSLATED_BEARER:
            is_bad = finding.level == "error"
            yield Remark(part, finding.line, finding.code, finding.message, finding.fix, is_bad)


def _part(name: str) -> str:
    return {"url": _("URL"), "method": _("Method"), "headers": _("Headers"), "body": _("Body")}[name]


def people_of(account: Account) -> list[Person]:
    """Return some people of an account in the order of their ids, with their subscriptions to it."""
    theirs = Subscription.objects.filter(traits__account_code=account.code, is_live=True).select_related(
        "traits"
    )
    rows = theirs.exclude(rokt_id="").order_by("pk")
    ids = sorted(set(rows.values_list("subscriber_id", flat=True)[:MOST_ROWS]))[:MOST_PEOPLE]
    subscriptions = defaultdict(list)
    for row in theirs.filter(subscriber__in=ids).order_by("subscriber_id", "position"):
        subscriptions[row.subscriber_id].append(row)
    return [(person, subscriptions[person.pk]) for person in Subscriber.objects.filter(pk__in=ids)]


def tried(writer: render.Writer, people: Sequence[Person]) -> Tried:
    """Write the webhook for each of the people, as long as that takes no time worth noticing."""
    result, until = Tried(len(people)), time.monotonic() + SECONDS
    failed: dict[str, Group] = {}
    left_out: dict[str, Group] = {}
    noted: dict[str, Group] = {}
    for person, subscriptions in people:
        result.tried_count += 1
        try:
            written = writer.write(_whom(person, subscriptions))
        except render.LeftOutError as stop:
            left_out.setdefault(stop.cause, Group(stop.cause)).add(person, stop.detail)
        except render.RenderError as error:
            failed.setdefault(error.cause, Group(error.cause)).add(person, error.detail)
        else:
            result.fine_count += 1
            for note in dict.fromkeys(written.notes):
                noted.setdefault(note, Group(note)).add(person)
        if time.monotonic() >= until:
            break
    result.failed, result.left_out, result.noted = _sorted(failed), _sorted(left_out), _sorted(noted)
    return result


def _sorted(groups: dict[str, Group]) -> list[Group]:
    return sorted(groups.values(), key=lambda group: -group.count)


def _whom(person: Subscriber, subscriptions: Sequence[Subscription]) -> render.Person:
    ids = [subscription.rokt_id for subscription in subscriptions if subscription.rokt_id]
    return render.Person(person.external_id, render.data_of(person), ids)


def shown(writer: raw.RawWriter, people: Sequence[Person], *, asked: int) -> Shown:
    """Return the request of the person with the id ``asked``, else of the first of the people."""
    ids = [person.pk for person, _subscriptions in people]
    at = ids.index(asked) if asked in ids else 0
    person, subscriptions = people[at]
    steps = (ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None)
    try:
        fetch = Fetcher(writer.account) if writer.calls_out else None
        written = writer.write(_whom(person, subscriptions), fetch=fetch)
    except render.RenderError as error:
        return Shown(person, *steps, reason=str(error), is_left_out=isinstance(error, render.LeftOutError))
    return Shown(person, *steps, preview=Preview.of(person, written))

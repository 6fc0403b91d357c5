"""Tells people: a row for each message, tried until it is taken, outside any transaction and away from sending."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.alerts import hook, mail, route
from campaigns.alerts.ledger import JOINS_WITHIN
from campaigns.alerts.mail import NotToldError
from campaigns.alerts.route import Place, Route
from campaigns.alerts.wording import moment, words
from campaigns.models import Alert, AlertMessage
from campaigns.models.clock import now

log = logging.getLogger(__name__)

Channel, News = AlertMessage.Channel, AlertMessage.News
WAITS = (10, 60, 5 * 60, 15 * 60, 30 * 60, 60 * 60)  # seconds; from then on every hour
GIVES_UP = timedelta(days=3)
LEASE = timedelta(minutes=2)  # a worker that dies meanwhile lets the message be told again
TURN_SECONDS = 20.0  # sending needs the workers, too


def tell() -> None:
    """Make messages of what is new and try those that are due, for a short while."""
    announce()
    end = time.monotonic() + TURN_SECONDS
    while time.monotonic() < end and (message := _take()) is not None:
        _try(message, route.current())


def announce() -> None:
    """Write a message for every place that has to know that an alert is open, or over."""
    at = now()
    _announce_open(route.current().places, at)
    settled = Alert.objects.filter(resolved_at__lte=at - JOINS_WITHIN, over_at=None)
    for alert in settled:
        _announce_over(alert, at)


def _announce_open(places: list[Place], at: datetime) -> None:
    rows = AlertMessage.objects.filter(alert__resolved_at=None, news=News.OPENED)
    known = set(rows.values_list("alert", "channel", "address"))
    missing = [
        AlertMessage(alert_id=pk, news=News.OPENED, channel=channel, address=address, made_at=at, due_at=at)
        for pk in Alert.objects.filter(resolved_at=None).order_by("pk").values_list("pk", flat=True)
        for channel, address in places
        if (pk, channel, address) not in known
    ]
    if missing:
        AlertMessage.objects.bulk_create(missing, ignore_conflicts=True)


@transaction.atomic
def _announce_over(alert: Alert, at: datetime) -> None:
    """Tell the end to those who were told the beginning; who was not yet told hears both at once."""
    if not Alert.objects.filter(pk=alert.pk, over_at=None).exclude(resolved_at=None).update(over_at=at):
        return
    opened = alert.messages.filter(news=News.OPENED)
    told = opened.exclude(told_at=None)
    AlertMessage.objects.bulk_create(
        [
            AlertMessage(
                alert=alert, news=News.OVER, channel=one.channel, address=one.address, made_at=at, due_at=at
            )
            for one in told
        ],
        ignore_conflicts=True,
    )
    opened.filter(told_at=None).update(news=News.OVER, made_at=at, due_at=at, try_count=0, problem="")


def _take() -> AlertMessage | None:
    """Lease the next message that is due; None when there is none, or another worker was faster."""
    at = now()
    due = AlertMessage.objects.filter(told_at=None, due_at__lte=at).order_by("due_at", "pk")
    due = due.exclude(
        news=News.OPENED, alert__resolved_at__isnull=False
    )  # its end is told with it, if it is one
    message = due.select_related("alert__account", "alert__send__event__campaign").first()
    if message is None:
        return None
    unchanged = AlertMessage.objects.filter(pk=message.pk, due_at=message.due_at, told_at=None)
    message.try_count += 1
    taken = unchanged.update(due_at=at + LEASE, try_count=message.try_count)
    return message if taken else None


def _try(message: AlertMessage, to: Route) -> None:
    if (message.channel, message.address) not in to.places:
        AlertMessage.objects.filter(pk=message.pk).delete()  # nobody wants it there any more
        return
    try:
        _hand_over(message, to)
    except NotToldError as error:
        log.warning("alert %s: %s %s", message.alert_id, message.channel, error)
        _put_off(message, str(error), everything=error.is_general)
    except Exception as error:
        log.exception("alert %s: the message could not be made", message.alert_id)
        _put_off(message, type(error).__name__, everything=False)
    else:
        same = AlertMessage.objects.filter(pk=message.pk, news=message.news)
        same.update(told_at=now(), due_at=None, problem="")


def _hand_over(message: AlertMessage, to: Route) -> None:
    subject, text = letter(message.alert, News(message.news))
    if message.channel == Channel.MAIL:
        mail.send(message.address, subject=subject, text=text)
    else:
        hook.post(
            to.webhook_url,
            to.webhook_secret,
            webhook_id=f"alert-{message.alert_id}-{message.news}",
            payload=payload(message.alert, News(message.news)),
        )


def _put_off(message: AlertMessage, problem: str, *, everything: bool) -> None:
    """Try again later, the later the more often it failed; what goes the same way need not run into it too."""
    at = now()
    later = at + timedelta(seconds=WAITS[min(message.try_count, len(WAITS)) - 1])
    same = AlertMessage.objects.filter(pk=message.pk, news=message.news, told_at=None)
    same.update(due_at=None if at - message.made_at > GIVES_UP else later, problem=problem[:300])
    if everything:
        others = AlertMessage.objects.filter(channel=message.channel, told_at=None, due_at__lte=at)
        others.update(due_at=later, problem=problem[:300])


def letter(alert: Alert, news: AlertMessage.News) -> tuple[str, str]:
    """Return the subject and the text of an e-mail."""
    said = words(alert)
    over = news == News.OVER
    mark = _("Over") if over else _("Alert")
    parts = [
        said.text,
        _("Since: %(time)s") % {"time": moment(alert.since)},
        _ending(alert) if over else _("What to do: %(advice)s") % {"advice": said.advice},
        said.link,
    ]
    return f"[Calendar Admin] {mark}: {said.title}", "\n\n".join(parts) + "\n"


def _ending(alert: Alert) -> str:
    time_ = moment(alert.resolved_at or now())
    if alert.closed_by_id is not None:
        return _("Somebody marked it as dealt with: %(time)s") % {"time": time_}
    return _("It is over since: %(time)s. There is nothing left to do about it.") % {"time": time_}


def payload(alert: Alert, news: AlertMessage.News) -> dict[str, Any]:
    """Return what the webhook gets; ``text`` alone is enough to show in a chat."""
    subject, text = letter(alert, news)
    return {
        "id": alert.pk,
        "news": news.value,
        "kind": alert.kind,
        "title": words(alert).title,
        "text": f"{subject}\n\n{text}",
        "account": alert.account.code if alert.account else None,
        "send": alert.send_id,
        "since": alert.since.isoformat(),
        "over": alert.resolved_at.isoformat() if news == News.OVER and alert.resolved_at else None,
        "facts": alert.facts,
        "link": words(alert).link,
    }

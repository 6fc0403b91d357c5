"""A test alert to every place that is set, while somebody waits for the answers."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.alerts import hook, mail, route
from campaigns.alerts.mail import NotToldError
from campaigns.alerts.route import Place, Route
from campaigns.models import AlertMessage
from campaigns.models.clock import now


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a test at one place."""

    place: str
    is_good: bool
    text: str


def try_out() -> list[Answer]:
    """Send the test; a mail server that fails once is not asked again."""
    to, answers, mail_works = route.current(), [], True
    for place in to.places:
        channel, address = place
        if channel == AlertMessage.Channel.MAIL and not mail_works:
            answers.append(
                Answer(address, is_good=False, text=_("Not tried: the mail server failed before."))
            )
            continue
        name = address or _("Webhook")
        try:
            answers.append(Answer(name, is_good=True, text=_hand_over(place, to)))
        except NotToldError as error:
            answers.append(Answer(name, is_good=False, text=str(error)))
            mail_works = mail_works and not (channel == AlertMessage.Channel.MAIL and error.is_general)
    return answers


def _hand_over(place: Place, to: Route) -> str:
    subject, text = f"[Calendar Admin] {_('Test')}", _("This is a test. Alerts of Calendar Admin come here.")
    if place[0] == AlertMessage.Channel.MAIL:
        return mail.send(place[1], subject=subject, text=text + "\n")
    return hook.post(
        to.webhook_url, to.webhook_secret, webhook_id=_fresh_id(), payload=_payload(subject, text)
    )


def _fresh_id() -> str:
    return f"test-{now().timestamp():.0f}"


def _payload(title: str, text: str) -> dict[str, Any]:
    return {"news": "test", "title": title, "text": text}

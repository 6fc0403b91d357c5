"""Who is told: the addresses and the webhook that admins have set."""

from dataclasses import dataclass

from campaigns.models import AlertMessage, AlertSettings

Place = tuple[AlertMessage.Channel, str]


@dataclass(frozen=True, slots=True)
class Route:
    """Where alerts go; nothing in it means that nobody is told."""

    mail_addresses: tuple[str, ...]
    webhook_url: str
    webhook_secret: str

    @property
    def places(self) -> list[Place]:
        """Each place that gets a message of its own; the webhook's address is not repeated there."""
        mails: list[Place] = [(AlertMessage.Channel.MAIL, one) for one in self.mail_addresses]
        return [*mails, (AlertMessage.Channel.WEBHOOK, "")] if self.webhook_url else mails


def current() -> Route:
    """Return what is set now."""
    row = AlertSettings.objects.first() or AlertSettings()
    return Route(tuple(row.mail_addresses.split()), row.webhook_url, row.webhook_secret)

"""One e-mail, and in plain words what kept it from being taken."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage

from integrations.web.errors import cause


class NotToldError(Exception):
    """Nobody can say that it arrived; the text is for admins. ``is_general``: it is not about this one address."""

    def __init__(self, text: str, *, is_general: bool) -> None:
        super().__init__(text)
        self.is_general = is_general


def send(address: str, *, subject: str, text: str) -> str:
    """Hand one e-mail over and return what to say of it; NotToldError when it was not taken."""
    if not settings.EMAIL_HOST:
        raise NotToldError("No mail server is set: EMAIL_URL is empty.", is_general=True)
    message = EmailMessage(
        subject=" ".join(subject.split()),
        body=text,
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients.get(address, (0, b""))
        raise NotToldError(_said(code, said), is_general=False) from error
    except smtplib.SMTPResponseException as error:
        raise NotToldError(_said(error.smtp_code, error.smtp_error), is_general=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotToldError(
            f"The mail server could not be reached: {_cause(error)}.", is_general=True
        ) from error
    return "The mail server took it."


def _said(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"The mail server said: {code} {' '.join(words.split())}"


def _cause(error: Exception) -> str:
    return str(error).rstrip(".") if isinstance(error, smtplib.SMTPException) else cause(error)

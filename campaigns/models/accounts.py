"""Where events are sent to (accounts, calendars) and where people come from (workspaces)."""

from urllib.parse import urlsplit

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.encrypted import EncryptedTextField

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z",
    _("Use letters, digits, hyphens and underscores only, as in the web address of the account."),
)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Account(models.Model):
    """One Rokt Calendar account: where it is, who we are there, how fast we may send."""

    class UpdateBody(models.TextChoices):
        WRAPPED = "wrapped", _("wrapped in “event”, as Braze's page shows it")
        FLAT = "flat", _("flat, as Rokt's own page shows it")

    class WhenInDoubt(models.TextChoices):
        VERIFY = "verify", _("look whether it arrived, send again if not")
        RESEND = "resend", _("send again, with the same event id")
        HOLD = "hold", _("wait until somebody decides")

    code = models.CharField(_("account code"), max_length=64, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=200)
    base_url = models.CharField(_("API address"), max_length=200, default="https://api.roktcalendar.com")
    client_id = models.CharField(_("client id"), max_length=200)
    client_secret = EncryptedTextField(_("client secret"))
    timezone = models.CharField(_("time zone"), max_length=64, default="Eastern Standard Time")
    update_body = models.CharField(
        _("update body"), max_length=8, choices=UpdateBody, default=UpdateBody.WRAPPED
    )
    when_in_doubt = models.CharField(
        _("when in doubt"), max_length=8, choices=WhenInDoubt, default=WhenInDoubt.VERIFY
    )
    rate_per_second = models.PositiveIntegerField(
        _("most calls a second"), default=10, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    burst_count = models.PositiveIntegerField(
        _("calls at once after a rest"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    at_once_count = models.PositiveIntegerField(
        _("calls open at the same time, per worker"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
    )
    needs_approval = models.BooleanField(_("a second person releases every send"), default=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True, editable=False)
    stopped_reason = models.CharField(_("why it stopped"), max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rate_per_second__gte=1, burst_count__gte=1, at_once_count__gte=1),
                name="account_limits_are_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stand_in(self) -> bool:
        """Whether this account talks to the sandbox on this machine, not to Rokt."""
        return urlsplit(self.base_url).hostname in LOOPBACK


class Calendar(models.Model):
    """A calendar of an account, as far as subscriptions have told of it."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="calendars", verbose_name=_("account"))
    code = models.CharField(_("calendar code"), max_length=200)
    rokt_id = models.CharField(_("Rokt id"), max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=300, blank=True)

    class Meta:
        ordering = ["title", "code"]
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="calendar_code_once_per_account")
        ]

    def __str__(self) -> str:
        return self.title or self.code


class Workspace(models.Model):
    """One Braze workspace: where its people come from, and what it calls our credential."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    rest_endpoint = models.CharField(_("REST endpoint"), max_length=200, blank=True)
    rest_key = EncryptedTextField(_("REST key"), blank=True)
    credential_name = models.CharField(
        _("Connected Content credential"), max_length=200, default="Rokt-Calendar-API"
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("workspace")
        verbose_name_plural = _("workspaces")

    def __str__(self) -> str:
        return self.name

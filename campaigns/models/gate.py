"""What all workers of an account share: one token, one rate, one breaker."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.accounts import Account
from campaigns.models.encrypted import EncryptedTextField


class Token(models.Model):
    """The account's access token; ``refreshing_until`` is the right to fetch the next one.

    ``refused_at`` is set when Rokt refused a token of ours, and cleared by the next call it accepts:
    a token obtained after that instant and refused again stops the account.
    """

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="token")
    access_token = EncryptedTextField(blank=True)
    obtained_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.account_id}"


class RateLimit(models.Model):
    """A generic cell rate limiter: ``next_at`` is when the next call would be due at the steady rate.

    ``held_until`` is Rokt's own wish (Retry-After): nothing leaves before it. ``asked_at`` is when a worker
    asked last: an account that is asked for all the time needs no further wake-up.
    """

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="rate_limit")
    next_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rate limit")
        verbose_name_plural = _("rate limits")

    def __str__(self) -> str:
        return f"{self.account_id}"


class Breaker(models.Model):
    """Counts failing calls of the last minute, and keeps calls back while Rokt is not well.

    Closed: ``open_until`` is null. Open: ``open_until`` lies ahead. Half open: it has passed, and one
    probe at a time (``probing_until``) may go.
    """

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="breaker")
    window_started_at = models.DateTimeField(null=True)
    good_count = models.PositiveIntegerField(default=0)
    bad_count = models.PositiveIntegerField(default=0)
    bad_in_a_row_count = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True)
    opened_count = models.PositiveIntegerField(default=0)
    probing_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("breaker")
        verbose_name_plural = _("breakers")

    def __str__(self) -> str:
        return f"{self.account_id}"

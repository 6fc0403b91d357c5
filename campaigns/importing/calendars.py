"""What the subscriptions tell of calendars: those of our accounts are noted, the rest is counted."""

from django.db.models import Count, Exists, Max, OuterRef

from campaigns.models import Account, Calendar, Subscription, Traits, Workspace

CODE_LENGTH = Calendar._meta.get_field("code").max_length or 0
ROKT_ID_LENGTH = Calendar._meta.get_field("rokt_id").max_length or 0


def note_calendars() -> None:
    """Add every calendar that a subscription names and that belongs to an account set up here.

    A calendar that is there already is left alone, title included: older subscriptions carry older titles.
    """
    accounts = dict(Account.objects.values_list("code", "id"))
    there = Calendar.objects.filter(account__code=OuterRef("account_code"), code=OuterRef("calendar_code"))
    missing = (
        Traits.objects.filter(account_code__in=accounts)
        .exclude(calendar_code="")
        .filter(~Exists(there))
        .order_by()
        .values_list("account_code", "calendar_code")
        .annotate(Max("calendar_rokt_id"), Max("calendar_title"))
    )
    calendars = [
        Calendar(account_id=accounts[account], code=code, rokt_id=rokt_id, title=title)
        for account, code, rokt_id, title in missing
        if len(code) <= CODE_LENGTH and len(rokt_id) <= ROKT_ID_LENGTH
    ]
    Calendar.objects.bulk_create(calendars, ignore_conflicts=True)


def unknown_accounts(workspace: Workspace) -> dict[str, int]:
    """Return account code -> number of subscriptions, for codes of no account set up here, most first."""
    counted = (
        Subscription.objects.filter(subscriber__workspace=workspace)
        .exclude(traits__account_code__in=Account.objects.values("code"))
        .exclude(traits__account_code="")
        .order_by()
        .values_list("traits__account_code")
        .annotate(count=Count("id"))
        .order_by("-count", "traits__account_code")
    )
    return dict(counted)

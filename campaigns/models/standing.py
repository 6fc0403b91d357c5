"""Who may receive: what subscriptions repeat of their people, kept in step with them."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from campaigns.models.audience import Subscriber, Subscription


def settle(subscribers: Collection[int]) -> None:
    """Bring ``is_live`` of these people's subscriptions up to date; whoever changes what it rests on calls this."""
    theirs = Subscription.objects.filter(subscriber__in=subscribers)
    welcome = Exists(
        Subscriber.objects.filter(pk=OuterRef("subscriber"), is_active=True, is_suppressed=False)
    )
    live = Q(welcome, ended_at__isnull=True)
    theirs.filter(live, is_live=False).update(is_live=True)
    theirs.filter(~live, is_live=True).update(is_live=False)

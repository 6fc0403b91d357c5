"""Who may do what: four roles, kept as groups and brought up to date by every migrate."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

VIEW = [
    "account", "alert", "alertmessage", "alertsettings", "apikey", "attempt", "auditevent",
    "calendar", "campaign", "credential",
    "delivery", "dryrun", "dryruncause", "dryrunperson", "entry", "event", "eventwebhook", "halt", "home",
    "hookaddress", "import", "importproblem", "notice",
    "personlist", "personlistmember", "savedrecipient", "segment", "segmentversion", "send", "sendaction", "snapshot",
    "subscriber", "subscriberaction", "subscriberevent", "subscription", "subscriptionstatus", "suppression", "sync",
    "syncrun", "traits", "traitstag", "webhooktag", "webhooktemplate", "webhookversion", "workspace",
]  # fmt: skip
READ = [f"campaigns.view_{name}" for name in VIEW]
SETTINGS = [  # those who plan need not see them
    "campaigns.view_account",
    "campaigns.view_alertmessage",
    "campaigns.view_alertsettings",
    "campaigns.view_apikey",
    "campaigns.view_auditevent",
    "campaigns.view_credential",
    "campaigns.view_hookaddress",
    "campaigns.view_notice",
    "campaigns.view_workspace",
]
WORK = [permission for permission in READ if permission not in SETTINGS]
COMPOSE = [
    f"campaigns.{verb}_{name}"
    for name in (
        "campaign",
        "event",
        "segment",
        "import",
        "personlist",
        "send",
        "dryrun",
        "savedrecipient",
        "webhooktemplate",
    )
    for verb in ("add", "change")
] + ["campaigns.delete_savedrecipient"]
RELEASE = [
    "campaigns.change_alert",  # say that it is dealt with
    "campaigns.release_send",
    "campaigns.decide_delivery",
    "campaigns.change_subscriber",  # suppress
]
SET_UP = [
    *(
        f"campaigns.{verb}_{name}"
        for name in ("account", "apikey", "credential", "hookaddress", "sync", "workspace")
        for verb in ("add", "change", "delete")
    ),
    "campaigns.add_syncrun",
    "campaigns.change_alertsettings",
    "campaigns.delete_subscriber",  # erase
    "campaigns.release_halt",
    *(f"auth.{verb}_user" for verb in ("add", "change", "delete", "view")),
    "auth.view_group",
]

ROLES = {
    "auditor": READ,
    "marketer": WORK + COMPOSE,
    "approver": WORK + COMPOSE + RELEASE,
    "admin": READ + COMPOSE + RELEASE + SET_UP,
}


def keep_roles(*, using: str, **_signal: Any) -> None:
    """Give each role exactly its permissions; runs after every migrate."""
    for label in ("auth", "campaigns"):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    known = {
        f"{label}.{codename}": pk
        for label, codename, pk in Permission.objects.using(using).values_list(
            "content_type__app_label", "codename", "pk"
        )
    }
    for name, permissions in ROLES.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set([known[permission] for permission in permissions])

"""Setup: the credentials that webhooks name to be let in elsewhere."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy

from campaigns.admin.accounts import SetupAdmin
from campaigns.admin.pages import column
from campaigns.forms.credential import CredentialForm
from campaigns.models import Credential


@admin.register(Credential)
class CredentialAdmin(SetupAdmin):
    form = CredentialForm
    secret_name = "secret"  # noqa: S105 - the name of a field
    list_display = ("name", "kind", "hosts")
    list_filter = ("kind",)
    search_fields = ("name", "allowed_hosts")
    fieldsets: ClassVar[Any] = (
        (gettext_lazy("Credential"), {"fields": ("name", "kind", "username", "secret")}),
        (gettext_lazy("Where it may go"), {"fields": ("allowed_hosts",)}),
    )

    @column(gettext_lazy("allowed hosts"))
    def hosts(self, credential: Credential) -> str:
        return ", ".join(credential.allowed_hosts.split())

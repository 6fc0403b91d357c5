"""Who works here, and in which role; the roles themselves are written in ``campaigns.models.roles``."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from campaigns.admin.pages import NOTHING, ListAdmin, column
from campaigns.templatetags.moments import utc

admin.site.unregister(Group)
admin.site.unregister(User)

ABOUT = ("first_name", "last_name", "email")


@admin.register(User)
class StaffAdmin(UserAdmin[User], ListAdmin):  # type: ignore[misc]  # Unfold changes what Django declares
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "roles", "is_active", "signed_in")
    list_filter = ("groups", "is_active")
    filter_horizontal = ()
    readonly_fields = ("signed_in", "joined")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("username", "password", *ABOUT)}),
        (_("Role"), {"fields": ("groups", "is_active")}),
        (_("Dates"), {"fields": ("signed_in", "joined")}),
    )
    add_fieldsets: Any = (
        (None, {"fields": ("username", *ABOUT, "groups", "usable_password", "password1", "password2")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser is changed by superusers only: nobody climbs higher by a password that they set."""
        may_change: bool = super().has_change_permission(request, obj)
        is_theirs = obj is None or not obj.is_superuser or bool(request.user.is_superuser)
        return may_change and is_theirs

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody: the history names people for good. Who has left is made inactive."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the roles along."""
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **options: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        """Choose roles from a short list."""
        if db_field.name == "groups":
            options["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            options["label"] = _("Roles")
            options["help_text"] = ""
        field: forms.ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(
            db_field, request, **options
        )
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        """Everybody here works with the admin; what they may do is their role."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def chained(self, obj: User) -> dict[str, Any]:
        """Tell the roles: who may do what is what matters."""
        roles = sorted(obj.groups.values_list("name", flat=True))
        return {"roles": roles, "active": obj.is_active, "superuser": obj.is_superuser}

    @column(_("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @column(_("last signed in"))
    def signed_in(self, user: User) -> str:
        return utc(user.last_login) or NOTHING

    @column(_("added"))
    def joined(self, user: User) -> str:
        return utc(user.date_joined)

    @column(_("roles"))
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join([*names, *([str(_("superuser"))] if user.is_superuser else [])])

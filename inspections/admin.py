"""Staff accounts, for owners, at `/admin/`: corrections of a name, an address or a password.

Who may come in and who is an owner is changed in Settings, Team, where the last owner stays one and changes are noted.
"""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from inspections.models import User


@admin.register(User)
class StaffAdmin(UserAdmin):
    """Colleagues: name, address, whether they are an owner."""

    ordering = ("name", "email")
    list_display = ("name", "email", "is_superuser", "is_active", "last_login")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("name", "email")
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "shortcuts")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    readonly_fields = ("is_active", "is_staff", "is_superuser")
    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody is added here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody is deleted: what they did stays theirs."""
        return False

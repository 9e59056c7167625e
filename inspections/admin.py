"""Staff accounts, for owners, at `/admin/`: who may sign in."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm

from inspections.models import User


class StaffCreationForm(BaseUserCreationForm):
    """An address and a password make an account."""

    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class StaffAdmin(UserAdmin):
    """Colleagues: name, address, whether they are an owner."""

    add_form = StaffCreationForm
    ordering = ("name", "email")
    list_display = ("name", "email", "is_superuser", "is_active", "last_login")
    list_filter = ("is_superuser", "is_active")
    search_fields = ("name", "email")
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "shortcuts")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),)
    filter_horizontal = ()

"""Every address of the application."""

from django.contrib import admin
from django.urls import include, path

from config import health
from inspections import accounts

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/email/", accounts.no_other_address, name="account_email"),  # in place of allauth's
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("anymail/", include("emails.webhooks")),
    path("api/v1/", include("emails.api.urls")),
    path("p/", include("inspections.urls_portal")),
    path("import/", include("inspections.urls_import")),
    path("", include("emails.urls")),
    path("", include("inspections.urls")),
]

handler500 = "config.health.server_error"

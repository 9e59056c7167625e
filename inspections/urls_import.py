"""Addresses of the CSV import, below `/import/`."""

from django.urls import path

from inspections import views_import

app_name = "importing"
urlpatterns = [
    path("", views_import.start, name="start"),
    path("<int:upload_id>/", views_import.check, name="check"),
]

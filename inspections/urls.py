"""Addresses of the pages about the facts of an inspection. The list and what sends emails are in `emails.urls`."""

from django.urls import path

from inspections import views

urlpatterns = [
    path("inspections/add/", views.add, name="inspection-add"),
    path("inspections/<int:inspection_id>/", views.inspection, name="inspection"),
    path("inspections/<int:inspection_id>/edit/", views.edit, name="inspection-edit"),
    path("inspections/<int:inspection_id>/complete/", views.complete, name="inspection-complete"),
    path("inspections/<int:inspection_id>/notifications/", views.notifications, name="inspection-notifications"),
    path("addresses/check/", views.check_address, name="address-check"),
    path("people/<int:participant_id>/link/", views.copy_link, name="person-link"),
]

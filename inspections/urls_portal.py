"""Public addresses of the client portal, below `/p/`."""

from django.urls import path

from inspections import portal

app_name = "portal"
urlpatterns = [
    path("<str:token>/", portal.enter, name="enter"),
    path("home/<int:participant_id>/", portal.home, name="home"),
]

"""Public addresses of the client portal, below `/p/`."""

from django.urls import path

from inspections import portal, portal_code

app_name = "portal"
urlpatterns = [
    path("code/", portal_code.code, name="code"),
    path("<str:token>/", portal.enter, name="enter"),
    path("home/<int:participant_id>/", portal.home, name="home"),
]

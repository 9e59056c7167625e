"""Public addresses of the client portal, below `/p/`."""

from django.urls import path

from inspections import portal, portal_code, portal_doors, portal_help, portal_sign

app_name = "portal"
urlpatterns = [
    path("code/", portal_code.code, name="code"),
    path("new-link/", portal_help.new_link, name="new-link"),
    path("new-link/asked/", portal_help.asked, name="asked"),
    path("thanks/", portal_help.thanks, name="thanks"),
    path("<str:token>/", portal_doors.enter, name="enter"),
    path("home/<int:participant_id>/", portal.home, name="home"),
    path("home/<int:participant_id>/sign/", portal_sign.sign, name="sign"),
    path("home/<int:participant_id>/signed/", portal_sign.signed, name="signed"),
    path("home/<int:participant_id>/agreement.pdf", portal_sign.agreement_pdf, name="agreement-pdf"),
    path("home/<int:participant_id>/pay/", portal.pay, name="pay"),
    path("home/<int:participant_id>/inspection.ics", portal.calendar, name="calendar"),
    path("home/<int:participant_id>/report/", portal.report, name="report"),
    path("home/<int:participant_id>/not-me/", portal_help.not_me, name="not-me"),
]

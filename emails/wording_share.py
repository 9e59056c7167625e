"""The built-in words of an email that shares an inspection by a link. Clients read it: each text has its Spanish."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text

BUTTON = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">See the inspection</a></p>'
SUBJECT: Text = _("The inspection of {{ADDRESS}}")
HELLO: Text = _("Hello {{RECIPIENT_NAME}},")
ENDS: Text = _("The link is meant for you alone. It works until {date}.")


@dataclass(frozen=True)
class Share:
    """What the email says for a scope, and what stands on its button."""

    sentence: Text
    button: Text


SHARES: Mapping[str, Share] = {
    "everything": Share(
        _("{{COMPANY_NAME}} shares the inspection of {{ADDRESS}} with you. It is on {{INSPECTION_DATE}}."),
        _("See the inspection"),
    ),
    "sign_pay": Share(
        _("Please sign the agreement for the inspection of {{ADDRESS}}. What is to be paid stands there too."),
        _("Sign &amp; Pay"),
    ),
    "details": Share(
        _("{{COMPANY_NAME}} shares the details of an inspection with you: {{ADDRESS}}, {{INSPECTION_DATE}}."),
        _("See the details"),
    ),
    "report": Share(
        _("{{COMPANY_NAME}} shares the report of the inspection of {{ADDRESS}} with you. It opens once it is ready."),
        _("See the report"),
    ),
}


def words(scope: str, last_day: str) -> tuple[str, str]:
    """Subject and text in the language in force, with their placeholders. `last_day` is when the link ends."""
    share = SHARES[scope]
    button = f'<a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">{share.button}</a>'
    parts = [str(HELLO), str(share.sentence), button, str(ENDS).format(date=last_day)]
    return str(SUBJECT), "\n".join(f"<p>{part}</p>" for part in parts)

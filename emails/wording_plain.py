"""The short version of an email: a sentence and the link. For filters that took the full one for advertising.

Without a template's words, pictures or buttons, so what is not listed here has no short version. Clients read it:
each text has its Spanish.
"""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text

SUBJECT: Text = _("Your inspection of {address}")
HELLO: Text = _("Hello {name},")
PLAIN: Mapping[str, Text] = {
    "confirmation": _("The inspection of {address} is confirmed for {date}, {time}."),
    "agreement": _("The agreement for the inspection of {address} is ready. Please read and sign it."),
    "reminder": _("A reminder: the inspection of {address} is on {date}, {time}."),
    "rescheduled": _("The inspection of {address} has a new date: {date}, {time}."),
    "cancelled": _("The inspection of {address} on {date} will not take place."),
    "report_ready": _("The report of the inspection of {address} is ready."),
    "receipt": _("Thank you. We have your payment for the inspection of {address}."),
}
LINK: Text = _("You find everything here: {link}")

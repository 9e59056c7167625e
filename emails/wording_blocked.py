"""Why an address is blocked, here and at the mail service, and when one grows doubtful. Data only."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text

# By the category of the hold; in the order of the filter.
REASONS: Mapping[str, Text] = {
    "address_unknown": _("The mailbox doesn’t exist"),
    "domain_problem": _("The mail domain doesn’t exist"),
    "mailbox_disabled": _("The mailbox is switched off"),
    "mailbox_full": _("The mailbox stayed full"),
    "complained": _("Marked as spam"),
    "suppressed": _("The mail service refuses it"),
    "wrong_person": _("It is someone else’s address"),
    "staff": _("Blocked by your office"),
    "unknown": _("An email to it failed"),
}

# The mail service's own word for its block, as its API has it.
THERE_WHY: Mapping[str, Text] = {
    "HardBounce": _("an email came back"),
    "SpamComplaint": _("a spam complaint"),
    "ManualSuppression": _("it was blocked by hand"),
}

# Several emails in a week that did not get in, though none says that the address is wrong.
WEARY: Text = _("{count} emails to this address failed in 7 days. Ask for another one.")

# Allowed, they said, and it came back once more.
AGAIN: Text = _("They turned us away again, so we are not allowed yet. Ask what was changed, or use another address.")

"""The words for agreements that are not signed, by how far the link got. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text


@dataclass(frozen=True)
class Words:
    """How one state is said and shown."""

    label: Text
    sentence: Text
    tone: str
    icon: str


CUT_OFF: Text = _("{name} cannot reach the agreement.")

CHASE: Mapping[str, Words] = {
    "cut_off": Words(
        _("Cannot reach the agreement"),
        _("No email with the link got through to {name}."),
        "red",
        "exclamation-circle",
    ),
    "none": Words(_("Agreement not sent"), _("No email with the link was sent to {name}."), "red", "minus-circle"),
    "ended": Words(_("Asks for a new signature"), _("Signed before, but {ended}."), "amber", "arrow-path"),
    "visited": Words(_("Portal visited, not signed"), _("{name} was on the portal {visited}."), "amber", "eye"),
    "delivered": Words(
        _("Delivered, not signed"),
        _("Their mail server accepted the link. It can still be in their junk folder."),
        "amber",
        "check-circle",
    ),
    "underway": Words(
        _("On its way, not signed"), _("Their mail server has not answered yet."), "blue", "paper-airplane"
    ),
}

"""What becomes of practice emails, in words. Data only; the practice mail service decides by the same names."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text


@dataclass(frozen=True)
class FateWords:
    """How one fate is said: for an address that has it, and in which tone."""

    sentence: Text
    tone: str


FATES: Mapping[str, FateWords] = {
    "delivered": FateWords(_("Arrives after about a second."), "green"),
    "slow": FateWords(_("Their server asks us to wait; it arrives after 20 seconds."), "green"),
    "bounce": FateWords(_("Comes back: there is no such mailbox."), "red"),
    "slip": FateWords(_("Comes back while the mail domain is mistyped, as in gmial.com."), "red"),
    "nodomain": FateWords(_("Comes back: the mail domain doesn’t exist."), "red"),
    "disabled": FateWords(_("Comes back: the mailbox is switched off."), "red"),
    "full": FateWords(_("Comes back: the mailbox is full."), "red"),
    "blocked": FateWords(_("Turned away: their server refuses mail from us."), "red"),
    "reputation": FateWords(_("Turned away: their server distrusts our mail service."), "red"),
    "setup": FateWords(_("Turned away: our domain isn’t set up right."), "red"),
    "spam": FateWords(_("Turned away: taken for spam."), "red"),
    "malformed": FateWords(_("Turned away: a technical fault in the email."), "red"),
    "toolarge": FateWords(_("Turned away: too big."), "red"),
    "softbounce": FateWords(_("Given up: their server kept asking us to wait."), "red"),
    "down": FateWords(_("Given up: their server never answered properly."), "red"),
    "complaint": FateWords(_("Arrives, then is marked as spam."), "red"),
    "silent": FateWords(_("Taken in, and nobody ever tells us what became of it."), "grey"),
    "suppressed": FateWords(_("Not taken in: the mail service blocks this address."), "red"),
}

# What the mail service was told to do with our emails, and what that looks like from here.
ANSWERS: tuple[tuple[str, Text], ...] = (
    ("normal", _("Takes every email (normal)")),
    ("429", _("Is too busy and asks us to slow down")),
    ("503", _("Is closed for a moment and takes nothing")),
    ("500", _("Breaks down, and nobody knows whether it sent")),
    ("timeout", _("Never answers")),
    ("reset_after_accept", _("Takes the email, then the line goes dead")),
)

# How far the news of one email has come, by the service's own word for it.
TOLD: Mapping[str, tuple[Text, str]] = {
    "waiting": (_("Will be told soon"), "grey"),
    "posted": (_("Told the desk"), "green"),
    "given_up": (_("Could not reach the desk and gave up"), "red"),
    "dropped": (_("Not told, because of a switch"), "amber"),
}

NEWS: Mapping[str, Text] = {
    "delivered": _("It arrived"),
    "bounced": _("It came back"),
    "deferred": _("Their server asked us to wait"),
    "complained": _("Marked as spam"),
}

"""The words for where an email stands. Data only; `wording` puts the facts in.

`plain` is said instead of `sentence` when one of its facts is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text: TypeAlias = str | Promise


class Group(StrEnum):
    """What people filter by."""

    NEEDS_YOU = "needs_you"
    ON_ITS_WAY = "on_its_way"
    REACHED = "reached"
    ON_PURPOSE = "on_purpose"


GROUP_LABELS: Mapping[Group, Text] = {
    Group.NEEDS_YOU: _("Needs you"),
    Group.ON_ITS_WAY: _("On its way"),
    Group.REACHED: _("Reached them"),
    Group.ON_PURPOSE: _("Not sent on purpose"),
}


@dataclass(frozen=True)
class Words:
    """How one display code is said and shown."""

    label: Text
    sentence: Text
    tone: str
    icon: str
    group: Group
    plain: Text = ""


_way, _reached, _needs, _purpose = Group.ON_ITS_WAY, Group.REACHED, Group.NEEDS_YOU, Group.ON_PURPOSE

STATUSES: Mapping[str, Words] = {
    "scheduled": Words(_("Scheduled"), _("Goes out {when}."), "grey", "calendar", _way),
    "undoable": Words(
        _("Waiting to send"), _("Goes out in a few seconds. You can still undo it."), "grey", "clock", _way
    ),
    "queued": Words(
        _("Waiting to send"),
        _("In our queue since {queued}. Usually leaves within a minute."),
        "grey",
        "clock",
        _way,
    ),
    "sending": Words(_("Sending"), _("Handing it to {service} now."), "grey", "arrow-up-tray", _way),
    "unsure": Words(
        _("Not sure it left"),
        _("The connection to {service} broke while sending. We are checking; it is not sent again by itself."),
        "amber",
        "question-mark-circle",
        _way,
    ),
    "held": Words(
        _("Waiting for you"),
        _("{missing} It goes out by itself when that is fixed."),
        "amber",
        "hand-raised",
        _needs,
        plain=_("Something is missing. It goes out by itself when that is fixed."),
    ),
    "sent": Words(
        _("On its way"), _("Left us {at_sent}. {domain} has not answered yet."), "blue", "paper-airplane", _way
    ),
    "deferred": Words(
        _("Delayed, still trying"),
        _("{domain} asked us to wait. We keep trying until {giving_up}. You don’t need to resend."),
        "amber",
        "arrow-path",
        _way,
    ),
    "sent_blind": Words(
        _("Sent"),
        _("Left us {at_sent}. {service} doesn’t report delivery, so we only hear about failures."),
        "blue",
        "paper-airplane",
        _way,
    ),
    "no_news": Words(
        _("No answer yet"),
        _("Sent {hours} hours ago and still no answer. It may have arrived."),
        "amber",
        "question-mark-circle",
        _needs,
    ),
    "delivered": Words(
        _("Delivered"),
        _("{domain} accepted it {at_changed}. It can still be in their junk folder."),
        "green",
        "check-circle",
        _reached,
    ),
    "vouched": Words(_("Arrived"), _("{vouched_by} was told that it arrived."), "green", "check-circle", _reached),
    "maybe_opened": Words(
        _("Delivered, maybe opened"),
        _("Pictures were loaded {at_opened}. Some mail apps do this by themselves, so it is not proof."),
        "green",
        "envelope-open",
        _reached,
    ),
    "portal_visited": Words(
        _("Delivered, portal visited"), _("{name} opened the client portal {at_visited}."), "green", "eye", _reached
    ),
    "signed": Words(_("Signed"), _("{name} signed {at_signed}."), "green", "check-badge", _reached),
    "paid": Words(_("Paid"), _("Paid {at_paid}."), "green", "check-badge", _reached),
    "auto_reply": Words(
        _("Delivered, auto-reply"),
        _("Their mailbox sent an automatic reply: “{reply}”."),
        "green",
        "chat-bubble-left-ellipsis",
        _reached,
    ),
    "off_inspection": Words(
        _("Not sent: notifications are off"),
        _("{silenced}."),
        "grey",
        "bell-slash",
        _purpose,
        plain=_("Notifications were off for this inspection when this was due."),
    ),
    "off_unconfirmed": Words(
        _("Not sent: inspection not confirmed"),
        _("Not sent because the inspection wasn’t confirmed."),
        "grey",
        "bell-slash",
        _purpose,
    ),
    "off_rule": Words(
        _("Not sent: rule is off"),
        _("The automation “{who}” was off when this was due."),
        "grey",
        "bolt-slash",
        _purpose,
        plain=_("The automation for it was off when this was due."),
    ),
    "off_condition": Words(
        _("Not sent: it doesn’t apply here"),
        _("The rule is only for {who}."),
        "grey",
        "minus-circle",
        _purpose,
        plain=_("The rule’s condition wasn’t met."),
    ),
    "off_late": Words(
        _("Not sent: its time had passed"),
        _("It was due {due}. That had passed when it could go out."),
        "grey",
        "clock",
        _purpose,
        plain=_("The time for it had passed when it could go out."),
    ),
    "off_done": Words(
        _("Not sent: already signed or paid"),
        _("{who}, so there was nothing left to ask for."),
        "grey",
        "check",
        _purpose,
        plain=_("Nothing left to remind {name} of."),
    ),
    "off_cancelled": Words(
        _("Not sent: inspection canceled"),
        _("{who} canceled the inspection."),
        "grey",
        "x-circle",
        _purpose,
        plain=_("The inspection was canceled."),
    ),
    "off_duplicate": Words(
        _("Not sent: already sent"), _("The same email went to {name} before."), "grey", "document-duplicate", _purpose
    ),
    "off_unsubscribed": Words(
        _("Not sent: they unsubscribed"),
        _("{name} asked not to get emails of this kind. All other emails still go out."),
        "grey",
        "bell-slash",
        _purpose,
    ),
    "off_nobody": Words(
        _("Not sent: there was no client"),
        _("No client was on this inspection when it was due."),
        "amber",
        "user-minus",
        _purpose,
    ),
    "cancelled": Words(
        _("Canceled"),
        _("{who} stopped it {at_changed} before it left."),
        "grey",
        "x-circle",
        _purpose,
        plain=_("It was stopped {at_changed} before it left."),
    ),
}

# A planned email that is another try of our own: why, and when.
RETRYING: Text = _("{label}. We try again {soon}.")

# For statuses whose words are those of the failure (wording_failures), in a tone of their own.
FAILED_TONE = "red"

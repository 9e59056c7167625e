"""What happens by itself, for every status and cause: what nobody has to do. Data only; what the code really does."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text

_NOTHING: Text = _("Nothing. It is not sent again until someone presses a button.")
_BLOCKED: Text = _("We stop sending to this address. Other mail for it waits until it is corrected or allowed again.")
_WAITS: Text = _("It goes out by itself when this is put right, if it is still on time.")
_AGAIN: Text = _("We try once more a day later. If that fails too, it waits for you.")
_NEWS: Text = _("Their answer shows up here when it comes.")
_NOT_ALONE: Text = _("It is not sent later by itself. You can still send it.")

AUTO: Mapping[str, Text] = {
    # Where it stands
    "scheduled": _("It leaves at its time, with the newest name, date and template."),
    "undoable": _("It leaves when the time to undo is over."),
    "queued": _("It leaves as soon as it is its turn."),
    "sending": _("The mail service’s answer shows up here in a moment."),
    "unsure": _("It is settled by itself if an answer comes. It is never sent again by itself."),
    "held": _WAITS,
    "sent": _NEWS,
    "deferred": _("The mail service tries again for up to three days."),
    "sent_blind": _("A failure would show up here. After a day without one it counts as reached."),
    "no_news": _NEWS,
    "delivered": _("An open problem about it is closed."),
    "vouched": _("An open problem about it is closed."),
    "maybe_opened": _("An open problem about it is closed."),
    "portal_visited": _("An open problem about it is closed."),
    "signed": _("An open problem about it is closed."),
    "paid": _("An open problem about it is closed."),
    "auto_reply": _("An open problem about it is closed."),
    "off_inspection": _NOT_ALONE,
    "off_unconfirmed": _NOT_ALONE,
    "off_rule": _NOT_ALONE,
    "off_condition": _NOT_ALONE,
    "off_late": _NOT_ALONE,
    "off_done": _("It comes back by itself if the signature ends or the payment is taken back in time."),
    "off_cancelled": _NOT_ALONE,
    "off_duplicate": _NOT_ALONE,
    "off_unsubscribed": _NOT_ALONE,
    "off_nobody": _("Once the client is added, reminders are planned. The rest waits until you send it."),
    "cancelled": _NOT_ALONE,
    # Why it did not arrive
    "address_unknown": _BLOCKED,
    "domain_problem": _BLOCKED,
    "mailbox_full": _("We try again after a day and after two. If that fails too, it waits for you."),
    "mailbox_disabled": _BLOCKED,
    "recipient_policy": _NOTHING,
    "sender_reputation": _NOTHING,
    "spam_content": _NOTHING,
    "sender_setup": _NOTHING,
    "server_problem": _AGAIN,
    "temporary_deferral": _AGAIN,
    "message_malformed": _NOTHING,
    "message_too_large": _NOTHING,
    "complained": _BLOCKED,
    "suppressed": _WAITS,
    "template_problem": _WAITS,
    "provider_problem": _("We had tried several times, with longer and longer pauses. Now it waits for you."),
    "no_address": _WAITS,
    "own_address": _WAITS,
    "wrong_person": _NOTHING,
    "unknown": _NOTHING,
}

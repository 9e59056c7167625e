"""“Why didn’t Ann get it?” in one sentence, and the one thing to press. Data only.

`sentence` "" means: what is said about the email itself. `action`: a key of `emails.selectors_why_actions.ACTIONS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text


@dataclass(frozen=True)
class Why:
    """How one answer is said. With `title` "" the email’s own label is the title."""

    action: str
    title: Text = ""
    sentence: Text = ""
    tone: str = ""


WHY: Mapping[str, Why] = {
    # About the person and the inspection
    "removed": Why(
        "inspection",
        _("Not on this inspection any more"),
        _("{name} was taken off it, so nothing more is sent."),
        "grey",
    ),
    "cancelled": Why(
        "inspection", _("The inspection was canceled"), _("After the cancellation nothing else goes out."), "grey"
    ),
    "no_address": Why(
        "add_address", _("There is no email address"), _("{name} has no email address that mail can go to."), "red"
    ),
    "own_address": Why(
        "edit", _("It is your own address"), _("{address} belongs to your company. {name} would not see it."), "red"
    ),
    "unconfirmed": Why("confirm", _("The inspection isn’t confirmed"), _("Emails start when it is confirmed."), "grey"),
    "off": Why(
        "send", _("Notifications are off"), _("Emails are switched off for this inspection, so none was sent."), "grey"
    ),
    "rule_off": Why("send", _("The rule for it is off"), _("The automation that sends this is switched off."), "grey"),
    "never_sent": Why("send", _("It was never sent"), _("No rule and nobody has sent this to {name} so far."), "grey"),
    # Where it went
    "other_person": Why(
        "send", _("It went to somebody else’s address"), _("{old} belongs to {other}. {name} has {address} now."), "red"
    ),
    "old_address": Why(
        "send", _("It went to an old address"), _("It was sent to {old}. {name} has {address} now."), "amber"
    ),
    # Never left
    "skipped": Why("message"),
    "stopped": Why("message_or_send"),
    "lost_link": Why("template", _("The template has lost its link"), _("{note}"), "red"),
    "held": Why("message"),
    "typo_held": Why(
        "message",
        _("The address looks mistyped"),
        _("Did you mean {meant}? There is no mail service at that domain."),
        "red",
    ),
    "complained": Why(
        "allow", _("Marked as spam"), _("Somebody with this mailbox pressed “spam”, so emails to it wait."), "red"
    ),
    "blocked_by_staff": Why("allow", _("Your office blocked the address"), _("{who} blocked it: “{why}”"), "amber"),
    "blocked": Why(
        "edit_or_allow", _("The address is blocked"), _("An email to it failed before, so emails to it wait."), "red"
    ),
    "domain_dead": Why(
        "edit", _("This mail domain doesn’t exist"), _("There is no mail service at the domain of {address}."), "red"
    ),
    # Still with us
    "retrying": Why("open", _("We try again by ourselves")),
    "scheduled": Why("send_now"),
    "worker_down": Why(
        "health",
        _("Our sending part is not running"),
        _("The email waits and is not lost. It leaves when the worker runs."),
        "red",
    ),
    "provider_refuses": Why(
        "health",
        _("The mail service takes no mail now"),
        _("The email waits and is not lost. We keep trying."),
        "amber",
    ),
    "waiting": Why("open"),
    # What became of it
    "unsure": Why("message"),
    "typo": Why("message", _("The address looks mistyped"), _("It came back. Did you mean {meant}?"), "red"),
    "failed": Why("message"),
    "spam_pressed": Why("message"),
    "webhooks_silent": Why(
        "health",
        _("The mail service tells us nothing"),
        _("No recent email was answered, so we can’t know whether this arrived."),
        "amber",
    ),
    "no_news": Why("message"),
    "deferred": Why("open"),
    "underway": Why("open"),
    # It arrived
    "no_link": Why(
        "resend",
        _("It arrived without the portal link"),
        _("{name} got the email but cannot get to the portal with it."),
        "amber",
    ),
    "paid": Why("inspection"),
    "signed": Why("inspection"),
    "visited_unsigned": Why(
        "remind",
        _("They were on the portal and did not sign"),
        _("{name} opened the client portal after this email, so it arrived. It is not signed yet."),
        "amber",
    ),
    "visited": Why(
        "link",
        _("They have been on the portal"),
        _("{name} opened the client portal after this email, so it arrived."),
        "green",
    ),
    "auto_reply": Why("link"),
    "shared": Why(
        "link",
        _("It is in a mailbox they share"),
        _("It arrived at {address}, which {other} has too. Either may have seen it."),
        "green",
    ),
    "unsigned": Why(
        "remind",
        _("It arrived and is not signed yet"),
        _("Their mail server accepted it. It can still be in their junk folder, so ask for it by phone."),
        "amber",
    ),
    "opened": Why("link"),
    "delivered": Why("link"),
}

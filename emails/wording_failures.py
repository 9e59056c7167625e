"""Why an email did not arrive: the words, who can fix it, what to do first, what to tell the client. Data only.

`actions` are codes, the first one possible becomes the button; `emails.actions` knows which are possible.
`missing` is the short form for "waiting for you".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text

OFFICE, CLIENT, OWNER = "office", "client", "owner"

WHO: Mapping[str, Text] = {
    OFFICE: _("Your office can fix this."),
    CLIENT: _("Only {name} can fix this, with your help."),
    OWNER: _("An owner of your company can fix this."),
}


@dataclass(frozen=True)
class Failure:
    """Everything that is said about one cause."""

    label: Text
    sentence: Text
    likely: Text
    who: str
    actions: tuple[str, ...]
    tell: Text = ""
    icon: str = "exclamation-circle"
    missing: Text = ""
    plain: Text = ""
    tone: str = "red"


FAILURES: Mapping[str, Failure] = {
    "address_unknown": Failure(
        _("This address doesn’t exist"),
        _("{domain} says there is no mailbox “{local}”. Often a typing mistake."),
        _("A typing mistake before the @, or they left that mail service."),
        OFFICE,
        ("fix_address", "call"),
        _("Our email to {address} came back. What is the right address?"),
        "at-symbol",
    ),
    "domain_problem": Failure(
        _("This mail domain doesn’t exist"),
        _("There is no mail service at “{domain}”."),
        _("A typing mistake after the @, such as “gmial.com”."),
        OFFICE,
        ("fix_address", "call"),
        _("Our email to {address} came back. What is the right address?"),
        "globe-alt",
        missing=_("There is no mail service at “{domain}”."),
    ),
    "mailbox_full": Failure(
        _("Their mailbox is full"),
        _("{domain} can’t store more mail for {name}."),
        _("They have to delete some mail first, or use another address."),
        CLIENT,
        ("tomorrow", "other_address", "resend", "call"),
        _("Your mailbox is full, so our email could not get in. Do you have another address we can use?"),
        "inbox-stack",
        tone="amber",
    ),
    "mailbox_disabled": Failure(
        _("Their mailbox is switched off"),
        _("{domain} no longer accepts mail for this address."),
        _("The account was closed or paused."),
        OFFICE,
        ("add_address", "call"),
        _("The address {address} looks closed. Which address do you use now?"),
        "user-minus",
    ),
    "recipient_policy": Failure(
        _("Their mail server turned us away"),
        _("{domain} refuses mail from us. The address itself may be fine."),
        _("A filter at {domain} does not know you. {name} or their IT can allow your address."),
        CLIENT,
        ("ask_to_allow", "allowed_resend", "other_address"),
        _("Please add {from_address} to your safe senders, or ask your IT to. Then tell us: we will send it again."),
        "shield-exclamation",
    ),
    "sender_reputation": Failure(
        _("Their mail server distrusts our mail service"),
        _("{domain} refuses the server our mail goes through. The address is fine."),
        _("The mail service’s server is on a block list. An owner can ask the mail service about it."),
        OWNER,
        ("ask_to_allow", "allowed_resend", "other_address"),
        _("Please add {from_address} to your safe senders, then tell us. We will send it again."),
        "shield-exclamation",
    ),
    "spam_content": Failure(
        _("Rejected as spam"),
        _("{domain} took the message for spam."),
        _("Words or links in the email look like advertising to their filter."),
        OWNER,
        ("plain", "other_address", "template", "call"),
        _("Please look in your junk folder and press “Not spam”."),
        "archive-box-x-mark",
    ),
    "sender_setup": Failure(
        _("Our domain isn’t set up right"),
        _("{domain} could not confirm that the mail is really from us. This hits every client there."),
        _("A setting of your company’s mail domain is missing or wrong."),
        OWNER,
        ("health", "resend", "call"),
        _("There is a problem on our side with sending you email. We will sort it out and write again."),
        "wrench-screwdriver",
    ),
    "server_problem": Failure(
        _("Gave up after many tries"),
        _("{domain} never answered properly."),
        _("Their mail server has trouble. It may work again later."),
        OFFICE,
        ("resend", "other_address", "call"),
        _("Your mail server did not answer us. Is there another address we can use?"),
        "server-stack",
        tone="amber",
    ),
    "temporary_deferral": Failure(
        _("Their server kept asking us to wait"),
        _("{domain} asked us to try later until we gave up."),
        _("Their mail server was too busy, or slows down senders it does not know."),
        OFFICE,
        ("resend", "other_address", "call"),
        _("Your mail server asked us to wait too long. Is there another address we can use?"),
        "clock",
    ),
    "message_malformed": Failure(
        _("A technical fault in the email"),
        _("{domain} could not read the email we sent."),
        _("Something in the template breaks the email. The technical details help whoever looks after it."),
        OWNER,
        ("plain", "call", "template", "resend"),
        _("There is a problem on our side with that email. We will send it again."),
        "bug-ant",
    ),
    "message_too_large": Failure(
        _("Email too big"),
        _("The email was too big: {domain} takes less."),
        _("An attachment or pictures in the template are too big."),
        OFFICE,
        ("by_link", "template", "other_address", "resend"),
        _("Our email was too big for your mailbox. Is there another address we can use?"),
        "scale",
    ),
    "complained": Failure(
        _("Marked as spam by the recipient"),
        _("{name} or someone with their mailbox pressed “spam”. We stopped sending to them."),
        _("Often pressed by accident. Ask before you write again."),
        OFFICE,
        ("call", "other_address", "allow_again"),
        _("You may have pressed “spam” by accident. May we email you?"),
        "hand-raised",
    ),
    "suppressed": Failure(
        _("Not sent: address is blocked"),
        _("We don’t send to {address}: an email to it failed before, or your office blocked it."),
        _("The address was wrong or closed, someone pressed “spam”, or a colleague blocked it."),
        OFFICE,
        ("fix_address", "allow_again", "call"),
        _("Our earlier email to {address} did not get through. What is the right address?"),
        "no-symbol",
        missing=_("Mail to {address} is blocked."),
        plain=_("We don’t send to this address: an email to it failed before, or your office blocked it."),
    ),
    "template_problem": Failure(
        _("Not sent: template problem"),
        _("{note}"),
        _("The template asks for something that this inspection does not have."),
        OWNER,
        ("inspection", "template"),
        _("Your email is not ready yet. We will send it as soon as it is."),
        icon="document-text",
        missing=_("{note}"),
        plain=_("The template needs something that this inspection does not have."),
    ),
    "provider_problem": Failure(
        _("Not sent: mail service problem"),
        _("{service} did not take the message. Nothing was sent. We tried {tries} times."),
        _("The mail service was down or refuses our account. Sending health shows more."),
        OWNER,
        ("retry", "health", "call"),
        _("There is a problem on our side with sending email. We will write to you as soon as it is solved."),
        "cloud-arrow-up",
    ),
    "no_address": Failure(
        _("Not sent: no usable address"),
        _("“{address}” isn’t an email address."),
        _("It was booked without an address, or with only part of one."),
        OFFICE,
        ("add_address", "call"),
        _("Which email address can we send your confirmation to?"),
        "user-plus",
        missing=_("{name} has no usable email address."),
        plain=_("{name} has no email address."),
    ),
    "own_address": Failure(
        _("Not sent: this is your own address"),
        _("{address} belongs to your company. {name} would not see it."),
        _("Your own address was entered when the inspection was booked."),
        OFFICE,
        ("fix_address", "call"),
        _("Which email address can we send your confirmation to?"),
        "building-office",
        missing=_("{address} is your own address."),
    ),
    "wrong_person": Failure(
        _("Went to the wrong person"),
        _("Someone at {address} says they are not {name}. Links are switched off."),
        _("A typing mistake that happens to be someone else’s address."),
        OFFICE,
        ("correct_address", "call"),
        _("Our email went to someone else. What is your right address?"),
        "user-circle",
    ),
    "unknown": Failure(
        _("Not delivered"),
        _("{domain} refused it. We couldn’t tell why."),
        _("The server’s own words are below, under Technical details."),
        OFFICE,
        ("resend", "fix_address", "call"),
        _("Our email to {address} did not get through. Is the address right?"),
        "question-mark-circle",
        plain=_("It was refused. We couldn’t tell why."),
    ),
    "unsure": Failure(
        _("Not sure it left"),
        _("The connection to {service} broke while sending. We don’t know whether it left."),
        _("Ask {name} whether it arrived. Sending again may deliver it twice."),
        OFFICE,
        ("settle", "call"),
        _("Did you get our email from {from_address}? Please look in Junk too."),
        "question-mark-circle",
    ),
    "no_news": Failure(
        _("No answer yet"),
        _("Sent {hours} hours ago and still no answer. It may have arrived."),
        _("Their server is slow, or the mail service’s answers don’t reach us."),
        OFFICE,
        ("health", "resend_twice", "call"),
        _("Did you get our email from {from_address}? Please look in Junk too."),
        "question-mark-circle",
    ),
}

# Not failures, yet there is something to do or to say.
DELIVERED_TELL: Text = _(
    "Search your mail for {from_address} and look in Junk. On Outlook also look in “Other”. "
    "The subject is “{subject}”, sent {sent}."
)
DELIVERED_LIKELY: Text = _("It is in their mailbox or their junk folder. Nobody can see which from here.")
DELIVERED_ACTIONS = ("resend", "other_address", "call")
OFF_TELL: Text = _("We have not sent you that email yet. Shall we send it now?")
OFF_ACTIONS = ("send_now", "inspection")
OFF_LIKELY: Text = _("Nothing went wrong: this was not sent on purpose.")
NO_CLIENT_LIKELY: Text = _("The client was forgotten, or was taken off. Only agents can get emails so far.")
NO_CLIENT_ACTIONS = ("add_client", "send_now", "inspection")

# Still under way: nothing to press, but somebody may be on the phone.
UNDERWAY_LIKELY: Text = _("Nothing is wrong so far. Most emails arrive within minutes.")
UNDERWAY_TELL: Text = _("Our email to {address} is on its way. Please look again in a few minutes, in Junk too.")
SCHEDULED_LIKELY: Text = _("It is planned for later.")
SCHEDULED_TELL: Text = _("Our email to {address} has not left yet. It goes out {when}.")

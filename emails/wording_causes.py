"""The words of a card for several emails that one mail domain turned away. Data only.

Only these causes lie with a whole mail domain; wrong addresses and full mailboxes are each their own repair.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from emails.wording_statuses import Text


@dataclass(frozen=True)
class CauseWords:
    """`happened` completes “14 emails to comcast.net …”; `advice` is what to do before trying all of them again.

    `health`: the way to put it right starts at Sending health.
    """

    happened: Text
    advice: Text
    health: bool = False


CAUSES: Mapping[str, CauseWords] = {
    "recipient_policy": CauseWords(
        _("turned away"),
        _("Ask one of them to allow your address, and send that one again. If it arrives, retry all."),
    ),
    "sender_reputation": CauseWords(
        _("turned away"),
        _("Ask the mail service to clear its server first. Trying before makes it worse."),
        health=True,
    ),
    "spam_content": CauseWords(
        _("taken for spam"), _("Send one in plain form first. If it arrives, do the same with the others.")
    ),
    "sender_setup": CauseWords(
        _("not accepted as ours"), _("Put your mail domain right first. Until then every try fails."), health=True
    ),
    "server_problem": CauseWords(_("not answered"), _("Their mail system has trouble. Retry when it is over.")),
    "temporary_deferral": CauseWords(
        _("put off until we gave up"), _("They were too busy, or slow us down. An hour later it often works.")
    ),
    "provider_problem": CauseWords(
        _("not taken by the mail service"), _("See whether sending works again, then retry all."), health=True
    ),
}

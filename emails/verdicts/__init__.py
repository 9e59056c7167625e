"""What a provider's event says about a message: its status, its category, the words. One table a provider, pure.

Anymail's event type alone is too coarse: `bounced` is not always for good, Postmark's `SpamNotification` is a refusal
and not a complaint, Amazon's delays and Resend's suppressions have no type at all. So the raw event is read first. An
unknown word is no verdict, never an error. The order is explained in docs/decisions/providers-words.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from anymail.signals import AnymailTrackingEvent

from emails.diagnosis import diagnose
from emails.states import UNDELIVERED, Status
from emails.verdicts import (
    amazon_ses,
    brevo,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    smtp,
    sparkpost,
    unisender_go,
)
from emails.verdicts.base import NEWS, Provider, Raw, Row, as_map, dig, scalar

# django-anymail's normalised event types (docs: "Tracking sent mail status"). Others are hints, never a status.
BY_EVENT_TYPE: Mapping[str, Status] = {
    "sent": Status.SENT,
    "deferred": Status.DEFERRED,
    "delivered": Status.DELIVERED,
    "bounced": Status.BOUNCED,
    "rejected": Status.REJECTED,
    "failed": Status.REJECTED,  # told after the provider had accepted: it refuses this one after all
    "complained": Status.COMPLAINED,
}

PROVIDERS: Mapping[str, Provider] = {
    "amazon_ses": amazon_ses.PROVIDER,
    "brevo": brevo.PROVIDER,
    "mailersend": mailersend.PROVIDER,
    "mailgun": mailgun.PROVIDER,
    "mailjet": mailjet.PROVIDER,
    "mailtrap": mailtrap.PROVIDER,
    "mandrill": mandrill.PROVIDER,
    "postal": postal.PROVIDER,
    "postmark": postmark.PROVIDER,
    "resend": resend.PROVIDER,
    "sendgrid": sendgrid.PROVIDER,
    "smtp": smtp.PROVIDER,
    "sparkpost": sparkpost.PROVIDER,
    "unisender_go": unisender_go.PROVIDER,
}
_NEWCOMER = Provider(keys=(), table={}, words=("reason",))

GUESSED = "learned"  # how `Diagnosis.rule` begins where no rule speaks
# RFC 3463 codes, but X.0.0, which says nothing; RFC 5321 replies.
_ENHANCED = re.compile(r"\b[245]\.(?!0\.0\b)\d{1,3}\.\d{1,3}\b")
_REPLY = re.compile(r"\b[245]\d\d\b")
_EMPTY_CODES = re.compile(r"\b[245](\d\d|\.0\.0)\b")
_PASSING_REPLY = re.compile(r"4[0-5]\d")  # RFC 5321; Mailgun's own 498 and 499 are none


@dataclass(frozen=True)
class Judgement:
    """`status` "": a hint only (opened, clicked, an auto-reply, something new). `words` are shown as they came."""

    type: str
    status: str = ""
    category: str = ""
    decided_by: str = ""
    words: str = ""
    code: str = ""


def judge(provider: str, event: AnymailTrackingEvent) -> Judgement:
    """What `event` says. Never raises for content, however strange."""
    own = PROVIDERS.get(provider, _NEWCOMER)
    facts = own.view(as_map(event.esp_event), str(event.recipient or ""))
    row, word = own.find(facts)
    type_ = row.type or _type(event)
    status = str(BY_EVENT_TYPE.get(type_, "") if row.status is None else row.status)
    said = _spoken(own.said(facts))
    # A summary of the provider's is better than nothing, but not the reply of an absent person.
    summaries = () if type_ == "autoresponded" else (event.mta_response, event.description)
    shown = said or _spoken([*own.summed_up(facts), *(str(part) for part in summaries if part)])
    if status == Status.COMPLAINED:
        return Judgement(type_, status, "complained", "event", shown, word)
    if status not in UNDELIVERED and status != Status.DEFERRED:
        return Judgement(type_, status, words=shown, code=word)
    if row.decides:
        return Judgement(type_, status, row.category, f"event:{word}", shown, word)
    reason = str(event.reject_reason or "")
    category, by, passing = _why(own, facts, row, word, said, provider=provider, reason=reason, event=type_)
    if category == "suppressed" and status in (Status.BOUNCED, Status.SOFT_BOUNCED):
        status = str(Status.REJECTED)  # the words say so: nobody tried
    elif status == Status.BOUNCED and passing and not row.settled:
        status = str(Status.SOFT_BOUNCED)
    return Judgement(type_, status, category, by, shown, word)


def _type(event: AnymailTrackingEvent) -> str:
    """Anymail's "unknown" is news of a kind nobody knows; ours is a send whose outcome is not known."""
    type_ = str(event.event_type or "unknown")
    return NEWS if type_ == "unknown" else type_


def _why(
    own: Provider, facts: Raw, row: Row, word: str, said: str, *, provider: str, reason: str, event: str
) -> tuple[str, str, bool]:
    """Category, what decided it, and whether the server spoke of a passing state. Words first, then classes."""
    hint, hinted_by = (row.category, word) if row.category else own.hint(facts)
    coded = _ENHANCED.search(said)
    beside = "" if coded else scalar(dig(facts, own.enhanced))
    beside = beside if _ENHANCED.fullmatch(beside) else ""
    found = diagnose(said, provider=provider, reject_reason="" if hint else reason, event=event, enhanced_code=beside)
    reply = "" if coded or beside or _REPLY.search(said) else scalar(dig(facts, own.reply))
    passing = found.temporary or bool(_PASSING_REPLY.fullmatch(reply))
    # A guess is not what was said: a class is better, and without any words nothing is.
    silent = found.category == "unknown" or (found.rule.startswith(GUESSED) and bool(hint or not said))
    if hint and not (coded or beside or silent):
        # "450" and nothing more is no reason: the provider's class says more.
        rest = diagnose(_EMPTY_CODES.sub("", said), provider=provider, event=event)
        silent = rest.category == "unknown" or rest.rule.startswith(GUESSED)
    if silent:
        return (hint, f"event:{hinted_by}", passing) if hint else ("unknown", "none", passing)
    return found.category, found.rule, passing


def _spoken(said: list[str]) -> str:
    """The first that is more than a bare code."""
    spoken = [part for part in said if any(ch.isalpha() for ch in part)]
    return (spoken or said or [""])[0]

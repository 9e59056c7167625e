"""Mail that reports what became of mail: failures, delays, complaints, automatic replies. Pure, and never raises.

RFC 3464 delivery reports and RFC 5965 feedback reports are read by their machine part. What other programs write for
people is read by `reports_text`. Which email it is about is decided by our own name on it alone (`envelope`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from uuid import UUID

from emails import envelope, reports_mime, reports_text
from emails.addresses import canonical
from emails.reports_mime import header

# RFC 3464 section 2.3.3 -> django-anymail's event types. Expanded means delivered, then passed on to several.
ACTIONS: Mapping[str, str] = {
    "failed": "bounced",
    "delayed": "deferred",
    "delivered": "delivered",
    "relayed": "sent",
    "expanded": "delivered",
}
AUTO_REPLY = "autoresponded"
OTHER = "other"  # kept and shown, and claims nothing
BY_CLASS: Mapping[str, str] = {"5": "failed", "4": "delayed", "2": "delivered"}
STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
FEEDBACK_PARTS = frozenset({"message/feedback-report"})
AUTO_REPLY_SUBJECTS = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|autoreply|automatische antwort"
    r"|abwesen|r[eé]ponse automatique|respuesta autom[aá]tica)",
    re.IGNORECASE,
)
LONGEST_AUTO_REPLY = 80
MOST_RECIPIENTS = 100
MOST_TEXTS = 5  # parts looked at for one that holds anything


@dataclass(frozen=True)
class News:
    """What a mail says about one recipient: an event type as Anymail names it, `recipient` as reported ("" if not)."""

    type: str
    uuid: UUID | None
    recipient: str = ""
    named: tuple[str, ...] = ()  # every way in which the report names the recipient, canonical
    action: str = ""
    status: str = ""  # RFC 3463
    words: str = ""
    at: datetime | None = None


def suspected(headers: bytes) -> bool:
    """By its headers this may be a report, or an automatic reply to an email of ours. People's mail is neither."""
    mail = reports_mime.parse(headers)
    content_type = header(mail, "Content-Type").lower()
    if content_type.startswith("multipart/report") or _by_machine(mail):
        return True
    return _answered(mail) is not None and _is_auto_reply(mail)


def claims_to_be_one(headers: bytes) -> bool:
    """It says that it is a delivery or feedback report."""
    kind = header(reports_mime.parse(headers), "Content-Type").lower()
    return kind.startswith("multipart/report") and ("delivery-status" in kind or "feedback-report" in kind)


def read(raw: bytes) -> list[News]:
    """Everything the mail says; empty if it is no report or cannot be understood."""
    try:
        mail = reports_mime.parse(raw)
        return next((news for reader in READERS if (news := reader(mail))), [])
    except Exception:  # RecursionError and whatever else a stranger can provoke
        return []


# --- RFC 3464 --------------------------------------------------------------------------------------------------------


def _delivery_report(mail: Message) -> list[News]:
    found = [part for part in reports_mime.parts(mail) if part.get_content_type() in STATUS_PARTS]
    if not found:
        return []
    groups = [group for part in found for group in _groups(reports_mime.text(part))]
    uuid, said = _ours(mail), _human_text(mail)
    return [_of_group(group, uuid, said=said if len(groups) == 1 else "", mail=mail) for group in groups]


def _groups(report: str) -> list[dict[str, str]]:
    """The fields about each recipient. Blank lines between groups are often missing or too many."""
    groups: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", report):
        group: dict[str, str] = {}
        for name, value in reports_mime.fields(block):
            if name in group and name in ("final-recipient", "action"):
                groups.append(group)
                group = {}
            group.setdefault(name, value)
        groups.append(group)
    return [
        group
        for group in groups[:MOST_RECIPIENTS]
        if group.keys() & {"final-recipient", "original-recipient", "action"}
    ]


def _of_group(group: Mapping[str, str], uuid: UUID | None, *, said: str, mail: Message) -> News:
    final, original = (_address(group.get(name, "")) for name in ("final-recipient", "original-recipient"))
    status = reports_text.status_in(group.get("status", ""))
    action = group.get("action", "").split(" ")[0].lower()
    if action not in ACTIONS:
        action = BY_CLASS.get(status[:1], "")
    words = re.sub(r"^[\w.+-]+\s*;\s*", "", group.get("diagnostic-code", ""))
    if action in ("failed", "delayed") and not any(ch.isalpha() for ch in words):
        words = f"{words} {_explained(said)}"
    return News(
        type=ACTIONS.get(action, OTHER),
        uuid=uuid,
        recipient=original or final,
        named=_named(final, original, _from_xtext(original)),
        action=action,
        status=status,
        words=reports_text.squeeze(words),
        at=_time(group.get("last-attempt-date", "")) or _time(header(mail, "Date")),
    )


def _explained(said: str) -> str:
    """The human part's words on a recipient, for reports whose machine part has none."""
    return reports_text.read(said, failed=[])[0].words if said else ""


def _address(value: str) -> str:
    """`rfc822; <ann@example.com>` -> `ann@example.com`; "" for what is no mail address."""
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    return address if "@" in address else ""


def _from_xtext(value: str) -> str:
    """RFC 3461 section 4: `ann+2Bx@…` may stand for `ann+x@…`."""
    return re.sub(r"\+([0-9A-F]{2})", lambda hit: chr(int(hit[1], 16)), value)


def _named(*addresses: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(canonical(address)[:318] for address in addresses if address))


# --- RFC 5965 --------------------------------------------------------------------------------------------------------


def _complaint(mail: Message) -> list[News]:
    for part in reports_mime.parts(mail):
        if part.get_content_type() in FEEDBACK_PARTS:
            told = reports_mime.fields(reports_mime.text(part))
            about = dict(reversed(told))  # the first of each name counts
            recipient = _address(about.get("original-rcpt-to", ""))
            kind = about.get("feedback-type", "").lower()
            return [
                News(
                    type="complained" if kind == "abuse" else OTHER,
                    uuid=_ours(mail),
                    recipient="" if "redacted" in recipient.lower() else recipient,
                    named=_named("" if "redacted" in recipient.lower() else recipient),
                    action=f"feedback {kind}"[:20],
                    words=f"Feedback-Type: {kind}",
                    at=_time(about.get("arrival-date", about.get("received-date", ""))) or _time(header(mail, "Date")),
                )
            ]
    return []


# --- for people only -------------------------------------------------------------------------------------------------


def _written_report(mail: Message) -> list[News]:
    said = _human_text(mail)
    if not (_by_machine(mail) or said.lstrip().startswith("Hi. This is the")):
        return []
    if header(mail, "Content-Type").lower().startswith("multipart/report") and not said:
        return []
    told = reports_text.read(said, failed=reports_mime.addresses(mail, "X-Failed-Recipients"))
    uuid = _ours(mail)
    return [
        News(
            type=ACTIONS.get(one.verdict, OTHER),
            uuid=uuid,
            recipient=one.address,
            named=_named(one.address),
            action=one.verdict,
            status=one.status,
            words=one.words,
            at=_time(header(mail, "Date")),
        )
        for one in told
    ]


def _by_machine(mail: Message) -> bool:
    sender = header(mail, "From").rpartition("@")[0] or header(mail, "From")
    null_sender = header(mail, "Return-Path") == "<>"
    return bool(
        mail.get("X-Failed-Recipients")
        or reports_text.MACHINES.search(sender)
        or (null_sender and reports_text.SUBJECTS.match(header(mail, "Subject")))
    )


def _human_text(mail: Message) -> str:
    """What is written for people: the first text that holds anything."""
    texts = [part for part in reports_mime.parts(mail) if part.get_content_type() in ("text/plain", "text/html")]
    return next((said for part in texts[:MOST_TEXTS] if (said := reports_mime.text(part)).strip()), "")


# --- RFC 3834 --------------------------------------------------------------------------------------------------------


def _auto_reply(mail: Message) -> list[News]:
    if not _is_auto_reply(mail):
        return []
    lines = reports_text.above_the_copy(_human_text(mail)).splitlines()
    words = reports_text.squeeze(" ".join(line for line in lines if not line.startswith(">")), LONGEST_AUTO_REPLY)
    recipient = next(iter(reports_mime.addresses(mail, "From")), "")
    words = words or header(mail, "Subject")[:LONGEST_AUTO_REPLY]
    return [
        News(AUTO_REPLY, _answered(mail), recipient, _named(recipient), words=words, at=_time(header(mail, "Date")))
    ]


def _is_auto_reply(mail: Message) -> bool:
    return (
        header(mail, "Auto-Submitted").lower().split(";")[0].strip() not in ("", "no")
        or any(mail.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
        or header(mail, "Precedence").lower() == "auto_reply"
        or bool(AUTO_REPLY_SUBJECTS.match(header(mail, "Subject")))
    )


# --- which email? ----------------------------------------------------------------------------------------------------


def _ours(mail: Message) -> UUID | None:
    """Our name on the email that the report returns, else on the one that it answers."""
    back = reports_mime.returned(mail)
    if back is not None and back.keys():
        ids = [back.get("Message-ID"), back.get("X-Google-Original-Message-ID")]
        named = envelope.named_by_header(header(back, envelope.HEADER))
        named = named or next((u for value in ids if value and (u := envelope.named_by_id(str(value)))), None)
        if named or back.get("Message-ID"):
            return named  # another email came back; whatever else is mentioned is not what this is about
    return envelope.named_in_text(_human_text(mail)) or _answered(mail)


def _answered(mail: Message) -> UUID | None:
    """What it answers: the last of the thread. That may be someone's own letter, in a thread that ours began."""
    thread = (header(mail, "In-Reply-To") or header(mail, "References")).split()
    return envelope.named_by_id(thread[-1]) if thread else None


def _time(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value) if value else None
        return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


READERS: tuple[Callable[[Message], list[News]], ...] = (_delivery_report, _complaint, _written_report, _auto_reply)


# --- what is kept ----------------------------------------------------------------------------------------------------

NOT_KEPT = b"[The rest of the returned email is not kept.]\r\n"


def without_the_email(raw: bytes) -> bytes:
    """The report without the body of the returned email, whose link opens the client's portal.

    Where leaving it out would change what the report says, only the link's secret goes.
    """
    masked = re.sub(rb"(/p/)(?:[\w-]|=\r?\n|=3D)+", rb"\1***", raw)
    named = re.search(rb"(?im)^[>| \t]*(?:X-Desk-Message:|Message-ID:\s*<?desk\.)", masked)
    ends = named and re.compile(rb"\r?\n[>| \t]*\r?\n").search(masked, named.end())
    if not ends:
        return masked
    boundary = reports_mime.boundary(masked)
    after = masked.find(b"\n--" + boundary, ends.end()) if boundary else -1
    cut = masked[: ends.end()] + NOT_KEPT + (masked[after + 1 :] if after >= 0 else b"")
    return cut if read(cut) == read(raw) else masked

"""The delivery record of an inspection: its stored facts, one line each, and the digest of them all.

Only what is never changed again is a fact: events, what they keep of their email, links, signatures, payments. Names,
addresses, templates, rules, words and settings as they are today are not. How somebody else checks the digest is
written in docs/decisions/delivery-record.md.
"""

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Model

from emails import imprint
from emails.models import Message, MessageEvent
from emails.states import FACT_RANK, Status, rank
from inspections.models import Inspection, InspectionEvent, Payment, PortalLink, Signature

_EMPTY: tuple[object, ...] = ("", None, [], {})
_BEGINNINGS = frozenset({"created", "resent", "retry_planned"})
_SECRET = frozenset({"click_url"})  # a link that opens the portal is nobody else's business
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Fact:
    """One line of the record. `known`: since when it is part of it."""

    known: datetime
    content: Mapping[str, Any]

    @cached_property
    def line(self) -> str:
        """As JSON with sorted keys, so that lines in order are facts in order: `at` comes first."""
        return json.dumps(self.content, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


@dataclass(frozen=True)
class Record:
    """All facts, in the order in which they became known."""

    inspection: Inspection
    facts: Sequence[Fact]

    @cached_property
    def canonical(self) -> bytes:
        """The file whose SHA-256 is the record's digest."""
        return "".join(sorted(fact.line for fact in self.facts)).encode()

    @cached_property
    def sha256(self) -> str:
        """The digest, hex."""
        return hashlib.sha256(self.canonical).hexdigest()

    @property
    def as_of(self) -> datetime:
        """When the newest fact became known."""
        return self.facts[-1].known

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The facts of one kind, by their own time."""
        return sorted((f.content for f in self.facts if f.content["fact"] == kind), key=lambda c: (c["at"], c["id"]))

    def since(self, digest: str) -> int | None:
        """How many facts were added since this was the record's digest; None if it never was."""
        wanted = tidy(digest)
        return next((added for added, was in enumerate(self._digests()) if was == wanted), None)

    def _digests(self) -> Iterator[str]:
        """Of the record as it is, then without its newest fact, and so on back to the first."""
        lines = sorted(fact.line for fact in self.facts)
        upto = [hashlib.sha256()]  # the state after each line, so that only what comes after a gap is read again
        for fact in reversed(self.facts):
            for line in lines[len(upto) - 1 :]:
                upto.append(upto[-1].copy())
                upto[-1].update(line.encode())
            yield upto[-1].hexdigest()
            gap = bisect_left(lines, fact.line)
            del lines[gap], upto[gap + 1 :]


def tidy(digest: str) -> str:
    """A digest as typed from paper: spaces and capitals do not matter."""
    return "".join(digest.split()).lower()


def load(inspection: Inspection) -> Record:
    """Read all facts, in a fixed number of queries."""
    readers = (_beginning, _happened, _emails, _steps, _links, _signatures, _payments)
    facts = [fact for read in readers for fact in read(inspection)]
    return Record(inspection, sorted(facts, key=lambda fact: (fact.known, fact.line)))


# --- one reader for each kind of row ---------------------------------------------------------------------------------


def _fact(kind: str, row: Model, at: datetime, *, known: datetime | None = None, **more: Any) -> Fact:
    told = {name: value for name, value in more.items() if value not in _EMPTY}
    return Fact(known or at, {"fact": kind, "id": row.pk, "at": _utc(at), **told})


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _beginning(inspection: Inspection) -> Iterable[Fact]:
    yield _fact("inspection", inspection, inspection.created_at)


def _happened(inspection: Inspection) -> Iterable[Fact]:
    for event in InspectionEvent.objects.filter(inspection=inspection):
        yield _fact(
            "event", event, event.at, type=event.type, by=event.by, person=event.participant_id, data=event.data
        )


def _emails(inspection: Inspection) -> Iterable[Fact]:
    """Who asked for each. What it said and to whom is told by its steps.

    Whoever was put on it later, as the client that there was not, is told by the step that did so.
    """
    steps = MessageEvent.objects.filter(message__inspection=inspection)
    for_nobody = set(steps.filter(type="client_added").values_list("message_id", flat=True))
    kept = steps.filter(data__has_key=imprint.KEY).values_list("message_id", "type")
    told = {message: {type for _, type in types} for message, types in groupby(sorted(kept), itemgetter(0))}
    rows = Message.objects.filter(inspection=inspection).select_related("template_version__template")
    for message in rows.defer("html", "text", "search"):
        yield _fact(
            "email",
            message,
            message.created_at,
            uuid=str(message.uuid),
            by=message.created_by,
            person=None if message.pk in for_nobody else message.participant_id,
            rule=message.rule_id,
            resend_of=message.resend_of_id,
            retry=message.retry or None,
            test=message.test or None,
            **_stored_before(message, told.get(message.pk, set())),
        )


def _stored_before(message: Message, told: set[str]) -> dict[str, Any]:
    """Of an email from before steps kept it, told by its row: only what no later step changes."""
    if told & _BEGINNINGS:
        return {}
    if rank(message.status) < FACT_RANK or "sending" in told:
        return {imprint.KEY: {"kind": message.kind}}
    # Without digests: the words go after their time.
    return imprint.of(message, status=Status.SENDING, reason="", note="", html="", text="")


def _steps(inspection: Inspection) -> Iterable[Fact]:
    for step in MessageEvent.objects.filter(message__inspection=inspection):
        yield _fact(
            "step",
            step,
            step.at,
            known=step.recorded_at,
            recorded_at=_utc(step.recorded_at),
            email=step.message_id,
            type=step.type,
            status=step.status,
            by=step.by,
            provider=step.provider,
            provider_message_id=step.provider_message_id,
            recipient=step.recipient,
            words=step.text,
            code=step.code,
            reject_reason=step.reject_reason,
            category=step.category,
            data={name: value for name, value in step.data.items() if name not in _SECRET},
        )


def _links(inspection: Inspection) -> Iterable[Fact]:
    for link in PortalLink.objects.filter(participant__inspection=inspection):
        person = link.participant_id
        expires = _utc(link.expires_at)
        yield _fact(
            "link", link, link.created_at, person=person, purpose=link.purpose, scope=link.scope, expires_at=expires
        )
        if link.revoked_at:
            yield _fact("link_off", link, link.revoked_at, person=person)


def _signatures(inspection: Inspection) -> Iterable[Fact]:
    for signature in Signature.objects.filter(participant__inspection=inspection).select_related("agreement"):
        yield _fact(
            "signature",
            signature,
            signature.signed_at,
            person=signature.participant_id,
            typed_name=signature.typed_name,
            ip=signature.ip,
            browser=signature.agent,
            link=signature.link_id,
            version=signature.agreement.version,
            sha256=signature.sha256,
            facts=signature.facts,
        )
        if signature.ended_at:
            because = signature.ended_because
            yield _fact("signature_ended", signature, signature.ended_at, by=signature.ended_by, because=because)
        if signature.disowned_at:
            yield _fact("signature_disowned", signature, signature.disowned_at, by=signature.disowned_by)


def _payments(inspection: Inspection) -> Iterable[Fact]:
    for payment in Payment.objects.filter(inspection=inspection):
        amount, by = f"{payment.amount:.2f}", payment.recorded_by
        yield _fact(
            "payment", payment, payment.recorded_at, dollars=amount, method=payment.method, note=payment.note, by=by
        )
        if payment.undone_at:
            yield _fact("payment_undone", payment, payment.undone_at, by=payment.undone_by)

"""“Why didn’t Ann get it?”: one answer with its evidence and its button."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emails import selectors_messages, why, wording
from emails.models import Message
from emails.selectors_why_actions import primary
from emails.selectors_why_case import Case, facts
from emails.selectors_why_proofs import Proof, proofs
from emails.troubleshoot import Action
from emails.why import Facts
from emails.wording import Guidance
from emails.wording_why import WHY
from inspections.models import Company


@dataclass(frozen=True)
class Answer:
    """One verdict with its evidence and its button."""

    code: str
    title: str
    sentence: str
    tone: str
    primary: Action
    proofs: Sequence[Proof]
    said: Guidance | None
    message: Message | None


def answer(case: Case) -> Answer:
    """Decide, and say it."""
    known = facts(case)
    code = why.decide(known)
    words, message = WHY[code], case.message
    company = Company.get()
    full = selectors_messages.full_facts(message, company) if message else None
    said = (wording.guidance(full) or wording.underway(full)) if full else None
    shown = wording.display(full) if full else None
    if said is None and full and message and (problem := selectors_messages.open_problem(message)):
        said = wording.guidance(full, problem.category)
    values = _values(case, known)
    title = str(words.title) or (said.label if said else shown.label if shown else "")
    sentence = str(words.sentence).format_map(values) or (said.sentence if said else shown.sentence if shown else "")
    if code in ("retrying", "stopped") and shown:
        sentence = shown.sentence
    return Answer(
        code=code,
        title=title,
        sentence=sentence,
        tone=words.tone or (said.tone if said else shown.tone if shown else "grey"),
        primary=primary(words.action, case),
        proofs=proofs(case, code),
        said=said,
        message=message,
    )


def _values(case: Case, known: Facts) -> Mapping[str, str]:
    message, hold = case.message, case.hold
    return {
        "name": case.person.name,
        "address": case.person.email or "no address",
        "old": message.to_address if message else "",
        "other": known.other,
        "meant": known.meant,
        "note": message.note if message else "",
        "who": hold.placed_by if hold else "",
        "why": hold.why if hold else "",
    }

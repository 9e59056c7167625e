"""Why did it not arrive, and what now: one verdict, one button first, at most two others.

The words say what would help; this says what is possible here, and where the button leads.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import Resolver404, resolve, reverse

from emails import eligibility, holds, outbox, wording
from emails.models import Message, Problem
from emails.states import Status
from emails.wording import Guidance, MessageFacts
from emails.wording_plain import PLAIN
from inspections.suggestions import suggestion

OTHERS = 2


@dataclass(frozen=True)
class Action:
    """A button: `post` (with `fields`) sends a form, `href` is a link; `inline` opens a form in the row instead."""

    code: str
    label: str
    icon: str
    post: str = ""
    href: str = ""
    inline: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Verdict:
    """What to say and what to press about a message."""

    guidance: Guidance
    primary: Action | None
    others: tuple[Action, ...]


@dataclass(frozen=True)
class _Case:
    """What the buttons are made for."""

    message: Message
    problem: Problem | None
    together: int = 1

    @property
    def first_name(self) -> str:
        words = self.message.to_name.split()
        return words[0] if words else "them"

    @property
    def phone(self) -> str:
        person = self.message.participant
        return person.contact.phone if person else ""

    @property
    def still_on_it(self) -> bool:
        person = self.message.participant
        return person is not None and person.removed_at is None


def verdict(
    facts: MessageFacts, message: Message, problem: Problem | None = None, *, together: int = 1
) -> Verdict | None:
    """What to do about a message; None if there is nothing to do. Needs `message.participant.contact` at hand.

    `together`: how many problems of this person the buttons are for.
    """
    if message.erased_at:
        return None
    found = wording.guidance(facts) or (wording.guidance(facts, problem.category) if problem else None)
    if found is None:
        return None
    actions = list(_possible(found.actions, _Case(message, problem, together)))
    return Verdict(found, actions[0] if actions else None, tuple(actions[1 : OTHERS + 1]))


def _possible(codes: Iterable[str], case: _Case) -> Iterable[Action]:
    places: set[tuple[object, ...]] = set()
    for code in codes:
        for action in _BUILDERS[code](case):
            place = (action.post, action.href, action.fields)
            if place not in places:
                places.add(place)
                yield action


def exists(path: str) -> bool:
    """Whether an address leads anywhere."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


# --- the buttons -----------------------------------------------------------------------------------------------------


def _fix(label: str) -> Callable[[_Case], list[Action]]:
    def build(case: _Case) -> list[Action]:
        if not case.still_on_it:
            return []
        person = case.message.participant_id
        query = f"?{urlencode({'problem': case.problem.pk})}" if case.problem else ""
        return [
            Action(
                "fix",
                label,
                "pencil-square",
                href=f"/people/{person}/edit/{query}",
                inline=f"/people/{person}/fix/{query}",
                key="f",
            )
        ]

    return build


def _use_or_fix(label: str) -> Callable[[_Case], list[Action]]:
    """Take the address that was probably meant and send again, in one press; else the field to type in."""
    fix = _fix(label)

    def build(case: _Case) -> list[Action]:
        meant = _meant(case) if case.still_on_it else ""
        if not meant:
            return fix(case)
        post = reverse("person_use", args=[case.message.participant_id])
        use = Action("use", f"Use {meant} and resend", "check", post=post, fields=(("email", meant),), key="u")
        return [use, *fix(case)]

    return build


def _meant(case: _Case) -> str:
    """The address that was probably meant, if the person's address is still the one that failed."""
    person = case.message.participant
    if person is None or person.contact.email_key != case.message.to_key:
        return ""
    return suggestion(person.contact.email)


def _resend(label: str) -> Callable[[_Case], list[Action]]:
    def build(case: _Case) -> list[Action]:
        words = f"{label} {case.together} emails" if case.problem and case.together > 1 else label
        return [Action("resend", words, "arrow-path", post=_address(case), key="r")]

    return build


def _plain(case: _Case) -> list[Action]:
    if case.message.kind not in PLAIN or case.message.plain:
        return []
    way = (("how", "plain"),)
    label = f"Send {case.together} plain versions" if case.together > 1 else "Send plain version"
    return [Action("plain", label, "document-text", post=_address(case), fields=way, key="r")]


def _by_link(case: _Case) -> list[Action]:
    """Only where a file went along, and the email was this one alone."""
    if not case.message.files or case.message.by_link or case.message.test:
        return []
    label = "Resend with a link instead of the file"
    post = reverse("resend", args=[case.message.pk])
    return [Action("by_link", label, "link", post=post, fields=(("how", "link"),), key="r")]


def _tomorrow(case: _Case) -> list[Action]:
    if not eligibility.is_timely_at(case.message, outbox.tomorrow_at_eight()):
        return []
    way = (("how", "tomorrow"),)
    what = f" {case.together} emails" if case.together > 1 else ""
    return [Action("tomorrow", f"Try{what} again tomorrow 8 AM", "calendar", post=_address(case), fields=way, key="r")]


def _address(case: _Case) -> str:
    """Where all that did not reach this person is sent again, or this one email."""
    together = case.problem if case.together > 1 else None
    return reverse("resend-problem", args=[together.pk]) if together else reverse("resend", args=[case.message.pk])


def _page(path: str, label: str, icon: str) -> Callable[[_Case], list[Action]]:
    def build(case: _Case) -> list[Action]:
        values = {"template": case.message.template_id, "inspection": case.message.inspection_id}
        address = path.format_map(values)
        return [Action("page", label, icon, href=address)] if exists(address) else []

    return build


def _call(case: _Case) -> list[Action]:
    number = "".join(ch for ch in case.phone if ch.isdigit() or ch == "+")
    return [Action("call", f"Call {case.first_name}", "phone", href=f"tel:{number}")] if number else []


def _ask(case: _Case) -> list[Action]:
    address = f"{reverse('message', args=[case.message.pk])}#tell"
    return [Action("ask", f"See what to ask {case.first_name}", "chat-bubble-left-right", href=address)]


def _settle(case: _Case) -> list[Action]:
    address = reverse("settle", args=[case.message.pk])
    return [
        Action("arrived", "It arrived", "check", post=address, fields=(("arrived", "yes"),)),
        Action(
            "again", "Send again (may arrive twice)", "arrow-path", post=address, fields=(("arrived", "no"),), key="r"
        ),
    ]


def _allow_again(case: _Case) -> list[Action]:
    """Leads to the address on the page of blocked ones, as long as it is one."""
    address = case.message.to_address
    if not holds.active(address):
        return []
    return [Action("allow", "Allow again", "lock-open", href=f"{reverse('blocked')}?{urlencode({'q': address})}")]


def _add_client(case: _Case) -> list[Action]:
    if case.message.participant_id is not None:
        return []
    page = reverse("person-add", args=[case.message.inspection_id])
    return [Action("add_client", "Add the client", "user-plus", href=page)]


def _send_now(case: _Case) -> list[Action]:
    if eligibility.lacks_client(case.message):
        return []
    return [
        Action("send_now", "Send it now", "paper-airplane", post=reverse("send-now", args=[case.message.pk]), key="r")
    ]


_BUILDERS: Mapping[str, Callable[[_Case], list[Action]]] = {
    "fix_address": _use_or_fix("Fix address and resend"),
    "add_address": _use_or_fix("Add address and resend"),
    "correct_address": _use_or_fix("Correct address and resend"),
    "other_address": _fix("Use another address"),
    "resend": _resend("Resend"),
    "plain": _plain,
    "by_link": _by_link,
    "tomorrow": _tomorrow,
    "retry": _resend("Retry"),
    "allowed_resend": _resend("They’ve done it: resend"),
    "resend_twice": _resend("Resend (may arrive twice)"),
    "ask_to_allow": _ask,
    "settle": _settle,
    "call": _call,
    "add_client": _add_client,
    "send_now": _send_now,
    "health": _page("/health/", "Check sending health", "signal"),
    "template": _page("/templates/{template}/", "Open the template", "document-text"),
    "inspection": _page("/inspections/{inspection}/", "Open the inspection", "home-modern"),
    "allow_again": _allow_again,
}
ACTION_CODES = frozenset(_BUILDERS)


def cancel_action(message: Message) -> Action | None:
    """Stopping what has not left yet."""
    if message.status not in (Status.QUEUED, Status.HELD):
        return None
    return Action("cancel", "Don’t send it", "x-mark", post=reverse("undo", args=[message.pk]))


def without_inline(action: Action) -> Action:
    """The same button where there is no row to open a form in."""
    return replace(action, inline="")

"""The one button beside the answer to “Why didn’t Ann get it?”."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.urls import reverse

from emails import eligibility, selectors_messages, troubleshoot
from emails.models import Message
from emails.reminders import What
from emails.selectors_menu import RESENDS
from emails.selectors_why_case import Case
from emails.troubleshoot import Action
from inspections.models import Company


def primary(code: str, case: Case) -> Action:
    """The button that `wording_why` names."""
    return ACTIONS[code](case)


def _email(case: Case) -> Message:
    """An answer about an email has one."""
    if case.message is None:
        raise LookupError("there is no email to act on")
    return case.message


def _edit(label: str) -> Callable[[Case], Action]:
    return lambda case: Action("fix", label, "pencil-square", href=reverse("person_edit", args=[case.person.pk]))


def _inspection(case: Case) -> Action:
    return Action(
        "page", "Open the inspection", "home-modern", href=reverse("inspection", args=[case.person.inspection_id])
    )


def _confirm(case: Case) -> Action:
    address = reverse("inspection-confirm", args=[case.person.inspection_id])
    return Action("page", "Confirm the inspection", "check", href=address)


def _health(case: Case) -> Action:
    return Action("page", "Check sending health", "signal", href=reverse("health"))


def _allow(case: Case) -> Action:
    address = f"{reverse('blocked')}?{urlencode({'q': case.person.email})}"
    return Action("allow", "See the block", "lock-open", href=address)


def _edit_or_allow(case: Case) -> Action:
    """A full or switched-off mailbox may work again; one that does not exist needs another address."""
    stays = case.hold is not None and case.hold.category in ("address_unknown", "domain_problem", "mailbox_disabled")
    return _edit("Correct the address")(case) if stays else _allow(case)


def _send(case: Case) -> Action:
    """A first email of this kind, or it once more to the address on file."""
    message = case.message
    if case.kind in RESENDS:
        refused = message is None and eligibility.why_not_about(case.person.inspection, case.kind)
        if refused:
            return _inspection(case)
        post = reverse("person_resend", args=[case.person.pk, case.kind])
        return Action("resend", f"Send it to {case.person.name}", "paper-airplane", post=post)
    if message:
        return Action("resend", "Send it again", "arrow-path", post=reverse("resend", args=[message.pk]))
    return _inspection(case)


def _resend(case: Case) -> Action:
    message = _email(case)
    return Action("resend", "Resend", "arrow-path", post=reverse("resend", args=[message.pk]))


def _send_now(case: Case) -> Action:
    message = _email(case)
    return Action("send_now", "Send it now", "paper-airplane", post=reverse("send-now", args=[message.pk]))


def _open(case: Case) -> Action:
    message = _email(case)
    return Action("page", "See the email", "envelope-open", href=reverse("message", args=[message.pk]))


def _link(case: Case) -> Action:
    return Action("link", "Copy portal link", "link", post=reverse("person-link", args=[case.person.pk]))


def _remind(case: Case) -> Action:
    post = reverse("person_remind", args=[case.person.pk, What.SIGN])
    return Action("resend", "Send reminder to sign", "paper-airplane", post=post)


def _message(case: Case) -> Action:
    """What the email's own page would say first."""
    message = _email(case)
    full = selectors_messages.full_facts(message, Company.get())
    found = troubleshoot.verdict(full, message, selectors_messages.open_problem(message))
    return troubleshoot.without_inline(found.primary) if found and found.primary else _open(case)


def _message_or_send(case: Case) -> Action:
    return _send(case) if case.kind in RESENDS else _resend(case)


def _template(case: Case) -> Action:
    address = f"/templates/{_email(case).template_id}/"
    if not troubleshoot.exists(address):
        return _message(case)
    return Action("page", "Open the template", "document-text", href=address)


ACTIONS: Mapping[str, Callable[[Case], Action]] = {
    "add_address": _edit("Add an email address"),
    "edit": _edit("Correct the address"),
    "edit_or_allow": _edit_or_allow,
    "inspection": _inspection,
    "confirm": _confirm,
    "health": _health,
    "allow": _allow,
    "send": _send,
    "resend": _resend,
    "send_now": _send_now,
    "open": _open,
    "link": _link,
    "remind": _remind,
    "message": _message,
    "template": _template,
    "message_or_send": _message_or_send,
}

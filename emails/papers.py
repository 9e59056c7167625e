"""What is signed and what is paid, as emails ask about it."""

from django.db.models import Q

from emails.models import Kind, Message
from inspections import payments
from inspections.models import Participant, Role, Signature, clients_to_sign

# Built-in templates that ask for one thing alone, whoever sends them.
TO_SIGN, TO_PAY = "Reminder to sign", "Reminder to pay"


def about_signing(prefix: str = "") -> Q:
    """Emails that ask for a signature, a confirmation too: it leads to the portal, and whoever signed was there.

    `prefix` leads from other rows to their message.
    """
    return Q(**{f"{prefix}kind": Kind.CONFIRMATION}) | about_signing_alone(prefix)


def about_signing_alone(prefix: str = "") -> Q:
    """Emails that ask for a signature and for nothing else."""
    kind = Q(**{f"{prefix}kind": Kind.AGREEMENT})
    return kind | Q(**{f"{prefix}rule__unsigned": True}) | Q(**{f"{prefix}template__built_in": TO_SIGN})


def about_paying(prefix: str = "") -> Q:
    """Emails that ask for money and for nothing else."""
    return Q(**{f"{prefix}rule__unpaid": True}) | Q(**{f"{prefix}template__built_in": TO_PAY})


def signed(person: Participant) -> str:
    """Who signed, in words, if nobody has to be asked: a client for themselves, anybody else for all clients."""
    if person.role == Role.CLIENT:
        return f"{person.name} has signed" if person.signatures.standing().exists() else ""
    clients = person.inspection.participants.current().filter(role=Role.CLIENT)
    nobody_left = clients.exists() and not clients_to_sign(person.inspection_id).exists()
    return "Every client has signed" if nobody_left and person.inspection.agreement_id else ""


def paid(person: Participant) -> str:
    """That nothing is due, in words; "" while something is."""
    return "The fee is paid" if payments.is_paid(person.inspection) else ""


def asks_to_sign(message: Message) -> bool:
    """It asks for a signature and for nothing else."""
    return (
        message.kind == Kind.AGREEMENT
        or bool(message.rule and message.rule.unsigned)
        or bool(message.template and message.template.built_in == TO_SIGN)
    )


def asks_to_pay(message: Message) -> bool:
    """It asks for money and for nothing else."""
    return bool(message.rule and message.rule.unpaid) or bool(message.template and message.template.built_in == TO_PAY)


def done_since(message: Message) -> str:
    """In words, that what it asks for was done after it was asked for; "" if not. Sent again later, it was meant."""
    person = message.participant
    if person is None:
        return ""
    if asks_to_sign(message) and _signed_since(message, person):
        return signed(person)
    paid_since = message.inspection.payments.standing().filter(recorded_at__gte=message.created_at)
    return paid(person) if asks_to_pay(message) and paid_since.exists() else ""


def _signed_since(message: Message, person: Participant) -> bool:
    """They signed after it was asked for; of somebody who is no client: a client did."""
    if person.role == Role.CLIENT:
        return signature_since(message) is not None
    given = Signature.objects.standing().filter(participant__inspection=person.inspection_id)
    return given.filter(signed_at__gte=message.created_at).exists()


def signature_since(message: Message) -> Signature | None:
    """The standing signature that its recipient gave after the email was asked for."""
    given = Signature.objects.standing().filter(participant=message.participant_id)
    return given.filter(signed_at__gte=message.created_at).first()


def is_needless(message: Message) -> bool:
    """That it did not arrive needs nobody any more."""
    return bool(done_since(message)) or (message.kind == Kind.CONFIRMATION and signature_since(message) is not None)


def remark(message: Message) -> str:
    """To be said to whoever sends it: what it asks for is done already; "" if it is not."""
    person = message.participant
    if person is None:
        return ""
    done = (signed(person) if asks_to_sign(message) else "") or (paid(person) if asks_to_pay(message) else "")
    return f"{done} already." if done else ""

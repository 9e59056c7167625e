"""What is signed and what is paid, as emails ask about it."""

from django.db.models import Q

from emails.models import Kind, Message
from inspections import payments
from inspections.models import Participant, Role, Signature, clients_to_sign

# Built-in templates that ask for one thing alone, whoever sends them.
TO_SIGN, TO_PAY = "Reminder to sign", "Reminder to pay"
# The same of problems. A confirmation leads to the portal: whoever signed was there.
ABOUT_SIGNING = (
    Q(kind__in=[Kind.CONFIRMATION, Kind.AGREEMENT])
    | Q(message__rule__unsigned=True)
    | Q(message__template__built_in=TO_SIGN)
)
ABOUT_PAYING = Q(message__rule__unpaid=True) | Q(message__template__built_in=TO_PAY)


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
    if asks_to_sign(message) and signature_since(message):
        return signed(person)
    paid_since = message.inspection.payments.standing().filter(recorded_at__gte=message.created_at)
    return paid(person) if asks_to_pay(message) and paid_since.exists() else ""


def signature_since(message: Message) -> Signature | None:
    """The standing signature that its recipient gave after the email was asked for."""
    given = Signature.objects.standing().filter(participant=message.participant_id)
    return given.filter(signed_at__gte=message.created_at).first()


def is_needless(message: Message) -> bool:
    """That it did not arrive needs nobody any more."""
    return bool(done_since(message)) or (message.kind == Kind.CONFIRMATION and signature_since(message) is not None)

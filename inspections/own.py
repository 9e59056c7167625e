"""The office's own addresses: whoever is written to there would never see the email."""

from inspections.drafts import OWN_ADDRESS
from inspections.models import Company, User
from inspections.text import canonical


def own_addresses() -> frozenset[str]:
    """Keys of the company's and the staff's addresses. Only these exact ones, never their whole domain."""
    company = Company.get()
    own = {canonical(company.sender_email), canonical(company.reply_to)}
    staff = User.objects.filter(is_active=True).values_list("email", flat=True)
    return frozenset((own | {canonical(email) for email in staff}) - {""})


def refusal(email: str, *, name: str) -> str:
    """Why nobody can have this address: a sentence, "" if it is not the office's own."""
    ours = bool(email.strip()) and canonical(email) in own_addresses()
    return OWN_ADDRESS.format(name=name or "this person") if ours else ""

"""The mail in which a colleague gets a link to choose a password. It goes past the queue, as the daily summary does."""

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from emails import carrier
from emails.outcomes import Fate
from inspections import passwords
from inspections.models import Company, User


def send(user: User, *, by: User) -> bool:
    """Send it now. True if the mail service took it. No database transaction may be open."""
    return carrier.call(_email(user, by)).fate == Fate.ACCEPTED


def _email(user: User, by: User) -> EmailMultiAlternatives:
    company = Company.get()
    context = {
        "user": user,
        "by": by,
        "company": company,
        "is_new": not user.has_usable_password(),
        "link": passwords.link(user),
        "days": passwords.days(),
    }
    subject = "Choose your password" if context["is_new"] else "Choose a new password"
    email = EmailMultiAlternatives(
        subject=f"{subject} for {company.name}",
        body=render_to_string("account/email/invitation.txt", context),
        from_email=carrier.mailbox(company.sender_name or company.name, company.sender_email),
        to=[carrier.mailbox(str(user), user.email)],
    )
    email.tags = ["invitation"]  # type: ignore[attr-defined] # read by Anymail
    return email

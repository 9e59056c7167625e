"""What the delivery remembers, by noun."""

from emails.models.desk import Desk, Digest
from emails.models.domains import DomainCheck
from emails.models.erasures import Erasure
from emails.models.exports import Export, ExportPart
from emails.models.letters import Attachment, Letter, LetterQuerySet
from emails.models.mailbox import Mailbox
from emails.models.messages import (
    SAME_EMAIL,
    Message,
    MessageEvent,
    MessageQuerySet,
    same_email,
    same_email_outside,
)
from emails.models.reasons import WrongReason
from emails.models.service import ApiKey, Channel, WebhookPost, new_nonce
from emails.models.templates import (
    MARKETING,
    Attach,
    Automation,
    AutomationQuerySet,
    EmailTemplate,
    Kind,
    OptOut,
    Side,
    TemplateDraft,
    TemplateVersion,
    Trigger,
    Unit,
)
from emails.models.work import AddressHold, Problem, ProblemQuerySet

__all__ = [
    "MARKETING",
    "SAME_EMAIL",
    "AddressHold",
    "ApiKey",
    "Attach",
    "Attachment",
    "Automation",
    "AutomationQuerySet",
    "Channel",
    "Desk",
    "Digest",
    "DomainCheck",
    "EmailTemplate",
    "Erasure",
    "Export",
    "ExportPart",
    "Kind",
    "Letter",
    "LetterQuerySet",
    "Mailbox",
    "Message",
    "MessageEvent",
    "MessageQuerySet",
    "OptOut",
    "Problem",
    "ProblemQuerySet",
    "Side",
    "TemplateDraft",
    "TemplateVersion",
    "Trigger",
    "Unit",
    "WebhookPost",
    "WrongReason",
    "new_nonce",
    "same_email",
    "same_email_outside",
]

"""What the delivery remembers, by noun."""

from emails.models.domains import DomainCheck
from emails.models.mailbox import Mailbox
from emails.models.messages import Message, MessageEvent, MessageQuerySet
from emails.models.reasons import WrongReason
from emails.models.service import ApiKey, Channel, WebhookPost, new_nonce
from emails.models.templates import (
    Automation,
    AutomationQuerySet,
    EmailTemplate,
    Kind,
    Side,
    TemplateVersion,
    Trigger,
    Unit,
)
from emails.models.work import AddressHold, Problem, ProblemQuerySet

__all__ = [
    "AddressHold",
    "ApiKey",
    "Automation",
    "AutomationQuerySet",
    "Channel",
    "DomainCheck",
    "EmailTemplate",
    "Kind",
    "Mailbox",
    "Message",
    "MessageEvent",
    "MessageQuerySet",
    "Problem",
    "ProblemQuerySet",
    "Side",
    "TemplateVersion",
    "Trigger",
    "Unit",
    "WebhookPost",
    "WrongReason",
    "new_nonce",
]

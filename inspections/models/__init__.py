"""The facts: who, which house, when. Knows nothing of email.

Every change of a fact goes through `inspections.services`, which keeps an `InspectionEvent` beside it.
"""

from inspections.models.contacts import Contact, ContactChange, ContactQuerySet, Language, Via
from inspections.models.doors import ImportUpload, PortalLink, PortalLinkQuerySet, Scope
from inspections.models.jobs import (
    Agreement,
    Inspection,
    InspectionEvent,
    InspectionQuerySet,
    InspectionStatus,
    Participant,
    ParticipantQuerySet,
    Role,
    clients_to_sign,
)
from inspections.models.papers import Method, Payment, PaymentQuerySet, Signature, SignatureQuerySet
from inspections.models.staff import Company, TeamChange, User, UserManager
from inspections.models.validators import validate_address, validate_line, validate_zone

__all__ = [
    "Agreement",
    "Company",
    "Contact",
    "ContactChange",
    "ContactQuerySet",
    "ImportUpload",
    "Inspection",
    "InspectionEvent",
    "InspectionQuerySet",
    "InspectionStatus",
    "Language",
    "Method",
    "Participant",
    "ParticipantQuerySet",
    "Payment",
    "PaymentQuerySet",
    "PortalLink",
    "PortalLinkQuerySet",
    "Role",
    "Scope",
    "Signature",
    "SignatureQuerySet",
    "TeamChange",
    "User",
    "UserManager",
    "Via",
    "clients_to_sign",
    "validate_address",
    "validate_line",
    "validate_zone",
]

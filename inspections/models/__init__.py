"""The facts: who, which house, when. Knows nothing of email.

Every change of a fact goes through `inspections.services`, which keeps an `InspectionEvent` beside it.
"""

from inspections.models.contacts import Contact, ContactChange, ContactQuerySet, Language, Via
from inspections.models.doors import ImportUpload, PortalLink, PortalLinkQuerySet
from inspections.models.jobs import (
    Agreement,
    Inspection,
    InspectionEvent,
    InspectionQuerySet,
    InspectionStatus,
    Participant,
    ParticipantQuerySet,
    Role,
)
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
    "Participant",
    "ParticipantQuerySet",
    "PortalLink",
    "PortalLinkQuerySet",
    "Role",
    "TeamChange",
    "User",
    "UserManager",
    "Via",
    "validate_address",
    "validate_line",
    "validate_zone",
]

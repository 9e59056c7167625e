"""Finding messages by the words people remember: address, name, subject, property.

The column cannot be computed by PostgreSQL itself as those of `inspections` are, because the property is another
table's: `index` fills it, after a message is written and again when its subject is known.
"""

from collections.abc import Collection

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from emails.models import Message
from inspections import searching
from inspections.models import Inspection


def index(message_ids: Collection[int]) -> None:
    """Make these messages findable by what they hold now. One statement; repeating it is harmless."""
    property_ = Inspection.objects.filter(pk=OuterRef("inspection_id")).order_by()
    address = Coalesce(Subquery(property_.values("address")), Value(""))
    Message.objects.filter(pk__in=message_ids).update(
        search=searching.vector("to_address", "to_name", "subject", address)
    )

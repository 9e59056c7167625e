"""The whole way once, with nothing replaced: commit, broker, worker, provider, webhook, status."""

from django.db import transaction

from emails.models import Message
from inspections import services
from tests.factories import make_company, make_inspection, make_participant
from tests.live import Live, until


def test_a_confirmation_is_sent_and_its_delivery_comes_back(live_worker: Live) -> None:
    make_company()
    inspection = make_inspection()
    make_participant(inspection, name="Ann Lee", email="ann.lee@example.com")
    with transaction.atomic():
        services.confirm(inspection, by="Kim Reyes")

    def delivered() -> bool:
        return Message.objects.filter(to_address="ann.lee@example.com", status="delivered").exists()

    until(delivered, "the confirmation is delivered")

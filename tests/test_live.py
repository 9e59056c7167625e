"""The whole way once, with nothing replaced: commit, broker, worker, provider, webhook, status."""

from django.db import transaction
from playwright.sync_api import Page

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


def test_the_sign_in_page_opens_in_a_real_browser_under_our_policy(live_worker: Live, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_worker.url}/accounts/login/")
    assert page.locator("input[type=password]").is_visible()
    assert complaints == []

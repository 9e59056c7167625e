"""Practice data: about sixty inspections, made by the real services, that show every status and every reason."""

from emails import overdue, selectors_messages, selectors_papers
from emails.models import Automation, Letter, Message
from emails.practice import data, fates, office
from emails.practice.stories import STORIES
from emails.practice.stories_more import MORE
from emails.states import Status
from emails.wording_failures import FAILURES
from emails.wording_statuses import STATUSES
from inspections import signing
from inspections.models import Company, Inspection, Signature
from tests.live import Live

# Gone within seconds, or said by a plain mail server only.
PASSING = {"undoable", "queued", "sending", "sent_blind"}
# The practice office has no rule with a condition, sends no marketing, and puts nobody on an inspection twice or late.
NOT_THERE = {"off_condition", "off_unsubscribed", "off_duplicate", "off_cancelled"}
EVERY = (STATUSES.keys() | FAILURES.keys()) - PASSING - NOT_THERE


def shown_codes() -> set[str]:
    """Every code that a page of these messages says: its status, and its reason where it waits or failed."""
    company, codes = Company.get(), set()
    for message in Message.objects.select_related("participant__contact", "inspection"):
        facts = selectors_messages.full_facts(message, company)
        shown = selectors_messages.wording.display(facts)
        codes |= {shown.code, message.reason, message.category} - {""}
    return codes


def papers() -> set[tuple[str, str]]:
    """How far inspections with a client are: signed, paid."""
    inspections = list(Inspection.objects.all())
    clients = {it.pk: list(it.participants.current().filter(role="client")) for it in inspections}
    found = [one for one in selectors_papers.of(inspections, clients).values() if one.signers]
    return {(one.to_sign[0], one.to_pay[0]) for one in found}


def test_practice_data_shows_every_status_and_reason(live_worker: Live) -> None:
    office.install()
    assert data.tell() == len(STORIES) + len(MORE)
    overdue.raise_problems()
    assert EVERY - shown_codes() == set()
    assert Inspection.objects.count() == 60
    assert not Automation.objects.filter(enabled=False).exists()
    assert papers() == {("Signed", "Paid"), ("Signed", "Not paid"), ("Signed", "$150.00 due"),
                        ("1 of 2 signed", "Not paid"), ("Not signed", "Paid"), ("Not signed", "Not paid")}  # fmt: skip
    assert Signature.objects.filter(ended_because=["starts_at"]).exists()
    assert not [one for one in Signature.objects.standing() if signing.changed_since(one)]
    assert Letter.objects.drafts().count() == 1
    assert Message.objects.filter(letter__sent_at__isnull=False).get().status == Status.DELIVERED
    before = Message.objects.count()
    assert data.tell() == 0
    assert Message.objects.count() == before
    # An email that comes back says why it should: by the part of the address before the +.
    for message in Message.objects.filter(status__in=[Status.BOUNCED, Status.SOFT_BOUNCED]):
        fate = fates.for_address(message.to_address)
        if fate.category:
            assert message.category == fate.category, message.to_address


def test_every_practice_person_has_an_address_of_their_own() -> None:
    emails = [p.email for story in (*STORIES, *MORE) for p in story.people if p.email]
    shared = {"pat.nguyen@example.net", "louise.hart@example.net", "ted.marsh@example.org"}  # agents recur
    once = [email for email in emails if email not in shared]
    assert len(once) == len(set(once))
    assert all(
        email.rpartition("@")[2].endswith(("example.com", "example.net", "example.org", ".example"))
        for email in emails
        if "slip" not in email
    )

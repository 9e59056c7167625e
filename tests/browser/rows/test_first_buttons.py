"""Every reason why an email did not arrive: its first button leads to the end that the words promise."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from emails.models import EmailTemplate, Letter, Message
from emails.states import HOLD_REASONS, Status
from emails.wording_failures import FAILURES
from inspections.models import Company, Participant
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.live import Live, until

AGENT = "“For agents” needs AGENT_NAME, and this inspection has none."


# --- an email of each reason -----------------------------------------------------------------------------------------


def failed(category: str) -> Message:
    person = make_client(name="Ann Lee", email=f"first.{category}@example.com")
    if category == "unsure":
        doubtful = make_message(person)
        doubtful.events.filter(type="sent").delete()
        return told(doubtful, Status.UNKNOWN)
    if category == "no_news":
        long_ago = timezone.now() - timedelta(hours=5)
        return make_message(person, sent_at=long_ago, changed_at=long_ago)
    if category in HOLD_REASONS and category != "domain_problem":
        return held(category)
    if category == "provider_problem":
        message = make_message(person)
        message.events.filter(type="sent").delete()
        return told(message, Status.FAILED, category=category)
    if category == "message_too_large":
        return told(with_a_file(person), Status.BOUNCED, category=category)
    if category in ("complained", "mailbox_full"):
        status = Status.COMPLAINED if category == "complained" else Status.SOFT_BOUNCED
        return told(make_message(person), status, category=category)
    return make_failed(person, category)


def with_a_file(person: Participant) -> Message:
    """An email by hand that a file went along with."""
    letter = Letter.objects.create(inspection=person.inspection, subject="The plan", body="<p>Hello</p>")
    letter.people.add(person)
    digest = hashlib.sha256(b"%PDF-").hexdigest()
    letter.attachments.create(name="plan.pdf", content_type="application/pdf", size=5, sha256=digest, content=b"%PDF-")
    Letter.objects.filter(pk=letter.pk).update(sent_at=timezone.now(), sent_by="Kim")
    went = [{"name": "plan.pdf", "size": 5, "sha256": digest}]
    return make_message(person, kind="one_off", template=None, letter=letter, files=went)


def held(category: str) -> Message:
    company = Company.get()
    email = {"no_address": "", "own_address": company.sender_email}.get(category, f"first.{category}@example.com")
    over: dict[str, object] = {}
    if category == "template_problem":
        agents = EmailTemplate.objects.create(name="For agents", kind="one_off")
        agents.versions.create(
            number=1, subject="Hello", body="<p>{{AGENT_NAME}}</p>", published_at=timezone.now(), created_by="Kim"
        )
        over = {"template": agents, "kind": "one_off", "note": AGENT}
    return make_message(make_client(name="Ann Lee", email=email), status=Status.HELD, reason=category, **over)


# --- what its first button leads to ----------------------------------------------------------------------------------


def another_address(page: Page, message: Message) -> None:
    page.get_by_label("Email address").fill(f"other.{message.pk}@example.com")
    page.get_by_role("button", name="Save and resend").click()


def sent_again(page: Page, message: Message) -> None:
    expect(page.locator("body")).to_contain_text("to Ann Lee is on its way.")


def resent_after_a_look(page: Page, message: Message) -> None:
    """The button leads to where it is put right; then it is sent again."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.split("/")[3] == "health"
    page.goto(f"/messages/{message.pk}/")
    page.locator(".verdict").get_by_role("button", name="Resend").click()


def asked_and_resent(page: Page, message: Message) -> None:
    expect(page.locator("#tell")).to_contain_text("to your safe senders")
    page.get_by_role("button", name="They’ve done it: resend").click()


def what_it_needs_is_added(page: Page, message: Message) -> None:
    page.get_by_role("link", name="Add person").first.click()
    page.get_by_label("Role").select_option("buyer_agent")
    page.get_by_label("Name").fill("Pat Agent")
    page.get_by_role("textbox", name="Email").fill(f"pat.{message.pk}@example.com")
    page.get_by_role("button", name="Add person").click()


def at_eight(page: Page, message: Message) -> None:
    until(lambda: Message.objects.filter(resend_of=message).exists(), "a new row")
    planned = Message.objects.get(resend_of=message)
    assert timezone.localtime(planned.send_after, Company.get().zone).hour == 8


def on_the_phone(page: Page, message: Message) -> None:
    expect(page.locator(".verdict .btn-primary")).to_have_attribute("href", "tel:+12175550101")


# By the first action of the words. True: it is delivered in the end.
ENDS: dict[str, tuple[Callable[[Page, Message], None], bool]] = {
    "fix_address": (another_address, True),
    "add_address": (another_address, True),
    "correct_address": (another_address, True),
    "resend": (sent_again, True),
    "retry": (sent_again, True),
    "plain": (sent_again, True),
    "ask_to_allow": (asked_and_resent, True),
    "health": (resent_after_a_look, True),
    "by_link": (sent_again, True),
    "inspection": (what_it_needs_is_added, True),
    "settle": (lambda page, message: None, True),
    "tomorrow": (at_eight, False),
    "call": (on_the_phone, False),
}


def test_a05_the_first_button_of_every_reason_works_to_its_end(open_page: Open, live_worker: Live) -> None:
    assert {why.actions[0] for why in FAILURES.values()} == ENDS.keys()
    page = open_page("/")
    to_arrive = []
    for category, why in FAILURES.items():
        message = failed(category)
        act, arrives = ENDS[why.actions[0]]
        page.goto(f"/messages/{message.pk}/")
        expect(page.locator(".verdict")).to_contain_text(str(why.label))
        primary = page.locator(".verdict .btn-primary")
        if why.actions[0] != "call":
            primary.click()
        act(page, message)
        to_arrive += [message] if arrives else []
    live_worker.wake()
    for message in to_arrive:
        family = Message.objects.filter(pk=message.pk) | Message.objects.filter(root=message)
        until(family.filter(status=Status.DELIVERED).exists, f"{message}, {message.category}, arrives", seconds=30)

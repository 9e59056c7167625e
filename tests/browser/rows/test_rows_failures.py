"""Rows of docs/article.md that begin with an email that failed: found, understood, put right, all as people meet it."""

import requests
from django.utils import timezone
from playwright.sync_api import Page, expect

from emails.models import Message
from emails.states import Status
from inspections import services
from inspections.models import Company, Inspection
from tests.browser.conftest import Open
from tests.emails.conftest import AUTH, postmark
from tests.emails.mailed import make_client, make_failed, make_message, told
from tests.factories import in_days, make_draft, make_inspection, make_person
from tests.live import Live, until

UNCLEAR = "smtp; 550 #8812"
OFFICE = "office@example.com"  # the sender's address in these tests


def confirmed(name: str, email: str, number: str, **over: object) -> Inspection:
    person = make_person(name=name, email=email)
    inspection, _ = services.save(make_draft(external_id=number, people=(person,), **over), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    return inspection


def confirmation(inspection: Inspection, status: str) -> Message:
    message = inspection.messages.filter(kind="confirmation").latest("pk")
    until(lambda: Message.objects.get(pk=message.pk).status == status, f"{message} is {status}", seconds=20)
    return Message.objects.get(pk=message.pk)


def news(live: Live, message: Message, words: str) -> None:
    """The mail service tells that it came back, with these words of the server."""
    event = postmark(message, "Bounce", Type="Unknown", Details=words, BouncedAt=timezone.now().isoformat())
    url = f"{live.url}/anymail/postmark/tracking/"
    requests.post(url, json=event, headers=AUTH, timeout=5).raise_for_status()


def copied(page: Page) -> str:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_text("Copied").first).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_a01_found_by_client_address_property_or_number_failures_first_with_the_address_of_then(
    open_page: Open,
) -> None:
    house = make_inspection(status="confirmed", external_id="B-77", address="9 Juniper Ct, Chatham, IL")
    fine = make_client(inspection=house, name="Bob Cole", email="bob@example.com")
    told(make_message(fine), Status.DELIVERED)
    maria = make_client(inspection=house, name="Maria Cole", email="maria@smithhomes.com")
    make_failed(maria)
    page = open_page("/")
    for words in ("maria cole", "maria@smithhomes.com", "juniper ct", "b-77"):
        page.locator("input[type=search]").first.fill(words)
        page.keyboard.press("Enter")
        row = page.get_by_role("row").filter(has_text="9 Juniper Ct")
        expect(row).to_contain_text("This address doesn’t exist")
    row.get_by_role("link").first.click()
    expect(page.locator(f"#health-{maria.pk}")).to_contain_text("This address doesn’t exist")
    expect(page.locator(f"#health-{fine.pk}")).to_contain_text("Delivered")
    page.get_by_role("link", name="Problems").click()
    expect(page.locator("#log-lines")).to_contain_text("maria@smithhomes.com")
    expect(page.locator("#log-lines")).not_to_contain_text("bob@example.com")
    page.goto(f"/people/{maria.pk}/edit/")
    page.get_by_label("Email address").fill("maria@example.com")
    page.get_by_role("button", name="Save only").click()
    expect(page.locator("#log-lines [data-row]").filter(has_text="Maria Cole")).to_contain_text("maria@smithhomes.com")


def test_a02_the_servers_words_decide_are_one_click_away_and_nothing_is_guessed(
    open_page: Open, live_worker: Live
) -> None:
    failed = confirmation(confirmed("Maria Cole", "bounce+maria@example.com", "R-2"), Status.BOUNCED)
    page = open_page(f"/messages/{failed.pk}/")
    expect(page.locator(".verdict")).to_contain_text("This address doesn’t exist")
    expect(page.locator(".server-words")).to_be_hidden()
    page.get_by_text("Technical details").click()
    said = failed.events.get(status=Status.BOUNCED).text
    expect(page.locator(".server-words")).to_have_text(said)
    unclear = confirmation(confirmed("Tom Fields", "silent+tom@example.com", "R-2b"), Status.SENT)
    news(live_worker, unclear, UNCLEAR)
    confirmation(unclear.inspection, Status.BOUNCED)
    page.goto(f"/messages/{unclear.pk}/")
    expect(page.locator(".verdict")).to_contain_text("Not delivered")
    expect(page.locator(".verdict")).to_contain_text("We couldn’t tell why.")
    page.get_by_text("Technical details", exact=True).click()
    expect(page.locator(".server-words")).to_have_text(UNCLEAR)


def test_a03_the_phone_and_a_line_to_read_out_stand_beside_the_bad_address(open_page: Open) -> None:
    failed = make_failed(make_client(email="ann@smithhomes.com"))
    page = open_page("/")
    page.get_by_role("link", name="Fix address and resend").click()
    row = page.locator(".row-fix").filter(has=page.locator("input[name=email]"))
    expect(row.get_by_role("link", name="Call Ann Lee")).to_have_attribute("href", "tel:+12175550101")
    expect(row).to_contain_text("a-n-n at s-m-i-t-h-h-o-m-e-s dot com")
    page.goto(f"/messages/{failed.pk}/")
    question = "Our email to ann@smithhomes.com came back. What is the right address?"
    expect(page.locator("#tell")).to_contain_text(question)
    expect(page.locator("#tell")).to_contain_text("a-n-n at s-m-i-t-h-h-o-m-e-s dot com")
    expect(page.locator("#tell a[href='tel:+12175550101']")).to_be_visible()


def test_a06_accepted_is_not_the_inbox_and_there_are_words_to_search_for(open_page: Open, live_worker: Live) -> None:
    message = confirmation(confirmed("Ann Lee", "ann@example.com", "R-6"), Status.DELIVERED)
    page = open_page(f"/messages/{message.pk}/")
    expect(page.locator(".verdict")).to_contain_text("example.com accepted it")
    expect(page.locator(".verdict")).to_contain_text("It can still be in their junk folder.")
    assert "inbox" not in page.locator("main").inner_text().lower()
    words = copied(page)
    for part in (OFFICE, message.subject, "Junk"):
        assert part in words, part
    assert timezone.localtime(message.sent_at).strftime("%M") in words
    page.goto(f"/people/{message.participant_id}/why/")
    expect(page.locator("main")).to_contain_text("junk")


def test_a07_turned_away_shows_the_address_to_allow_and_never_asks_to_change_theirs(
    open_page: Open, live_worker: Live
) -> None:
    failed = confirmation(confirmed("Dana Fox", "blocked+dana@example.com", "R-7"), Status.BOUNCED)
    page = open_page(f"/messages/{failed.pk}/")
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("Their mail server turned us away")
    expect(verdict).to_contain_text("The address itself may be fine.")
    expect(verdict.locator(".btn-primary")).to_have_text("Copy the message for Dana Fox")
    assert "Fix address" not in verdict.inner_text()
    assert f"Please add {OFFICE} to your safe senders" in copied(page)


def test_a08_they_have_done_it_sends_again_and_a_second_refusal_warns(open_page: Open, live_worker: Live) -> None:
    inspection = confirmed("Dana Fox", "blocked+dana@example.com", "R-8")
    failed = confirmation(inspection, Status.BOUNCED)
    page = open_page(f"/messages/{failed.pk}/")
    warning = "They turned us away again, so we are not allowed yet."
    expect(page.locator(".verdict")).not_to_contain_text(warning)
    page.get_by_role("button", name="They’ve done it: resend").click()
    until(lambda: Message.objects.filter(resend_of=failed).exists(), "a new row")
    again = Message.objects.get(resend_of=failed)
    until(lambda: Message.objects.get(pk=again.pk).status == Status.BOUNCED, "it came back", seconds=20)
    page.goto(f"/messages/{again.pk}/")
    expect(page.locator(".verdict")).to_contain_text(warning)
    page.goto("/")
    expect(page.locator("#needs")).to_contain_text(warning)


def test_a26_the_log_tells_every_email_and_fact_and_the_email_as_it_was_sent(
    open_page: Open, live_worker: Live
) -> None:
    inspection = confirmed("Ann Lee", "ann@example.com", "R-26")
    message = confirmation(inspection, Status.DELIVERED)
    services.set_notifications(inspection, False, by="Sam Ortiz")
    page = open_page(f"/inspections/{inspection.pk}/")
    log = page.locator("#log-lines")
    line = page.locator(f"#line-m{message.pk}")
    sent = timezone.localtime(message.sent_at, Company.get().zone)
    for words in ("Ann Lee", "ann@example.com", "Confirmation", "version 1", "Delivered", "Rule “Confirmation”"):
        expect(line).to_contain_text(words)
    expect(line.locator("time").first).to_contain_text(sent.strftime(":%M"))
    for words in ("Inspection added", "Inspection confirmed", "Emails switched off", "Sam Ortiz"):
        expect(log).to_contain_text(words)
    facts = log.inner_text()
    assert facts.index("Inspection added") < facts.index("Inspection confirmed") < facts.index("Emails switched off")
    line.get_by_role("link", name="Confirmation").click()
    email = page.frame_locator("iframe.email-frame")
    expect(email.locator("body")).to_contain_text("Sign & Pay")
    expect(email.locator("body")).to_contain_text("12 Oak St")
    expect(page.locator("#email")).to_contain_text(message.subject)


def test_a30_today_is_sorted_by_the_time_to_the_inspection_and_a_digest_can_be_chosen(open_page: Open) -> None:
    for days, name in ((6, "Cy Late"), (1, "Ann Soon"), (3, "Bo Middle")):
        house = make_inspection(status="confirmed", starts_at=in_days(days), address=f"{days} Elm Ave")
        make_failed(make_client(inspection=house, name=name, email=f"{name[:2].lower()}@smithhomes.com"))
    page = open_page("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 emails need you")
    names = page.locator("#needs h3").all_inner_texts()
    assert names == ["Ann Soon", "Bo Middle", "Cy Late"]
    expect(page.locator("#needs article").first).to_contain_text("tomorrow")
    page.goto("/settings/alerts/")
    page.get_by_label("Send a daily summary").check()
    page.get_by_label("Kim Reyes").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/settings/")
    expect(page.locator("main")).to_contain_text("Kim Reyes")

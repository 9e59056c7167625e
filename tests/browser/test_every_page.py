"""Every page, on a phone and on a desk, by day and by night: no barrier, no sideways scrolling, no complaint."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.conf import LazySettings
from playwright.sync_api import Dialog, Page

from emails import activity, automations_rules, builtin, erasures, exports, holds, optouts
from emails.models import AddressHold, Automation, Message
from emails.states import Status
from inspections import agreements, links, payments, services, signing
from inspections.models import Inspection, Participant, User
from tests.browser.axe import assert_accessible, assert_fits, violations
from tests.browser.conftest import Open
from tests.factories import consent, in_days, make_draft, make_participant, make_person
from tests.live import Live, until

WIDTHS = [1280, 360]
by_day_and_night = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
FIXED = [
    "/",
    "/inspections/",
    "/inspections/?show=unsigned",
    "/inspections/?show=unpaid",
    "/inspections/add/",
    "/emails/",
    "/automations/",
    "/automations/new/",
    "/contacts/",
    "/blocked/",
    "/blocked/add/",
    "/blocked/import/",
    "/blocked/allow/",
    "/health/",
    "/settings/",
    "/import/",
    "/practice/",
    "/words/",
    "/settings/wrong-reasons/",
    "/settings/portal/",
    "/settings/agreement/",
    "/settings/agreement/1/",
    "/settings/agreement/1/move/",
    "/settings/alerts/",
    "/settings/keeping/",
    "/settings/team/",
    "/settings/sign-in/",
    "/settings/everything/",
    "/today/settled/",
    "/emails/?view=reason",
    "/emails/?view=domain&since=2026-03-05&until=2026-03-04",
    "/emails/resend/?all=1",
    "/emails/handle/?all=1",
    "/templates/",
    "/templates/new/",
]
MISSING = ["/nothing-here/", "/messages/999999/", "/p/no-such-token/"]


def look(page: Page, path: str, axe_source: str) -> None:
    """Open it once, and check it on a desk and on a phone."""
    page.goto(path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page, axe_source) == [], (path, width)
        assert_fits(page)


def told(live_worker: Live) -> Inspection:
    """One inspection with a failed, a delivered, a held, a skipped, a doubtful and a scheduled email."""
    people = (
        make_person(name="Maria Cole", email="bounce+maria@example.com"),
        make_person(name="Ann Lee", email="ann@example.com", role="buyer_agent"),
        make_person(name="Grace Kim", email="", role="coordinator"),
        make_person(name="Tim Fox", email="silent+tim@example.com"),
    )
    agreements.install()
    inspection, _ = services.save(make_draft(people=people), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    for first in inspection.messages.filter(kind__in=["confirmation", "agreement"], to_name="Maria Cole"):
        rows = Message.objects.filter(pk=first.pk, status=Status.BOUNCED)
        until(rows.exists, "the dead address is known")
    until(lambda: inspection.messages.filter(status=Status.DELIVERED).exists(), "one is delivered")
    quiet, _ = services.save(make_draft(external_id="Q-1", notifications=False), by="Kim Reyes")
    services.confirm(quiet, by="Kim Reyes")
    doubtful = inspection.messages.get(to_name="Tim Fox", kind="agreement")
    until(lambda: Message.objects.get(pk=doubtful.pk).status == Status.SENT, "it left")
    Message.objects.filter(pk=doubtful.pk).update(status=Status.UNKNOWN, category="")
    activity.add(doubtful, "note", text="<script>alert(1)</script>")
    return inspection


def blocked_pages() -> list[str]:
    """A blocked address, one that asks for a note, the list of several, and one that the mail service keeps."""
    holds.block("complaint+kay@example.com", by="Kim Reyes", why="Asked us to stop")
    held = AddressHold.objects.get(key="complaint+kay@example.com")
    AddressHold.objects.filter(pk=held.pk).update(category="complained", there="blocked", there_why="SpamComplaint")
    asked = f"/blocked/{held.pk}/allow/"
    AddressHold.objects.create(
        key="kept@example.com",
        address="kept@example.com",
        category="complained",
        allowed_at=held.since,
        allowed_by="Kim Reyes",
        note="Kay called",
        there="blocked",
        there_why="SpamComplaint",
        there_at=held.since,
    )
    ticked = "&".join(f"hold={pk}" for pk in AddressHold.objects.values_list("pk", flat=True))
    return [asked, f"/blocked/allow/?{ticked}", "/blocked/?q=kept", "/blocked/?q=nobody"]


def marketing_pages(person: Participant) -> list[str]:
    """Somebody who wants no review requests, as staff and as they see it."""
    message = person.messages.latest("pk")
    optouts.stop(message)
    return [f"/contacts/{person.contact_id}/marketing/", f"/p/stop/{optouts.address(message).split('/')[-2]}/"]


def deleted_pages() -> list[str]:
    """Somebody whose data is gone."""
    gone = make_participant(name="Ben Ash", email="ben@example.com")
    erasures.erase(gone.contact, by="Kim Reyes")
    return [f"/contacts/{gone.contact_id}/", f"/inspections/{gone.inspection_id}/", f"/people/{gone.pk}/why/"]


def without_client() -> list[str]:
    """An inspection whose client was forgotten, and an email that had nobody to go to."""
    agent = make_person(name="Pat Nguyen", email="pat@example.com", role="buyer_agent")
    inspection, _ = services.save(make_draft(external_id="NC-1", people=(agent,)), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    message = inspection.messages.get(participant=None, kind="confirmation")
    return [f"/inspections/{inspection.pk}/", f"/messages/{message.pk}/"]


def papers_pages() -> list[str]:
    """One of two clients signed, a part is paid; a signature that ended; a row that was not sent because of one."""
    ready = builtin.add_ready("unsigned-day")
    automations_rules.switch(ready, True, by="Kim Reyes")
    people = (make_person(), make_person(name="Bob Lee", email="bob@example.com"))
    house = services.save(make_draft(external_id="S-1", people=people, starts_at=in_days(2)), by="Kim Reyes")[0]
    moved = services.save(make_draft(external_id="S-2", starts_at=in_days(2.2)), by="Kim Reyes")[0]
    for inspection in (house, moved):
        services.confirm(inspection, by="Kim Reyes")
        person = inspection.participants.earliest("pk")
        signing.sign(person, consent(person))
    payments.record(house, amount=Decimal("200.00"), method="check", by="Kim Reyes")
    services.reschedule(moved, in_days(2.5), by="Kim Reyes")
    skipped = house.messages.get(reason="off_done", rule=ready)
    whys = [f"/people/{person.pk}/why/?kind=agreement" for person in house.participants.all()]
    signed = house.participants.earliest("pk").signatures.get()
    return [
        "/",
        f"/signatures/{signed.pk}/disown/",
        f"/inspections/{house.pk}/",
        f"/inspections/{moved.pk}/",
        f"/messages/{skipped.pk}/",
        *whys,
    ]


def rules_that_meet() -> list[str]:
    """A rule that sends the same as another one, which is on."""
    rule = automations_rules.copy(Automation.objects.get(name="Confirmation"))
    automations_rules.switch(rule, True, by="Kim Reyes")
    return [f"/automations/{rule.pk}/", f"/automations/{rule.pk}/try/"]


def own_pages(inspection: Inspection) -> list[str]:
    person: Participant = inspection.participants.get(contact__name="Maria Cole")
    shown = inspection.messages.order_by("pk").values_list("pk", flat=True)
    portal = links.mint(person, purpose="test")[1]
    return [
        f"/inspections/{inspection.pk}/",
        f"/inspections/{inspection.pk}/edit/",
        f"/inspections/{inspection.pk}/confirm/",
        f"/inspections/{inspection.pk}/missed/",
        f"/inspections/{inspection.pk}/record/",
        f"/people/{person.pk}/edit/",
        f"/people/{person.pk}/remove/",
        f"/contacts/{person.contact_id}/",
        f"/contacts/{person.contact_id}/erase/",
        *marketing_pages(person),
        *deleted_pages(),
        f"/emails/exports/{exports.start_everything(by=User.objects.earliest('pk')).uuid}/",
        *(f"/people/{someone.pk}/why/" for someone in inspection.participants.all()),
        *blocked_pages(),
        *without_client(),
        *papers_pages(),
        *rules_that_meet(),
        f"/templates/{inspection.messages.get(to_name='Maria Cole', kind='confirmation').template_id}/",
        *(f"/messages/{pk}/" for pk in shown),
        f"/messages/{inspection.messages.filter(status=Status.BOUNCED).earliest('pk').pk}/reason/",
        f"/p/{portal.rstrip('/').rpartition('/')[2]}/",
        *(f"/p/home/{person.pk}/{page}" for page in ("", "sign/", "pay/", "report/", "not-me/")),
        "/p/new-link/",
        "/p/new-link/asked/",
        "/p/thanks/",
        f"/inspections/{inspection.pk}/payments/",
        f"/p/home/{person.pk}/?lang=es",
        f"/p/home/{person.pk}/?lang=en",
    ]


@by_day_and_night
def test_nothing_yet(open_page: Open, axe_source: str, dark: bool) -> None:
    page = open_page("/", dark=dark)
    for path in FIXED + MISSING:
        look(page, path, axe_source)


@by_day_and_night
def test_full(open_page: Open, live_worker: Live, axe_source: str, dark: bool) -> None:
    paths = own_pages(told(live_worker))
    page = open_page("/", dark=dark)
    for path in FIXED + paths:
        look(page, path, axe_source)


def _menu(page: Page) -> None:
    page.get_by_role("button", name="More actions for").first.click()


def _fix(page: Page) -> None:
    page.get_by_role("link", name="Fix address and resend").first.click()
    page.locator("input[name=email]").wait_for()


def _wrong_address(page: Page) -> None:
    _fix(page)
    page.locator("input[name=email]").fill("ann@localhost")
    page.get_by_role("button", name="Save and resend").click()
    page.get_by_text("needs a dot").first.wait_for()


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "menu open": ("/", _menu),
    "fix open": ("/", _fix),
    "error": ("/", _wrong_address),
}


@by_day_and_night
def test_in_the_middle_of_something(open_page: Open, live_worker: Live, axe_source: str, dark: bool) -> None:
    told(live_worker)
    for width in WIDTHS:
        for path, act in STATES.values():
            page = open_page(path, width=width, dark=dark)
            act(page)
            assert_accessible(page, axe_source)
            assert_fits(page)


@by_day_and_night
def test_the_way_in(open_page: Open, axe_source: str, dark: bool) -> None:
    page = open_page("/", anonymous=True, dark=dark)
    look(page, "/accounts/login/", axe_source)
    look(page, "/accounts/password/reset/", axe_source)


def test_hostile_words_are_shown_as_text(open_page: Open, live_worker: Live, settings: LazySettings) -> None:
    nasty = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    person = make_person(name=nasty, email="ann@example.com")
    inspection, _ = services.save(make_draft(people=(person,), address=nasty, inspector=nasty), by=nasty)
    services.confirm(inspection, by=nasty)
    message = inspection.messages.get(kind="confirmation")
    until(lambda: Message.objects.get(pk=message.pk).status == Status.DELIVERED, "delivered")
    page = open_page("/")
    ran: list[str] = []

    def note(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    for path in ["/", "/inspections/", *own_pages_of(inspection), "/emails/", "/practice/"]:
        page.goto(path)
        assert page.locator("img[src=x]").count() == 0
    page.goto(f"/inspections/{inspection.pk}/")
    assert nasty in page.locator("main").inner_text()
    assert ran == []


def own_pages_of(inspection: Inspection) -> list[str]:
    person = inspection.participants.get()
    message = inspection.messages.get(kind="confirmation")
    return [f"/inspections/{inspection.pk}/", f"/people/{person.pk}/edit/", f"/messages/{message.pk}/"]

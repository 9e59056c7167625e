"""Many emails at once, as a person does it: tick, see what is skipped, send; and the file. With and without scripts."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from emails import exports
from emails.models import Export, Message
from emails.states import Status
from inspections import services
from inspections.models import User
from tests.browser.axe import assert_accessible, assert_fits
from tests.browser.conftest import Open
from tests.emails.mailed import make_client, make_failed, make_message
from tests.factories import make_draft, make_person
from tests.live import Live, until

with_and_without = pytest.mark.parametrize("js", [True, False], ids=["scripts", "no scripts"])


@with_and_without
def test_a26_ticked_emails_are_sent_again_and_the_blocked_one_is_skipped(
    open_page: Open, live_worker: Live, axe_source: str, js: bool
) -> None:
    people = (
        make_person(name="Faye Dunn", email="blocked+faye@heartland.example"),
        make_person(name="Maria Cole", email="bounce+maria@example.com"),
    )
    inspection, _ = services.save(make_draft(people=people), by="Kim Reyes")
    services.confirm(inspection, by="Kim Reyes")
    sent = inspection.messages.filter(kind="confirmation")
    until(lambda: sent.filter(status=Status.BOUNCED).count() == 2, "both came back")
    page = open_page("/emails/?status=undelivered", js=js)
    for name in ("Confirmation to Faye Dunn", "Confirmation to Maria Cole"):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    page.get_by_role("button", name="Resend", exact=True).click()
    page.get_by_role("heading", name="Resend 1 email?").wait_for()
    assert "1 skipped." in page.locator("main").inner_text()
    assert "on hold: it failed before" in page.locator("main").inner_text()
    if js:
        assert_accessible(page, axe_source)
        assert_fits(page)
    page.get_by_role("button", name="Resend 1").click()
    page.get_by_text("1 email is on the way").first.wait_for()
    assert page.url.endswith("/emails/?status=undelivered")
    assert Message.objects.filter(resend_of__in=sent).count() == 1


@with_and_without
def test_a26_the_way_back_keeps_the_filters(open_page: Open, live_worker: Live, js: bool) -> None:
    make_failed(make_client(name="Faye Dunn", email="faye@comcast.net"), category="spam_content")
    make_message(make_client(name="Ann Lee", email="ann@gmail.com"))
    page = open_page("/emails/", js=js)
    page.get_by_text("More filters").click()
    page.get_by_label("Mail domain").fill("comcast.net")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**domain=comcast.net**")
    assert page.get_by_label("Mail domain").input_value() == "comcast.net"
    expect(page.locator("#activity-rows tr")).to_have_count(1)
    page.get_by_role("link", name="By reason").click()
    page.get_by_role("link", name="Rejected as spam").click()
    expect(page.locator("#activity-rows tr")).to_have_count(1)
    page.go_back()
    page.go_back()
    expect(page.locator("#activity-rows tr")).to_have_count(1)
    page.go_back()
    expect(page.locator("#activity-rows tr")).to_have_count(2)


def test_a26_a_tick_survives_the_news(open_page: Open, live_worker: Live) -> None:
    message = make_message(make_client(name="Ann Lee", email="ann@gmail.com"), status="queued")
    page = open_page("/emails/")
    box = page.get_by_role("checkbox", name="Choose Confirmation to Ann Lee")
    box.check()
    Message.objects.filter(pk=message.pk).update(subject="A new subject")
    page.get_by_text("A new subject").wait_for()
    assert box.is_checked()


@with_and_without
def test_a26_a_large_file_is_prepared_and_downloaded(
    open_page: Open,
    live_worker: Live,
    office: User,
    axe_source: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    js: bool,
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    for n in range(3):
        make_message(make_client(name=f"=Client {n}", email=f"c{n}@x.com"))
    page = open_page("/emails/", js=js)
    page.get_by_label("All that fit").check()
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Prepare the file").click()
    page.get_by_role("heading", name="Your file").wait_for()
    until(lambda: Export.objects.get().state == Export.State.DONE, "the worker wrote it")
    if js:
        page.get_by_role("link", name="Download").wait_for()
        assert_accessible(page, axe_source)
    else:
        page.reload()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    text = Path(waiting.value.path()).read_text("utf-8-sig")
    assert text.count("'=Client") == 3

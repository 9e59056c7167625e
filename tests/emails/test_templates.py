"""Templates: drafts, versions that never change, sending again what went wrong, tests, and unsubscribing."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from emails import activity, builtin, delivery, examples, optouts, outbox, planning, rendering, templates, troubleshoot
from emails.checks_findings import Words
from emails.models import Automation, EmailTemplate, Message, OptOut, TemplateDraft, TemplateVersion
from emails.rendering import TemplateProblem
from emails.states import Reason, Status
from inspections import services
from inspections.models import Company, Inspection, User
from tests.emails.mailed import make_client, make_failed, make_message
from tests.emails.practice_mail import Running
from tests.factories import make_company, make_draft, make_inspection, make_person, make_user

pytestmark = pytest.mark.django_db

LINK = '<p><a class="button" href="{{CLIENT_PORTAL_LINK}}">Sign &amp; Pay</a></p>'
GOOD = f"<p>Hello {{{{CLIENT_NAME}}}}</p>\n{LINK}"


@pytest.fixture
def kim() -> User:
    make_company(postal_address="12 Oak St, Springfield")
    builtin.install()
    return make_user(name="Kim Reyes", email="kim@oakwood.example", is_superuser=True)


@pytest.fixture
def owner(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


@pytest.fixture
def colleague(owner: Client) -> Client:
    other = Client()
    other.force_login(make_user(name="Sam Ortiz", email="sam@oakwood.example"))
    return other


def confirmation() -> EmailTemplate:
    return EmailTemplate.objects.get(name="Confirmation")


def typed(found: EmailTemplate, **over: Any) -> dict[str, Any]:
    """What the editor's form posts."""
    words = templates.words(found)
    values = {name: getattr(words, name) for name in ("name", "subject", "preheader", "body")}
    values["revision"] = found.revision
    return values | {"example": "awkward", "act": "save"} | over


def publish(found: EmailTemplate, body: str = GOOD, subject: str = "Confirmed") -> TemplateVersion:
    found.refresh_from_db()
    templates.save(found, Words(found.kind, found.name, subject, body), revision=found.revision, by="Kim")
    return templates.publish(found, revision=found.revision, by="Kim").version


def put_live(found: EmailTemplate, body: str) -> TemplateVersion:
    """A version from before the checks."""
    number = found.current.number + 1
    return TemplateVersion.objects.create(
        template=found,
        number=number,
        subject="Hi",
        body=body,
        published_at=found.current.published_at,
        created_by="Kim",
    )


def confirmed(**person: str) -> Inspection:
    inspection, _ = services.save(make_draft(people=(make_person(**person),)), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection


# --- who may, and what is shown --------------------------------------------------------------------------------------


def test_a29_the_list_shows_kind_use_version_and_health(owner: Client) -> None:
    html = owner.get("/templates/").content.decode()
    for words in ("Confirmation for agents", "Service", "Version 1", "Built in", "Fine", "Reminder the day before"):
        assert words in html


def test_a29_a_template_without_its_link_stands_out(owner: Client) -> None:
    put_live(confirmation(), "<p>Hello</p>")
    make_failed(template=confirmation())
    html = owner.get("/templates/").content.decode()
    assert "The client portal link is missing" in html
    assert "1 did not arrive in 30 days." in html


def test_the_list_asks_the_database_the_same_number_of_times(owner: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(5):
        templates.create(f"Own {n}", "reminder", by="Kim")
    with django_assert_max_num_queries(12):
        owner.get("/templates/")


def test_the_office_reads_and_is_told_whom_to_ask(colleague: Client) -> None:
    page = f"/templates/{confirmation().pk}/"
    html = colleague.get(page).content.decode()
    assert "Ask an owner (Kim)." in html
    assert "Sign &amp;amp; Pay" in html
    assert "<textarea" not in html
    for path in (page, f"{page}preview/", f"{page}publish/", f"{page}versions/1/restore/", "/templates/new/"):
        answer = colleague.post(path, typed(confirmation(), body="x"))
        assert answer.status_code == 403
        assert "Ask an owner (Kim)." in answer.content.decode()
    assert not TemplateDraft.objects.exists()


def test_a_problem_leads_to_its_template(owner: Client) -> None:
    found = confirmation()
    held = make_message(make_client(), template=found, status=Status.HELD, reason=Reason.TEMPLATE_PROBLEM)
    assert troubleshoot.exists(f"/templates/{found.pk}/")
    html = owner.get(f"/messages/{held.pk}/").content.decode()
    assert f'href="/templates/{found.pk}/"' in html
    assert "Open the template" in html


# --- drafts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "{{", "<p", "x" * 300_000, "\x00 {{NOPE}} \ud83d", "</textarea><script>", "\r\n"])
def test_a_draft_may_hold_anything_and_is_never_sent(owner: Client, body: str) -> None:
    found = confirmation()
    before = found.current
    body = body.encode("utf-8", "replace").decode()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, body=body, subject="", name=""))
    assert answer.status_code == 302
    draft = TemplateDraft.objects.get()
    assert draft.body == body.replace("\x00", "").replace("\r\n", "\n")
    assert confirmation().current == before
    assert owner.get(f"/templates/{found.pk}/").status_code == 200


def test_nothing_typed_is_lost_when_it_cannot_be_published(owner: Client) -> None:
    found = confirmation()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, body="My words\n{{CLINET_NAME}}", act="publish"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "My words" in html
    assert "Line 2: {{CLINET_NAME}} isn’t known. Did you mean {{CLIENT_NAME}}?" in html
    assert TemplateDraft.objects.get().body.startswith("My words")


def test_a_bad_revision_loses_nothing_either(owner: Client) -> None:
    found = confirmation()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, body="My words", revision="x"))
    assert answer.status_code == 422
    assert "My words" in answer.content.decode()


def test_a_stale_save_is_refused_and_both_texts_are_shown(owner: Client) -> None:
    found = confirmation()
    mine, theirs = typed(found, body="Mine"), typed(found, body="Theirs")
    assert owner.post(f"/templates/{found.pk}/", theirs).status_code == 302
    answer = owner.post(f"/templates/{found.pk}/", mine)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine" in html
    assert "Theirs" in html
    assert TemplateDraft.objects.get().body == "Theirs"
    (revision,) = re.findall(r'name="revision" value="(\d+)"', html)
    assert owner.post(f"/templates/{found.pk}/", mine | {"revision": revision}).status_code == 302
    assert TemplateDraft.objects.get().body == "Mine"


def test_a_save_after_somebody_published_is_stale_too(owner: Client) -> None:
    found = confirmation()
    mine = typed(found, body="Mine")
    publish(found)
    assert owner.post(f"/templates/{found.pk}/", mine).status_code == 409
    assert "Mine" not in templates.words(confirmation()).body


def test_a_preview_keeps_nothing(owner: Client) -> None:
    found = confirmation()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, body="Only a try", act="preview"))
    assert "Only a try" in answer.content.decode()
    assert not TemplateDraft.objects.exists()


def test_the_preview_shows_a_real_inspection_and_an_awkward_one(owner: Client) -> None:
    make_client(name="Ann Lee", inspection=make_inspection(address="9 Elm St"))
    found = confirmation()
    real = Inspection.objects.get().pk
    for example, words in ((real, "Hello Ann Lee"), ("awkward", "Wolfeschlegelsteinhausenbergerdorff &lt;Jr.&gt;")):
        part = owner.post(f"/templates/{found.pk}/preview/", typed(found, example=example)).content.decode()
        (name,) = re.findall(r"/templates/preview/(\w+)/", part)
        frame = owner.get(f"/templates/preview/{name}/")
        assert words in frame.content.decode()
        assert "sandbox" in frame.headers["Content-Security-Policy"]
        assert "<a href" not in frame.content.decode()


def test_a_preview_runs_nothing(owner: Client) -> None:
    found = confirmation()
    nasty = '<script>alert(1)</script><img src=x onerror=alert(1)>{{CLIENT_NAME}}<a href="javascript:alert(1)">x</a>'
    part = owner.post(f"/templates/{found.pk}/preview/", typed(found, body=nasty)).content.decode()
    (name,) = re.findall(r"/templates/preview/(\w+)/", part)
    frame = owner.get(f"/templates/preview/{name}/").content.decode()
    assert "alert" not in frame
    assert "<Jr" not in frame


def test_a_value_that_upcoming_inspections_lack_is_said(owner: Client) -> None:
    for _ in range(3):
        make_client(inspection=make_inspection(fee=None))
    found = confirmation()
    html = owner.post(f"/templates/{found.pk}/preview/", typed(found, body=GOOD + "{{AGENT_NAME}} {{PRICE}}")).content
    assert "3 upcoming inspections have no AGENT_NAME. Their email would wait for you." in html.decode()


# --- versions --------------------------------------------------------------------------------------------------------


def test_publishing_makes_a_new_version_and_the_old_one_stays(owner: Client) -> None:
    found = confirmation()
    first = TemplateVersion.objects.filter(pk=found.current.pk).values().get()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, body=GOOD, act="publish"))
    assert answer.headers["Location"] == f"/templates/{found.pk}/publish/"
    html = owner.get(f"/templates/{found.pk}/publish/").content.decode()
    assert "REMOVED:" in html
    assert "<code>COMPANY_PHONE</code>" in html
    assert "<code>CLIENT_NAME</code>" in html
    found.refresh_from_db()
    assert owner.post(f"/templates/{found.pk}/publish/", {"revision": found.revision}).status_code == 302
    assert (found.current.number, found.current.body, found.current.created_by) == (2, GOOD, "Kim Reyes")
    assert TemplateVersion.objects.filter(pk=first["id"]).values().get() == first
    assert not TemplateDraft.objects.exists()


def test_what_is_published_cannot_be_changed_even_by_us(kim: User) -> None:
    for change in ({"body": "x"}, {"subject": "x"}, {"number": 9}, {"published_at": None}):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            TemplateVersion.objects.filter(template=confirmation()).update(**change)


def test_a_draft_that_changed_since_it_was_shown_is_not_published(owner: Client) -> None:
    found = confirmation()
    owner.post(f"/templates/{found.pk}/", typed(found, body=GOOD))
    seen = confirmation().revision
    found.refresh_from_db()
    owner.post(f"/templates/{found.pk}/", typed(found, body=GOOD + "<p>More</p>"))
    assert owner.post(f"/templates/{found.pk}/publish/", {"revision": seen}).status_code == 409
    assert found.current.number == 1


@pytest.mark.parametrize("body", ["<p>No link</p>", f"{LINK}{{{{NOPE}}}}", f"{LINK}<p>", f"{LINK}{{{{"])
def test_a17_publishing_itself_refuses_too(owner: Client, body: str) -> None:
    found = confirmation()
    owner.post(f"/templates/{found.pk}/", typed(found, body=body))
    found.refresh_from_db()
    assert owner.post(f"/templates/{found.pk}/publish/", {"revision": found.revision}).status_code == 422
    assert found.current.number == 1


def test_an_old_version_comes_back_as_a_draft(owner: Client) -> None:
    found = confirmation()
    old = found.current.body
    publish(found)
    found.refresh_from_db()
    owner.post(f"/templates/{found.pk}/versions/1/restore/", {"revision": found.revision})
    assert TemplateDraft.objects.get().body == old
    assert found.current.number == 2


def test_restoring_never_replaces_a_draft_unseen(owner: Client) -> None:
    found = confirmation()
    owner.post(f"/templates/{found.pk}/", typed(found, body="Mine"))
    found.refresh_from_db()
    answer = owner.post(f"/templates/{found.pk}/versions/1/restore/", {"revision": found.revision})
    assert answer.status_code == 409
    assert TemplateDraft.objects.get().body == "Mine"
    stale = {"revision": found.revision - 1, "replace": "1"}
    assert owner.post(f"/templates/{found.pk}/versions/1/restore/", stale).status_code == 409
    assert TemplateDraft.objects.get().body == "Mine"


def test_a_version_shows_what_it_changed(owner: Client) -> None:
    found = confirmation()
    publish(found)
    html = owner.get(f"/templates/{found.pk}/versions/2/").content.decode()
    assert "What changed since version 1" in html
    assert "<ins>&lt;p&gt;Hello {{CLIENT_NAME}}&lt;/p&gt;</ins>" in html


def test_a_new_template_and_a_copy_start_as_drafts(owner: Client) -> None:
    page = owner.post("/templates/new/", {"name": "My reminder", "kind": "reminder"}).headers["Location"]
    assert owner.get(page).status_code == 200
    copied = f"/templates/new/?copy={confirmation().pk}"
    assert "Confirmation (copy)" in owner.get(copied).content.decode()
    owner.post(copied, {"name": "Second", "kind": "agreement"})
    second = EmailTemplate.objects.get(name="Second")
    assert second.draft.body == confirmation().current.body
    assert not second.versions.exists()
    assert owner.post("/templates/new/", {"name": "Second", "kind": "agreement"}).status_code == 422


def test_an_unpublished_template_is_never_chosen_for_sending(kim: User) -> None:
    EmailTemplate.objects.filter(kind="review_request").delete()
    templates.create("Own request", "review_request", by="Kim")
    with pytest.raises(outbox.Refused, match="no template"):
        outbox.template_for(make_client(), "review_request")


def test_a_renamed_built_in_does_not_come_back_and_keeps_its_spanish(kim: User) -> None:
    found = confirmation()
    version = found.current
    words = Words(found.kind, "Our confirmation", version.subject, version.body)
    templates.save(found, words, revision=found.revision, by="Kim")
    templates.publish(found, revision=found.revision, by="Kim")
    builtin.install()
    assert not EmailTemplate.objects.filter(name="Confirmation").exists()
    assert builtin.words(found.current, "es")[0].startswith("Confirmada")


def test_a_renamed_built_in_that_took_the_name_of_another_stands_in_for_it(kim: User) -> None:
    Automation.objects.filter(name="Receipt").delete()
    EmailTemplate.objects.filter(name="Receipt").delete()
    EmailTemplate.objects.filter(name="Reminder").update(name="Receipt")
    builtin.install()
    assert Automation.objects.get(name="Receipt").template.built_in == "Reminder"


def test_two_templates_cannot_have_one_name(owner: Client) -> None:
    found = confirmation()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, name="Reminder", body=GOOD, act="publish"))
    assert answer.status_code == 422
    assert "Another template has this name" in answer.content.decode()


# --- sending again ---------------------------------------------------------------------------------------------------


def test_a19_held_emails_leave_by_themselves_when_the_template_is_put_right(mail: Running, owner: Client) -> None:
    found = confirmation()
    put_live(found, "<p>Hello</p>")
    message = confirmed().messages.get(kind="confirmation")
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    owner.post(f"/templates/{found.pk}/", typed(found, body=GOOD))
    found.refresh_from_db()
    owner.post(f"/templates/{found.pk}/publish/", {"revision": found.revision})
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.has_link, message.template_version) == (Status.SENT, True, found.current)


def test_a19_emails_that_left_without_the_link_are_offered_and_sent_again_once(mail: Running, owner: Client) -> None:
    found = confirmation()
    ann = make_message(make_client(name="Ann Lee", email="ann@example.com"), template=found, has_link=False)
    bob = make_message(make_client(name="Bob Ray", email="bob@example.com"), template=found, has_link=False)
    make_message(make_client(name="Eve Fine", email="eve@example.com"), template=found, has_link=True)
    page = f"/templates/{found.pk}/resend/"
    html = owner.get(page).content.decode()
    assert "Ann Lee" in html
    assert "Bob Ray" in html
    assert "Eve Fine" not in html
    look = owner.get(f"{page}{ann.pk}/").content.decode()
    assert "Confirmed: your inspection on" in look
    form = {"message": [ann.pk], "nonce": "abc"}
    owner.post(page, form)
    owner.post(page, form)
    again = Message.objects.get(resend_of=ann)
    delivery.deliver_due()
    again.refresh_from_db()
    assert (again.status, again.has_link) == (Status.SENT, True)
    assert not Message.objects.filter(resend_of=bob).exists()
    html = owner.get(page).content.decode()
    assert "Ann Lee" not in html
    assert "Bob Ray" in html


def test_a19_what_is_too_late_or_was_made_good_is_not_offered(owner: Client) -> None:
    found = confirmation()
    past = make_inspection(status="confirmed", starts_at=make_inspection().created_at)
    make_message(make_client(name="Too Late", inspection=past), template=found, has_link=False)
    person = make_client(name="Made Good", email="good@example.com")
    make_message(person, template=found, has_link=False)
    make_message(person, template=found, has_link=True)
    html = owner.get(f"/templates/{found.pk}/resend/").content.decode()
    assert "Nothing to send again" in html


# --- tests -----------------------------------------------------------------------------------------------------------


def tried(owner: Client, **over: Any) -> Message | None:
    make_client(name="Ann Lee", email="ann@example.com", inspection=make_inspection(status="confirmed"))
    found = confirmation()
    values = typed(found, example=str(Inspection.objects.get().pk), act="test", nonce="n1") | over
    owner.post(f"/templates/{found.pk}/", values)
    owner.post(f"/templates/{found.pk}/", values | {"revision": confirmation().revision})
    return Message.objects.filter(test=True).first()


def test_a_test_goes_to_me_alone_marked_and_once(mail: Running, owner: Client) -> None:
    message = tried(owner)
    assert message
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.SENT
    (request,) = mail.logged(str(message.uuid))
    email = mail.get(f"practice/messages/{request['provider_message_id']}").json()
    assert request["to"] == "kim@oakwood.example"
    assert request["subject"].startswith("[Test] Confirmed: your inspection on")
    assert examples.link() in email["html"]


def test_a_test_is_seen_but_is_nobodys_email(mail: Running, owner: Client) -> None:
    message = tried(owner)
    assert message
    inspection = message.inspection
    assert message.participant is None
    assert "Test: Confirmation to Kim Reyes" in owner.get(f"/messages/{message.pk}/").content.decode()
    assert "Kim Reyes" in owner.get(f"/inspections/{inspection.pk}/").content.decode()
    assert outbox.latest(inspection.participants.get(), "confirmation") is None
    delivery.deliver_due()
    message = Message.objects.get(pk=message.pk)
    assert not inspection.problems.exists()
    with pytest.raises(outbox.Refused, match="was a test"):
        outbox.resend(message, by="Kim")


def test_a_test_of_words_that_cannot_be_sent_is_refused_and_nothing_is_lost(owner: Client) -> None:
    assert tried(owner, body="My words {{NOPE}}") is None
    assert TemplateDraft.objects.get().body == "My words {{NOPE}}"


def test_a_test_needs_a_real_inspection(owner: Client) -> None:
    assert tried(owner, example="awkward") is None


# --- marketing -------------------------------------------------------------------------------------------------------


def review(**person: Any) -> Message:
    """A request for a review that is due."""
    found = EmailTemplate.objects.filter(kind="review_request").first()
    if found is None:
        found = templates.create("Review", "review_request", by="Kim")
        publish(found, "<p>Hello {{CLIENT_NAME}}, how did we do?</p>", "How did we do?")
    values = {"email": "ann@example.com"} | person
    return make_message(make_client(**values), kind="review_request", template=found, status=Status.QUEUED)


def sent_email(mail: Running, message: Message) -> dict[str, Any]:
    (request,) = mail.logged(str(message.uuid))
    email: dict[str, Any] = mail.get(f"practice/messages/{request['provider_message_id']}").json()
    return email


def test_marketing_alone_can_be_unsubscribed_from(mail: Running, kim: User) -> None:
    marketing, service = review(), confirmed(email="bob@example.com").messages.get(kind="confirmation")
    delivery.deliver_due()
    email = sent_email(mail, marketing)
    (address,) = re.findall(r'href="([^"]*/p/stop/[^"]*)"', email["html"])
    assert address in email["text"]
    assert "12 Oak St, Springfield" in email["html"]
    assert "12 Oak St, Springfield" in email["text"]
    other = sent_email(mail, service)
    assert "/p/stop/" not in other["html"] + other["text"]


def test_the_headers_say_it_as_rfc_8058_wants(kim: User) -> None:
    message = review()
    (claimed,) = activity.claim(5)
    assert claimed == message
    email = delivery._prepare(claimed, Company.get())
    assert email
    assert re.fullmatch(r"<http://\S+/p/stop/\S+/>", email.extra_headers["List-Unsubscribe"])
    assert email.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def stop_path(message: Message) -> str:
    return "/p/stop/" + optouts.address(message).rstrip("/").rpartition("/")[2] + "/"


def test_looking_changes_nothing_and_a_post_stops_marketing_only(mail: Running, kim: User) -> None:
    message = review()
    path, nobody = stop_path(message), Client(enforce_csrf_checks=True)
    for _ in range(3):
        assert nobody.get(path).status_code == 200
    nobody.head(path)
    assert not OptOut.objects.exists()
    assert nobody.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert nobody.post(path).status_code == 200
    assert OptOut.objects.get().key == "ann@example.com"
    inspection = confirmed(email="Ann@Example.com")
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.SKIPPED, Reason.UNSUBSCRIBED)
    assert inspection.messages.get(kind="confirmation").status == Status.SENT
    assert message.template
    again = planning.Plan(make_client(email="ann@example.com"), "review_request", message.template, "Kim")
    assert planning.enqueue(again).reason == Reason.UNSUBSCRIBED
    with pytest.raises(outbox.Refused, match="asked not to get"):
        outbox.resend(message, by="Kim")


def test_a_made_up_link_stops_nobody(kim: User) -> None:
    for token in ("x", "eyJhIjoxfQ:1abc:def", stop_path(review()).split("/")[3][:-2]):
        assert Client().post(f"/p/stop/{token}/").status_code == 404
    assert not OptOut.objects.exists()


def test_the_page_speaks_the_clients_language(kim: User) -> None:
    answer = Client().get(stop_path(review()), headers={"Accept-Language": "es"})
    assert "Dejar de recibir estos correos" in answer.content.decode()


def test_marketing_without_a_postal_address_waits(mail: Running, kim: User) -> None:
    message = review()
    Company.objects.update(postal_address="")
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    assert "postal address" in message.note


def test_nothing_that_would_break_down_the_mail_frame_is_filled_or_shown(owner: Client) -> None:
    found = confirmation()
    deep = LINK + "<div>" * 15_000  # inlining its styles would end the whole process
    page = owner.post(f"/templates/{found.pk}/", typed(found, body=deep, act="preview")).content.decode()
    assert "More than 100 tags stand inside each other" in page
    version = TemplateVersion(template=found, number=2, subject="x", body=deep)
    with pytest.raises(TemplateProblem, match="inside each other"):
        rendering.render(make_message(make_client()), version, Company.get())


def test_an_email_that_grows_too_long_with_its_values_does_not_leave(kim: User) -> None:
    person = make_client(name="N" * 150)
    version = TemplateVersion(template=confirmation(), number=2, subject="x", body=LINK + "{{CLIENT_NAME}} " * 700)
    with pytest.raises(TemplateProblem, match="longer than 102 KB"):
        rendering.render(make_message(person), version, Company.get())


def test_a_value_is_looked_up_once_however_often_a_text_has_it(kim: User) -> None:
    message, asked = make_message(make_client()), []
    for often in (1, 200):
        body = LINK + "{{CLIENT_NAME}}, {{CLIENT_FIRST_NAME}} " * often
        version = TemplateVersion(template=confirmation(), number=2, subject="{{CLIENT_NAME}}", body=body)
        with CaptureQueriesContext(connection) as queries:
            rendering.render(message, version, Company.get())
        asked.append(len(queries))
    assert asked[0] == asked[1]

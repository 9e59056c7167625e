"""Whatever stands in a template and whatever people are called: nothing crashes, breaks out, or leaves half filled.

A few hundred here; `make bench ARGS=templates` does ten thousand and measures the time.
"""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from benchmarks._templates import LINK, NASTY, PIECES, wrong
from emails import builtin, checks, delivery, examples, markup, rendering
from emails.checks_findings import Words
from emails.models import EmailTemplate, Message, TemplateVersion
from emails.rendering import TemplateProblem
from emails.states import Reason, Status
from inspections.models import Company, Contact, Participant
from inspections.text import BadText
from tests.emails.mailed import make_client, make_message
from tests.emails.practice_mail import Running

# Half of them are made of pieces that are fine, so that many get through to the end.
FINE = [piece for piece in PIECES if piece.startswith(("{{C", "{{A")) or ("<" in piece and "{{" not in piece)]
BODIES = st.lists(st.sampled_from(FINE), max_size=30).map("".join) | st.lists(
    st.sampled_from(PIECES) | st.text(max_size=5), max_size=30
).map("".join)
NAMES = st.sampled_from(NASTY)
often = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def person(db: None) -> Participant:
    builtin.install()
    return make_client(name="Ann", email="ann@example.com")


MOSTLY = st.sampled_from([True, True, True, False])
GOOD_LINES = ["Hi", "{{ADDRESS}}", "For {{ recipient.name }}: {{PRICE}}", "{{CLIENT_NAME}}"]
LINES = st.sampled_from([*GOOD_LINES, *GOOD_LINES, "{{AGENT_NAME}}", "{{NOPE", "two\nlines", ""])
KINDS = st.sampled_from([*checks.REQUIRED, "reminder", "one_off"])
WHO = st.sampled_from(["client", "buyer_agent", "nobody"])


@often
@given(body=BODIES, link=MOSTLY, subject=LINES, preheader=LINES, name=NAMES, kind=KINDS, who=WHO)
def test_a17_no_email_leaves_broken_half_filled_or_without_its_link(
    person: Participant, body: str, link: bool, subject: str, preheader: str, name: str, kind: str, who: str
) -> None:
    Contact.objects.update(name=name)
    Participant.objects.update(role="client" if who == "nobody" else who)
    person.contact.name = person.inspection.address = person.inspection.inspector = name
    template = EmailTemplate(name="Ours", kind=kind)
    body = (LINK if link else "") + body
    version = TemplateVersion(template=template, number=2, subject=subject, preheader=preheader, body=body)
    message = Message(inspection=person.inspection, kind=kind, template=template)
    message.participant = None if who == "nobody" else person
    try:
        email = rendering.render(message, version, Company.get())
    except (TemplateProblem, BadText):
        event("refused")
        return
    event("left")
    assert wrong(email, needs_link=kind in checks.REQUIRED) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, link=MOSTLY, subject=LINES, preheader=LINES, name=NAMES)
def test_a17_what_really_leaves_is_whole_and_the_rest_waits_for_the_office(
    mail: Running, person: Participant, body: str, link: bool, subject: str, preheader: str, name: str
) -> None:
    template = EmailTemplate.objects.get(name="Confirmation")
    body = (LINK if link else "") + body.replace("\x00", "")
    version = {"subject": subject, "preheader": preheader, "body": body, "published_at": timezone.now()}
    number = template.current.number + 1
    TemplateVersion.objects.create(template=template, number=number, created_by="Before there were checks", **version)
    Contact.objects.update(name=name)
    message = make_message(person, template=template, status=Status.QUEUED)
    delivery.deliver_due()
    message.refresh_from_db()
    posted = mail.logged(str(message.uuid))
    if message.status == Status.HELD:
        assert (message.reason, posted) == (Reason.TEMPLATE_PROBLEM, [])
        return
    assert (message.status, message.has_link, len(posted)) == (Status.SENT, True, 1)
    assert wrong(rendering.Rendered(message.subject, message.html, message.text), needs_link=False) == []


@often
@given(body=BODIES, kind=st.sampled_from(["confirmation", "review_request", "one_off"]))
def test_the_editor_can_show_and_judge_anything(person: Participant, body: str, kind: str) -> None:
    words = Words(kind, "x", body, body, body)
    found = checks.look(words, postal_address="")
    assert all(0 <= finding.line <= body.count("\n") + 1 for finding in found)
    rendering.sample(words, examples.awkward(Company.get()))
    rendering.sample(words, examples.real(person.inspection, Company.get()))


@often
@given(body=BODIES)
def test_cleaning_twice_is_cleaning_once(body: str) -> None:
    once = markup.clean(body)
    assert markup.clean(once) == once

"""Whatever stands in a template and whatever people are called: nothing crashes, breaks out, or leaves half filled.

A few hundred here; `make bench ARGS=templates` does ten thousand and measures the time.
"""

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from benchmarks._templates import LINK, NASTY, PIECES, wrong
from emails import builtin, checks, examples, markup, rendering
from emails.checks import Words
from emails.models import EmailTemplate, Message, TemplateVersion
from emails.rendering import TemplateProblem
from inspections.models import Company, Contact, Participant
from inspections.text import BadText
from tests.emails.mailed import make_client

BODIES = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)
NAMES = st.sampled_from(NASTY)
often = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def person(db: None) -> Participant:
    builtin.install()
    return make_client(name="Ann", email="ann@example.com")


@often
@given(body=BODIES, link=st.booleans(), subject=st.sampled_from(["Hi", "{{CLIENT_NAME}}", "{{NOPE", ""]), name=NAMES)
def test_a17_no_email_leaves_broken_half_filled_or_without_its_link(
    person: Participant, body: str, link: bool, subject: str, name: str
) -> None:
    Contact.objects.update(name=name)
    person.contact.name = person.inspection.address = person.inspection.inspector = name
    template = EmailTemplate.objects.get(name="Confirmation")
    version = TemplateVersion(template=template, number=2, subject=subject, body=(LINK if link else "") + body)
    message = Message(inspection=person.inspection, participant=person, kind="confirmation", template=template)
    try:
        email = rendering.render(message, version, Company.get())
    except (TemplateProblem, BadText):
        event("refused")
        return
    event("left")
    assert wrong(email, needs_link=True) == []


@often
@given(body=BODIES, kind=st.sampled_from(["confirmation", "review_request", "one_off"]))
def test_the_editor_can_show_and_judge_anything(person: Participant, body: str, kind: str) -> None:
    words = Words(kind, "x", body, body)
    found = checks.look(words, postal_address="")
    assert all(0 <= finding.line <= body.count("\n") + 1 for finding in found)
    rendering.sample(words, examples.awkward(Company.get()))
    rendering.sample(words, examples.real(person.inspection, Company.get()))


@often
@given(body=BODIES)
def test_cleaning_twice_is_cleaning_once(body: str) -> None:
    once = markup.clean(body)
    assert markup.clean(once) == once

"""The preheader: beside the subject everywhere, hidden in the HTML, not in the text, checked like the subject."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from emails import builtin, checks, examples, rendering, selectors_templates, snapshot, templates
from emails.checks_findings import Words
from emails.models import EmailTemplate, TemplateVersion
from emails.rendering import Rendered
from inspections.models import Company, User
from tests.emails.mailed import make_client, make_message
from tests.emails.test_templates import GOOD, confirmation, typed
from tests.factories import make_company, make_inspection, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    make_company()
    builtin.install()
    return make_user(name="Kim Reyes", is_superuser=True)


@pytest.fixture
def owner(client: Client, kim: User) -> Client:
    client.force_login(kim)
    return client


def published(preheader: str) -> TemplateVersion:
    found = confirmation()
    words = Words(found.kind, found.name, "Confirmed", GOOD, preheader)
    templates.save(found, words, revision=found.revision, by="Kim")
    return templates.publish(found, revision=found.revision, by="Kim").version


def rendered(version: TemplateVersion, **over: str) -> Rendered:
    person = make_client(inspection=make_inspection(address="12 Oak St"), **over)
    message = make_message(person)
    message.template = version.template
    return rendering.render(message, version, Company.get())


def said(preheader: str) -> list[str]:
    return [str(finding) for finding in checks.look(Words("one_off", "x", "x", "<p>x</p>", preheader))]


# --- in the email ----------------------------------------------------------------------------------------------------


def test_it_is_hidden_at_the_top_of_the_html_and_not_in_the_text(kim: User) -> None:
    email = rendered(published("{{CLIENT_NAME}}: see you at {{ADDRESS}}"), name="Ann <b>Lee</b>")
    first = re.search(r"<body[^>]*>\s*<div style=\"([^\"]*)\">([^<]*)</div>", email.html)
    assert first
    assert {"display:none", "overflow:hidden", "mso-hide:all"} <= set(first[1].replace(": ", ":").split(";"))
    assert first[2].startswith("Ann &lt;b&gt;Lee&lt;/b&gt;: see you at 12 Oak St\u034f")
    assert "see you" not in email.text
    assert "see you" not in email.subject


def test_without_one_nothing_is_hidden(kim: User) -> None:
    email = rendered(published(""))
    assert "display:none" not in email.html.replace(" ", "")
    assert rendering.FILLER[:3] not in email.html


def test_the_record_of_a_sent_email_keeps_it_hidden_too(kim: User) -> None:
    shown = snapshot.harmless(rendered(published("Only in the list")).html)
    assert re.search(r'<div style="display:none[^"]*">Only in the list', shown)


def test_what_has_no_value_holds_the_email(kim: User) -> None:
    with pytest.raises(rendering.TemplateProblem, match="needs AGENT_NAME"):
        rendered(published("With {{AGENT_NAME}}"))


def test_a_name_with_line_breaks_stays_on_one_line(kim: User) -> None:
    assert "Ann Lee: hello\u034f" in rendered(published("{{CLIENT_NAME}}: hello"), name="Ann\n Lee").html


# --- checks ----------------------------------------------------------------------------------------------------------


def test_it_is_checked_like_the_subject() -> None:
    assert said("See you soon") == []
    assert said("Hello {{clinet_name}}") == ["Preheader: {{clinet_name}} isn’t known. Did you mean {{client_name}}?"]
    assert said("Hello {{CLIENT_NAME") == ["Preheader: {{ has no }} after the name."]
    assert said("one\ntwo") == ["Preheader: It has a line break. It is one line."]
    assert said("x" * 301)[0] == "Preheader: It is longer than 300 characters."
    assert said("x" * 120) == ["Preheader: About 120 characters. Mail programs show the first 110 or fewer."]
    assert said("A discount for you") == ["Preheader: “discount” sounds like advertising. Filters may think so too."]


def test_a_bad_one_holds_even_what_is_published(kim: User) -> None:
    version = TemplateVersion(template=confirmation(), number=2, subject="x", body=GOOD, preheader="{{NOPE}}")
    with pytest.raises(rendering.TemplateProblem, match=r"Preheader: \{\{NOPE\}\} isn’t known"):
        rendering.check(rendering.words_of(version), Company.get())


def test_it_counts_for_the_size(kim: User) -> None:
    words = Words("one_off", "x", "x", f"<p>{'x' * (102 * 1024 - 2400)}</p>")
    found = confirmation()
    assert not [f for f in templates.findings(words, found) if f.code == "size"]
    fuller = Words("one_off", "x", "x", words.body, "y" * 300)
    assert [f.code for f in templates.stops(templates.findings(fuller, found))] == ["size"]


# --- writing ---------------------------------------------------------------------------------------------------------


def test_the_editor_keeps_previews_publishes_compares_and_restores_it(owner: Client) -> None:
    found, page = confirmation(), f"/templates/{confirmation().pk}/"
    first = found.current
    text = "We come to {{ADDRESS}}"
    shown = owner.post(page, typed(found, preheader=text, act="preview")).content.decode()
    assert f'value="{text}"' in shown
    assert "We come to 1234½ North-West" in shown
    owner.post(page, typed(found, preheader=text, body=GOOD, act="publish"))
    found.refresh_from_db()
    before = owner.get(f"{page}publish/").content.decode()
    assert "<h3>Preheader</h3>" in before
    assert f"<ins>{text}</ins>" in before
    owner.post(f"{page}publish/", {"revision": found.revision})
    assert found.current.preheader == text
    assert text in owner.get(f"{page}versions/2/").content.decode()
    found.refresh_from_db()
    owner.post(f"{page}versions/1/restore/", {"revision": found.revision})
    assert templates.words(found).preheader == first.preheader != text


def test_a_mistake_in_it_stops_publishing_at_its_field(owner: Client) -> None:
    found = confirmation()
    answer = owner.post(f"/templates/{found.pk}/", typed(found, preheader="{{NOPE}}", body=GOOD, act="publish"))
    assert answer.status_code == 422
    assert '<a href="#id_preheader">Preheader: {{NOPE}} isn’t known.</a>' in answer.content.decode()
    assert templates.words(found).preheader == "{{NOPE}}"


def test_a_published_one_never_changes(kim: User) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        TemplateVersion.objects.filter(pk=confirmation().current.pk).update(preheader="Something else")


def test_placeholders_of_it_are_compared_and_looked_up_on_coming_inspections(kim: User) -> None:
    make_client(inspection=make_inspection(status="confirmed"))
    old, new = Words("one_off", "x", "x", "x"), Words("one_off", "x", "x", "x", "{{AGENT_NAME}}")
    assert selectors_templates.difference(old, new).added == ["AGENT_NAME"]
    assert "1 upcoming inspection has no AGENT_NAME." in str(selectors_templates.empties(new)[0])
    assert rendering.sample(new, examples.awkward(Company.get())).empty == ("AGENT_NAME",)


# --- built in --------------------------------------------------------------------------------------------------------


def test_every_built_in_email_has_one_that_fits(kim: User) -> None:
    for key in builtin.READY:
        builtin.add_ready(key)
    for template in EmailTemplate.objects.all():
        words = rendering.words_of(template.current)
        assert words.preheader
        assert [f for f in checks.look(words) if f.field == "preheader"] == []


def test_a_built_in_that_was_published_before_there_was_one_has_none_in_spanish_either(kim: User) -> None:
    version = confirmation().current
    assert builtin.words(version, "es").preheader.startswith("{{ADDRESS}}, {{INSPECTION_TIME}}. Por favor")
    version.preheader = ""
    assert builtin.words(version, "es").subject.startswith("Confirmada")
    assert builtin.words(version, "es").preheader == ""
    version.preheader = "Our own"
    assert builtin.words(version, "es") == (version.subject, "Our own", version.body)

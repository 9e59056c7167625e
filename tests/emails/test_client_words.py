"""What clients read: every text has its Spanish, with the same placeholders, and reaches them in their language."""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from config import catalogs
from emails import builtin, placeholders, rendering, wording
from emails.models import EmailTemplate, Kind
from emails.wording_failures import FAILURES
from emails.wording_plain import PLAIN
from inspections.models import Company, Contact
from tests import client_words
from tests.emails.mailed import make_client, make_message, template
from tests.emails.test_wording import BANNED, facts
from tests.factories import DECEMBER_1, make_company, make_contact, make_inspection

TEXTS = list(client_words.texts())
SPANISH = client_words.catalogue()
FILLED = re.compile(r"\{\{\w+\}\}|\{\w*\}|%\(\w+\)[sd]|</?\w+[^>]*>|&\w+;")
# Spanish that happens to be written like the English.
ALIKE = {"Inspector", "Error:"}


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_that_clients_read_has_its_spanish(text: str) -> None:
    said = SPANISH.get(text, "")
    assert said, f"no Spanish for: {text}"
    assert said != text or text in ALIKE


@pytest.mark.parametrize("text", TEXTS)
def test_both_languages_have_the_same_placeholders(text: str) -> None:
    marks = [mark for mark in FILLED.findall(text) if mark != "&amp;"]
    assert Counter(FILLED.findall(SPANISH[text])) == Counter(marks)


def test_nothing_is_translated_that_nobody_reads() -> None:
    assert SPANISH.keys() - set(TEXTS) == set()


@pytest.mark.parametrize("text", TEXTS)
def test_spanish_has_its_own_opening_marks_and_our_quotes(text: str) -> None:
    said = SPANISH[text]
    assert said.count("?") == said.count("¿")
    assert "'" not in said.replace("'\\'", "")
    assert not re.search(r'(?<!=)"(?!>)', re.sub(r"<[^>]+>", "", said))
    assert said.count("“") == said.count("”")
    assert text.endswith((".", "?", ":")) <= said.endswith((".", "?", ":"))


@pytest.mark.parametrize("path", client_words.TEMPLATES, ids=lambda path: path.name)
def test_a_template_for_clients_has_no_words_outside_translation(path: Path) -> None:
    source = path.read_text("utf-8")
    source = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", source, flags=re.DOTALL)
    source = re.sub(r"<style>.*?</style>|<!doctype html>", "", source, flags=re.DOTALL)
    bare = re.sub(r"{[%{#].*?[#%}]}|&\w+;", "", source, flags=re.DOTALL)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]+)"', bare)
    assert not re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", "", bare))
    assert attributes == []


def test_the_compiled_catalogue_is_made_without_gettext_and_is_what_runs() -> None:
    (source,) = catalogs.sources()
    assert source.with_suffix(".mo").exists()
    with translation.override("es"):
        assert translation.gettext("Your inspection is confirmed") == "Su inspección está confirmada"


def test_a_stale_catalogue_is_compiled_again_and_a_fresh_one_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
    monkeypatch.setattr(catalogs, "BASE_DIR", tmp_path)
    assert (catalogs.compile_all(), catalogs.compile_all()) == (1, 0)
    assert [path.name for path in sorted(folder.iterdir())] == ["django.mo", "django.po"]


# --- what staff read out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", sorted(FAILURES))
def test_what_to_tell_the_client_is_there_in_both_languages(category: str) -> None:
    found = wording.guidance(facts(status="bounced", category=category), category)
    assert found
    assert [told.code for told in found.tell] == ["en", "es"]
    english, spanish = found.tell
    assert english.words != spanish.words
    assert "{" not in english.words + spanish.words
    assert not BANNED.search(re.sub(r"\S+@\S+", "", english.words))


def test_the_subject_and_the_day_are_in_the_language_of_the_words() -> None:
    found = wording.guidance(facts(status="delivered", sent_at=DECEMBER_1))
    assert found
    english, spanish = found.tell
    assert "sent Tue 1 Dec, 9:00 AM." in english.words
    assert "enviado: mar 1 dic, 9:00 AM." in spanish.words
    assert spanish.spelled == "a-n-n arroba gmail punto com"


def test_without_a_name_the_spanish_has_no_english_in_it() -> None:
    found = wording.guidance(facts(status="bounced", category="address_unknown", to_name="", to_address=""))
    assert found
    assert "their" not in found.tell[1].words


def test_whose_language_is_known_is_told_in_it_alone() -> None:
    found = wording.guidance(facts(status="bounced", category="address_unknown", language="es"))
    assert found
    assert [told.code for told in found.tell] == ["es"]


# --- the emails ------------------------------------------------------------------------------------------------------


def reads_spanish() -> Contact:
    """Ann, who reads Spanish."""
    return make_contact(name="Ann Lee", email="ann@example.com", language="es")


@pytest.mark.django_db
def test_whose_language_is_not_known_reads_the_offices() -> None:
    message = make_message(make_client(email="ann@example.com"))
    assert rendering.language_of(message) == settings.LANGUAGE_CODE


@pytest.mark.django_db
def test_a_built_in_email_is_whole_in_spanish() -> None:
    make_company()
    inspection = make_inspection(status="confirmed", starts_at=DECEMBER_1, inspector="", services=[], fee=None)
    person = make_client(inspection=inspection, contact=reads_spanish())
    make_client(inspection=inspection, name="Bob Lee", email="bob@example.com")
    message = make_message(person)
    assert message.template
    email = rendering.render(message, message.template.current, Company.get())
    assert email.subject == "Confirmada: su inspección del martes 1 de diciembre de 2026"
    assert '<html lang="es">' in email.html
    for words in ("Hola, Ann Lee:", "Firmar y pagar", "por confirmar", "Recibe este correo", "su inspector"):
        assert words in email.html.replace("&amp;", "&"), words
        assert words in email.text or words == "su inspector"
    assert email.has_link


@pytest.mark.django_db
def test_what_the_office_wrote_itself_is_never_changed() -> None:
    make_company()
    message = make_message(make_client(email="ann@example.com"))
    assert message.template
    version = message.template.current
    version.body = version.body.replace("We look forward", "We really look forward")
    assert builtin.words(version, "es") == (version.subject, version.preheader, version.body)


@pytest.mark.django_db
def test_every_built_in_email_uses_the_same_placeholders_in_both_languages() -> None:
    template("confirmation")
    for own in EmailTemplate.objects.all():
        english = (own.current.subject, own.current.preheader, own.current.body)
        spanish = builtin.words(own.current, "es")
        assert english != spanish, own.name
        for one, other in zip(english, spanish, strict=True):
            assert Counter(placeholders.TOKEN.findall(one)) == Counter(placeholders.TOKEN.findall(other)), own.name


@pytest.mark.django_db
def test_the_short_version_speaks_spanish_too() -> None:
    make_company()
    message = make_message(make_client(contact=reads_spanish()), plain=True)
    assert message.template
    email = rendering.render(message, message.template.current, Company.get())
    assert email.subject.startswith("Su inspección de 12 Oak St")
    assert "está confirmada para el" in email.text
    assert "Aquí encuentra todo:" in email.text


def test_the_short_versions_are_of_kinds_that_exist() -> None:
    assert set(PLAIN) <= set(Kind.values)


def test_only_these_languages_are_offered() -> None:
    assert dict(settings.LANGUAGES) == {"en": "English", "es": "Español"}

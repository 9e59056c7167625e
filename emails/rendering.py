"""A template and an inspection -> the email: subject, HTML part, text part. Strict: nothing is left blank."""

import html as html_escapes
from dataclasses import dataclass
from functools import cache

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from emails import builtin, placeholders, wording_plain
from emails.models import Kind, Message, TemplateVersion
from emails.placeholders import LINKS, Scene
from emails.plaintext import from_html
from inspections import links
from inspections.models import Company
from inspections.text import single_line

NEEDS_LINK = frozenset({Kind.CONFIRMATION, Kind.AGREEMENT, Kind.REPORT_READY})
MASK = "•" * 8


class TemplateProblem(Exception):
    """The template cannot be filled. `name` is the placeholder at fault, `str()` a sentence for the office."""

    def __init__(self, sentence: str, *, name: str = "") -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True)
class Rendered:
    """An email ready to leave. `secret` is the portal link's token, "" if it holds none."""

    subject: str
    html: str
    text: str
    secret: str

    @property
    def has_link(self) -> bool:
        """The personal link stands in every part; the short version has no HTML."""
        return bool(self.secret) and self.secret in self.text and (not self.html or self.secret in self.html)

    def masked(self, part: str) -> str:
        """`part` as it may be kept: whoever reads our records must not get the key to the portal."""
        return part.replace(self.secret, MASK) if self.secret else part


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def check(version: TemplateVersion) -> None:
    """Raise TemplateProblem for an unknown placeholder or a missing portal link, before any inspection is looked at."""
    for unknown in placeholders.unknown(version.subject) + placeholders.unknown(version.body):
        raise TemplateProblem(str(unknown), name=unknown.name)
    if version.template.kind in NEEDS_LINK and not placeholders.used(version.body) & LINKS:
        raise TemplateProblem(f"“{version.template}” has no client portal link.", name=placeholders.PORTAL_LINK)


def render(message: Message, version: TemplateVersion, company: Company) -> Rendered:
    """Fill `version` for this message's person, with a portal link of their own.

    Raises TemplateProblem if a placeholder is unknown, has no value here, or the required link would be missing.
    """
    if not message.plain:  # the short version has none of the template's words
        check(version)
    minted: list[str] = []
    scene = Scene(message.inspection, message.participant, company, link=lambda: _mint(message, minted))
    with translation.override(language_of(message)):
        subject, page, text = _short(message, scene) if message.plain else _full(version, scene)
    rendered = Rendered(
        single_line(subject, limit=500), page, text, minted[0].rstrip("/").rpartition("/")[2] if minted else ""
    )
    if message.kind in NEEDS_LINK and not rendered.has_link:
        raise TemplateProblem(f"“{version.template}” lost its client portal link.", name=placeholders.PORTAL_LINK)
    return rendered


def language_of(message: Message) -> str:
    """The language that this message's person reads; the office's own where it is not known."""
    person = message.participant
    return (person.contact.language if person else "") or settings.LANGUAGE_CODE


def _full(version: TemplateVersion, scene: Scene) -> tuple[str, str, str]:
    """Subject, HTML and text from the template."""
    source_subject, source_body = builtin.words(version, translation.get_language() or settings.LANGUAGE_CODE)
    subject, missing = placeholders.fill(source_subject, scene, escape=_one_line)
    body, blank = placeholders.fill(source_body, scene, escape=html_escapes.escape)
    for name in missing + blank:
        raise TemplateProblem(f"“{version.template}” needs {name}, and this inspection has none.", name=name)
    frame = {"subject": subject, "body": body, "company": scene.company, "language": translation.get_language()}
    page = _inliner().inline(render_to_string("mail/frame.html", frame))
    return subject, page, from_html(body) + render_to_string("mail/foot.txt", {"company": scene.company})


def _short(message: Message, scene: Scene) -> tuple[str, str, str]:
    """Subject, no HTML, and the text of the short version. Values are text: nothing in them is looked at again."""
    date, time = placeholders.clock_words(scene.inspection.starts_at.astimezone(scene.company.zone))
    values = {
        "name": message.to_name,
        "address": scene.inspection.address,
        "date": date,
        "time": time,
        "link": scene.portal_link,
    }
    said = [wording_plain.HELLO, wording_plain.PLAIN[message.kind], wording_plain.LINK]
    text = "\n\n".join(str(part).format_map(values) for part in said) + "\n"
    foot = render_to_string("mail/foot.txt", {"company": scene.company})
    return _one_line(str(wording_plain.SUBJECT).format_map(values)), "", text + foot


def _mint(message: Message, minted: list[str]) -> str:
    if message.participant is None:
        return ""
    if not minted:
        minted.append(links.mint(message.participant, purpose=str(message.uuid))[1])
    return minted[0]


def _one_line(value: str) -> str:
    return " ".join(value.split())

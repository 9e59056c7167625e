"""A template or a letter, and an inspection -> the email: subject, HTML part, text part. Strict: nothing is blank."""

import html as html_escapes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from emails import builtin, checks, files, markup, optouts, placeholders, wording_plain
from emails.checks_findings import Words
from emails.enclosures import File
from emails.models import MARKETING, Kind, Letter, Message, TemplateVersion
from emails.placeholders import Scene
from emails.plaintext import from_html
from inspections import links
from inspections.models import Company, Scope
from inspections.text import single_line

MASK = "•" * 8
# Blanks without width after the preheader: mail programs would fill up their line with the words of the email.
FILLER = "\u034f\u200c\u00a0" * 60
EXAMPLE_LINK = "/p/only-an-example/"


class TemplateProblem(Exception):
    """The template cannot be filled. `name` is the placeholder at fault, `str()` a sentence for the office."""

    def __init__(self, sentence: str, *, name: str = "") -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True)
class Rendered:
    """An email ready to leave. `link` is its personal address, "" if it holds none; `stop` ends marketing."""

    subject: str
    html: str
    text: str
    link: str = ""
    stop: str = ""

    @property
    def secret(self) -> str:
        """The part of the link that nobody else may have."""
        return self.link.rstrip("/").rpartition("/")[2]

    @property
    def has_link(self) -> bool:
        """The personal link can be pressed in the HTML and stands in the text; the short version has no HTML."""
        return bool(self.link) and self.link in self.text and (not self.html or f'href="{self.link}"' in self.html)

    def masked(self, part: str) -> str:
        """`part` as it may be kept: whoever reads our records must not get the key to the portal."""
        return part.replace(self.secret, MASK) if self.secret else part


@dataclass(frozen=True)
class Sample:
    """What a template would look like; `empty` are the names that have no value here."""

    subject: str
    html: str
    text: str
    empty: tuple[str, ...]
    preheader: str = ""


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def words_of(version: TemplateVersion) -> Words:
    """A published version as the checks read it."""
    template = version.template
    return Words(template.kind, template.name, version.subject, version.body, version.preheader, attach=template.attach)


def words_of_letter(letter: Letter) -> Words:
    """What staff wrote by hand, as the checks read it."""
    body = markup.paragraphs(letter.body, links=placeholders.is_link)
    return Words(Kind.ONE_OFF, "This email", letter.subject, body)


def render(
    message: Message, version: TemplateVersion | None, company: Company, *, offered: Sequence[File] = ()
) -> Rendered:
    """Fill `version`, or the message's letter, for its person, with a portal link of their own.

    `offered` are the files that they find in the portal. Raises TemplateProblem if a placeholder is unknown, has no
    value here, or the required link would be missing.
    """
    minted: list[str] = []
    scene = Scene(message.inspection, message.participant, company, link=lambda: _mint(message, minted))
    stop = optouts.address(message) if message.kind in MARKETING else ""
    with translation.override(language_of(message)):
        if message.plain:  # it has none of the template's words
            subject, page, text = _short(message, scene)
        else:
            words = _words(message, version)
            check(words, company)
            subject, page, text = _full(words, scene, stop, offered)
    rendered = Rendered(single_line(subject, limit=500), page, text, minted[0] if minted else "", stop)
    if checks.is_too_long(page):
        raise TemplateProblem(f"{message} would be longer than 102 KB. Make it shorter.")
    if message.kind in checks.REQUIRED and not rendered.has_link:
        raise TemplateProblem(f"{message} lost its client portal link.", name=placeholders.PORTAL_LINK)
    return rendered


def _words(message: Message, version: TemplateVersion | None) -> Words:
    """In the language in force; `name` as a sentence begins with it."""
    if version is None:
        if message.letter is None:
            raise TemplateProblem("This email has no template any more.")
        return words_of_letter(message.letter)
    source = builtin.words(version, translation.get_language() or settings.LANGUAGE_CODE)
    return Words(version.template.kind, f"“{version.template}”", source.subject, source.body, source.preheader)


def check(words: Words, company: Company) -> None:
    """Raise TemplateProblem for what no email may leave with, before any inspection is looked at."""
    for fault in checks.faults(words, postal_address=company.postal_address):
        if fault.holds:
            raise TemplateProblem(f"{words.name}: {fault}"[:500], name=fault.name)


def sample(words: Words, scene: Scene, *, language: str = "", offered: Sequence[File] = ()) -> Sample:
    """Fill words that may be unfinished, for looking at: what is empty or unknown stands out, nothing is refused."""
    with translation.override(language or settings.LANGUAGE_CODE):
        show = {name: f"[{name}?]" for name in _unfilled(words, scene)}
        subject, _ = placeholders.fill(words.subject, scene, escape=_one_line, blank=show.get)
        preheader, _ = placeholders.fill(words.preheader, scene, escape=_one_line, blank=show.get)
        body = "" if checks.too_much(words.body) else _fill_body(words.body, scene, blank=show)[0]
        body += _files(offered, scene)
        stop = settings.BASE_URL.rstrip("/") + EXAMPLE_LINK if words.kind in MARKETING else ""
        page, text = _frame(_one_line(subject), _one_line(preheader), body, scene.company, stop)
    return Sample(_one_line(subject), page, text, tuple(show), _one_line(preheader))


def _unfilled(words: Words, scene: Scene) -> list[str]:
    names = [placeholders.fill(part, scene, escape=str)[1] for part in (words.subject, words.preheader, words.body)]
    return list(dict.fromkeys(name for some in names for name in some))


def language_of(message: Message) -> str:
    """The language that this message's person reads; the office's own where it is not known."""
    person = message.participant
    return (person.contact.language if person else "") or settings.LANGUAGE_CODE


def _full(words: Words, scene: Scene, stop: str, offered: Sequence[File]) -> tuple[str, str, str]:
    """Subject, HTML and text from the words."""
    subject, missing = placeholders.fill(words.subject, scene, escape=_one_line)
    preheader, left_out = placeholders.fill(words.preheader, scene, escape=_one_line)
    body, blank = _fill_body(words.body, scene)
    for name in missing + left_out + blank:
        raise TemplateProblem(f"{words.name} needs {name}, and this inspection has none.", name=name)
    return subject, *_frame(subject, preheader, body + _files(offered, scene), scene.company, stop)


def _files(offered: Sequence[File], scene: Scene) -> str:
    """HTML that names the files which wait in the portal, with the way there; "" if there are none."""
    if not offered:
        return ""
    said = [(file.name, files.size_words(file.size)) for file in offered]
    return render_to_string("mail/files.html", {"files": said, "link": scene.portal_link})


def _fill_body(source: str, scene: Scene, *, blank: dict[str, str] | None = None) -> tuple[str, list[str]]:
    """Cleaned before, so that every value stands inside quotes, and after, so that no value became a link."""
    filled, missing = placeholders.fill(
        markup.clean_template(source), scene, escape=html_escapes.escape, blank=(blank or {}).get
    )
    return markup.clean(filled), missing


def _frame(subject: str, preheader: str, body: str, company: Company, stop: str) -> tuple[str, str]:
    """HTML and text with our head and foot. `stop`: where marketing ends; "" for all other emails."""
    frame = {"subject": subject, "preheader": preheader, "body": body, "company": company, "stop": stop}
    frame |= {"filler": FILLER, "language": translation.get_language()}
    page = render_to_string("mail/frame.html", frame)
    if checks.is_too_long(page):  # it does not leave, and the rest would take long
        return page, ""
    foot = render_to_string("mail/foot.txt", {"company": company, "stop": stop})
    return _inliner().inline(page), from_html(body) + foot


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
        letter = message.letter
        scope = Scope(letter.scope) if letter else Scope.EVERYTHING
        until = letter.link_expires_at if letter else None
        minted.append(links.mint(message.participant, purpose=str(message.uuid), scope=scope, expires_at=until)[1])
    return minted[0]


def _one_line(value: str) -> str:
    return " ".join(value.split())

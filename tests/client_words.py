"""Every text that clients read, wherever it stands: what must have its Spanish."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from config.catalogs import BASE_DIR
from emails import builtin, placeholders, wording, wording_plain, wording_share
from emails.wording_failures import DELIVERED_TELL, FAILURES, OFF_TELL, SCHEDULED_TELL, UNDERWAY_TELL

SPANISH = BASE_DIR / "locale" / "es" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((BASE_DIR / "templates" / "portal").glob("*.html")) + sorted(
    (BASE_DIR / "templates" / "mail").glob("*")
)
# Fixed words that Python code puts into what clients read.
IN_CODE = ("their server", "them", "l, F j, Y", "D j M", "D j M Y", "{some} and {last}")
# Modules whose every `gettext` is for clients.
CODE = [
    *sorted((BASE_DIR / "inspections").glob("*portal*.py")),
    *(BASE_DIR / "inspections" / name for name in ("robots.py", "signing.py")),
]
# The daily summary is for the office.
TEMPLATES = [path for path in TEMPLATES if path.name != "digest.txt"]

_CALL = re.compile(r"""gettext\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\b_\(('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""")


def of_template(path: Path) -> list[str]:
    """The texts that a template gives to gettext, as Django's own makemessages finds them."""
    code = templatize(path.read_text("utf-8"), origin=str(path))
    return [ast.literal_eval(found[1] or found[2]) for found in _CALL.finditer(code)]


def of_code(path: Path) -> list[str]:
    """The texts that a module gives to gettext, now or later."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return [
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("gettext", "_", "ngettext")
        for text in call.args[: 2 if call.func.id == "ngettext" else 1]
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


def texts() -> Iterator[str]:
    """English, as the source has it; each once."""
    seen: set[str] = set()
    for text in _all():
        if text and text not in seen:
            seen.add(text)
            yield text


def _all() -> Iterator[str]:
    yield from (str(why.tell) for why in FAILURES.values() if why.tell)
    yield from map(str, (DELIVERED_TELL, OFF_TELL, UNDERWAY_TELL, SCHEDULED_TELL))
    yield from (*map(str, wording._ALOUD.values()), *IN_CODE)
    yield from map(str, (wording_plain.SUBJECT, wording_plain.HELLO, wording_plain.LINK, *wording_plain.PLAIN.values()))
    yield from map(str, (wording_share.SUBJECT, wording_share.HELLO, wording_share.ENDS))
    yield from (str(text) for share in wording_share.SHARES.values() for text in (share.sentence, share.button))
    yield from (str(p.missing) for p in placeholders.CATALOGUE if p.missing)
    yield from map(str, (builtin._HELLO, builtin._BELOW, builtin._QUESTIONS, *(name for name, _ in builtin._FACTS)))
    for email in (*builtin.TEMPLATES, *builtin.READY_TEMPLATES):
        yield from map(str, (email.subject, email.preheader, email.title, *email.sentences, email.button))
    for path in TEMPLATES:
        yield from of_template(path)
    for path in CODE:
        yield from of_code(path)


def catalogue() -> dict[str, str]:
    """English to Spanish, as committed; of a text with a plural both forms."""
    told: dict[str, str] = {}
    for entry in polib.pofile(str(SPANISH)):
        if not entry.obsolete:
            told[entry.msgid] = entry.msgstr or entry.msgstr_plural.get(0, "")
            if entry.msgid_plural:
                told[entry.msgid_plural] = entry.msgstr_plural.get(1, "")
    return told

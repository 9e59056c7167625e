"""The HTML of a sent email, made harmless to look at: it is somebody's text, shown in a frame of its own."""

import nh3
from django.utils.html import escape

# For the frame's own answer: nothing runs, nothing loads, only inline styles and embedded pictures.
POLICY = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'"
)
_LOOKS = {"style", "align", "valign", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing", "dir"}
_DOCUMENT = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light">'
    "<title>The email as it was sent</title></head><body>{}</body></html>"
)


def harmless(html: str, *, text: str = "") -> str:
    """A whole document: looks as sent, but links lead nowhere, and scripts, forms and remote pictures are gone."""
    if not html:
        return _DOCUMENT.format(f"<pre>{escape(text or 'This email has no text here any more.')}</pre>")
    body = nh3.clean(
        html,
        tags=nh3.ALLOWED_TAGS | {"section", "font"},
        clean_content_tags={"script", "style", "title"},
        # No href anywhere: what looks like a button must not be one.
        attributes={"*": _LOOKS, "img": _LOOKS | {"alt", "src"}},
        url_schemes={"data"},
        link_rel=None,
    )
    return _DOCUMENT.format(f"<main>{body}</main>")

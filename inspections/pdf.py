"""The agreement on paper: as it is to be signed, and as it was signed, with the evidence."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import dateformat, translation

from inspections.models import Company, Signature
from inspections.paper import Paper
from inspections.signing import Document

ATTACHED = "agreement.txt"


def unsigned(document: Document) -> bytes:
    """What a client would sign."""
    company = Company.get()
    made = Paper(
        title=document.agreement.title,
        company=company.name,
        at=document.agreement.created_at,
        foot=f"Not signed. Version {document.agreement.version}",
    )
    made.facts(document.lines)
    made.ln(12)
    made.text_block(document.agreement.body)
    return made.content()


def signed(signature: Signature) -> bytes:
    """The signed copy. The same signature always gives the same bytes."""
    title, _, shown = signature.text.partition("\n")
    made = Paper(
        title=title,
        company=_company(shown),
        at=signature.signed_at,
        foot=f"Signed by {signature.typed_name}, version {signature.agreement.version}",
    )
    made.text_block(shown.strip())
    made.heading("Signature")
    made.facts(evidence(signature))
    made.text_block(
        f"\nThe exact text that was signed is attached to this file as {ATTACHED}. Its SHA-256 is the one above.",
        size=8,
        quiet=True,
    )
    made.attach(ATTACHED, signature.text.encode(), about="The text as it was signed")
    return made.content()


def download(content: bytes, name: str) -> HttpResponse:
    """A file to keep."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def evidence(signature: Signature) -> list[tuple[str, str]]:
    """What speaks for it, line by line."""
    # The zone that the document was shown in: the company's may be another by now.
    zone = ZoneInfo(signature.facts.get("zone", "UTC"))
    return [
        ("Signed by", signature.typed_name),
        ("Signed on", _moment(signature.signed_at, zone)),
        ("How", "Typed the name and ticked “I agree to sign electronically”"),
        ("From", signature.ip or "not known"),
        ("Browser", signature.agent or "not known"),
        ("Agreement", f"Version {signature.agreement.version}"),
        ("SHA-256", signature.sha256),
    ]


def _company(shown: str) -> str:
    """The company as the document names it: it may be called otherwise today, and the copy must not change."""
    lines = (line for line in shown.splitlines() if line.startswith("Company: "))
    return next(lines, "").removeprefix("Company: ")


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    with translation.override("en"):
        return f"{dateformat.format(local, 'l, F j, Y, g:i:s A')} {local:%Z} (UTC{local:%z})"

"""What to ask about an address that somebody typed: was another one meant, does its domain take mail?

Whoever knows more about mail adds to the lists below when the app starts; nothing here knows who that is.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from inspections import own
from inspections.models import Contact, ContactChange
from inspections.text import BadText, canonical, email_address
from inspections.typos import suggest

KEPT = "kept"  # the `field` of a ContactChange: somebody was asked and keeps this address

# Domains that took mail here, lower case.
domains_that_took_mail: list[Callable[[], frozenset[str]]] = []
# A sentence about a domain, or "". The second one may ask the net, for a page that waits for nothing else.
known_about_domains: list[Callable[[str], str]] = []
found_out_about_domains: list[Callable[[str], str]] = []
# A sentence about an address: what became of earlier mail to it, or "".
known_about_addresses: list[Callable[[str], str]] = []


class Slip(NamedTuple):
    """An address and the one that was probably meant. What is no address at all can't be kept."""

    typed: str
    meant: str
    keepable: bool


def suggestion(address: str) -> str:
    """The address that was probably meant, or ""."""
    return suggest(address, known_domains=_known()) or ""


def _known() -> frozenset[str]:
    told = [tell() for tell in domains_that_took_mail]
    return told[0] if len(told) == 1 else frozenset[str]().union(*told)  # one object, so that it is indexed once


def slip(address: str) -> Slip | None:
    """What to ask about an address."""
    meant = suggestion(address) if address.strip() else ""
    return Slip(address.strip(), meant, not wrong_with(address)) if meant else None


def slips_of(contacts: Iterable[Contact]) -> dict[int, Slip]:
    """By contact: what to ask about those whose address nobody chose to keep. One query at most."""
    found = {contact.pk: asked for contact in contacts if (asked := slip(contact.email))}
    changes = ContactChange.objects.filter(contact__in=found, field=KEPT) if found else ()
    for change in changes:
        if change.contact_id in found and found[change.contact_id].typed == change.new:
            del found[change.contact_id]
    return found


def keep(contact: Contact, *, by: str) -> None:
    """Remember that this address is meant, so that nobody is asked again."""
    if slips_of([contact]):
        ContactChange.objects.create(contact=contact, field=KEPT, old=contact.email, new=contact.email, by=by[:200])


def note(address: str, *, find_out: bool = False) -> str:
    """What there is to say about the domain of an address: a sentence or ""."""
    domain = canonical(address).rpartition("@")[2]
    asked = found_out_about_domains if find_out else known_about_domains
    return next((said for ask in asked if (said := ask(domain))), "") if domain else ""


def notes(address: str, *, but: str = "") -> list[str]:
    """What there is to say about an address that is being typed; `but`: the id of the person it is typed for."""
    key = canonical(address)
    if not key:
        return []
    said = [
        own.refusal(address, name=""),
        note(address, find_out=True),
        *(tell(address) for tell in known_about_addresses),
    ]
    return [sentence for sentence in (*said, _had_by(key, but=but)) if sentence]


def _had_by(key: str, *, but: str) -> str:
    others = Contact.objects.filter(email_key=key)
    me = others.filter(pk=int(but)).first() if but.isascii() and but.isdigit() and len(but) < 19 else None
    if me:
        others = others.exclude(name__iexact=me.name)
    names = list(others.order_by("name").values_list("name", flat=True).distinct()[:3])
    return f"This is the address of {', '.join(names)}. Each person gets their own email." if names else ""


# --- forms -----------------------------------------------------------------------------------------------------------


def kept(data: Any) -> frozenset[str]:
    """Keys of the addresses that a form says are meant as they are."""
    return frozenset(canonical(text) for text in data.getlist("keep")) if hasattr(data, "getlist") else frozenset()


def with_suggestion(data: Any) -> Any:
    """The data of a form in which "Use it" was pressed: that field holds what was meant."""
    name = data.get("use", "")
    meant = suggestion(data.get(name, "")) if name else ""
    if not meant:
        return data
    changed = data.copy()
    changed[name] = meant
    return changed


def wrong_with(text: str) -> str:
    """Why this is no address, "" if it is one."""
    try:
        email_address(text)
    except BadText as problem:
        return str(problem)
    return ""

"""Text that people type: which characters may be stored, and how names and addresses are compared.

Pure: importable without Django set up.
"""

import unicodedata
from contextlib import suppress

import idna
from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

MAX_NAME = 200
MAX_EMAIL = 254
_LINE_BREAKERS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_JOINERS = "\u200c\u200d"  # part of correct spelling in Persian and Indic scripts, and of emoji


class BadText(ValueError):
    """The text holds something that cannot be stored or sent; `str()` is a sentence for people."""


def single_line(value: str, *, limit: int = MAX_NAME) -> str:
    """`value` trimmed, in NFC. Raises BadText for line breaks, control or invisible characters, or over `limit`."""
    if any(ch in _LINE_BREAKERS for ch in value.strip()):
        raise BadText("This must fit on one line: please remove the line break.")
    text = unicodedata.normalize("NFC", value.strip())
    if any(_is_hidden(ch) for ch in text):
        raise BadText("There is an invisible character in this text: please type it again by hand.")
    if len(text) > limit:
        raise BadText(f"Please use at most {limit} characters (this has {len(text)}).")
    return text


def multi_line(value: str, *, limit: int) -> str:
    """`value` with plain line ends. Raises BadText for control characters or over `limit`."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    if any(_is_hidden(ch) for ch in text if ch not in "\n\t"):
        raise BadText("There is an invisible character in this text: please type it again by hand.")
    if len(text) > limit:
        raise BadText(f"Please use at most {limit} characters (this has {len(text)}).")
    return text


def _is_hidden(ch: str) -> bool:
    return unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Zl", "Zp") and ch not in _JOINERS


def canonical(address: str) -> str:
    """One key for every way of writing one address; "" stays "".

    Folds case, full-width forms, zero-width characters, a trailing dot and IDNA spellings (the domain comes out in
    ASCII). Gmail dots and plus tags are kept: they can be different people.
    """
    text = unicodedata.normalize("NFKC", "".join(ch for ch in address if unicodedata.category(ch) != "Cf"))
    local, at, domain = text.strip().casefold().rpartition("@")
    domain = domain.strip().rstrip(".")
    with suppress(idna.IDNAError):  # then it is no domain at all: keep it comparable as it stands
        domain = idna.encode(domain, uts46=True).decode() if not domain.isascii() else domain
    return f"{local.strip()}{at}{domain}"


def name_key(name: str) -> str:
    """One key for every way of writing one name: case, full-width forms and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def phone_key(phone: str) -> str:
    """The digits, as spacing and punctuation do not matter."""
    return "".join(ch for ch in unicodedata.normalize("NFKC", phone) if ch.isdecimal())


def email_address(value: str) -> str:
    """The address tidied (lower-case domain). Raises BadText with a sentence that says what to correct.

    Syntax as in RFC 5321 / 5322 by email-validator, without asking DNS; quoted local parts and domain literals,
    which no office means, are refused.
    """
    text = unicodedata.normalize("NFKC", single_line(value, limit=1000)).removeprefix("mailto:").rstrip(".")
    if sum(text.count(ch) for ch in ",;") or text.count("@") > 1:
        raise BadText("Please enter one email address only. Add another person for a second address.")
    if "@" not in text:
        raise BadText("An email address needs an @, like ann@gmail.com.")
    local, _, domain = text.rpartition("@")
    if "." not in domain.rstrip("."):
        raise BadText("The part after @ needs a dot, like gmail.com.")
    if len(text) > MAX_EMAIL or len(local) > 64:
        raise BadText("This address is too long: at most 64 characters before the @ and 254 in all.")
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=True, test_environment=True)
    except EmailNotValidError as problem:
        raise BadText(_sentence(problem)) from None
    if found.domain.rpartition(".")[2].isdigit():
        raise BadText("The part after @ must be a name, like gmail.com, not a number.")
    return found.normalized


def _sentence(problem: EmailNotValidError) -> str:
    if isinstance(problem, EmailSyntaxError):
        return f"This isn't an email address: {str(problem).rstrip('.')}."
    return "This isn't an address that mail can be sent to."

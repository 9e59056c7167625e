"""Links, signatures and payments in the words of the delivery record."""

from collections.abc import Mapping
from typing import Any

from django.utils.dateparse import parse_datetime

from emails.record import Record
from emails.record_entries import Content, Entry, given, moment_of, stamp
from inspections.models import Method, Scope

_FACTS = {"name": "Name", "address": "Address", "starts_at": "Time", "fee": "Fee", "services": "Services"}


def links(record: Record, names: Mapping[int, str]) -> list[Entry]:
    """Each link, with its end."""
    emails = {content["uuid"]: f"Email {content['id']}" for content in record.of("email")}
    off = {content["id"]: moment_of(content["at"]) for content in record.of("link_off")}
    return [
        Entry(
            moment_of(content["at"]),
            f"Link {content['id']} made",
            pairs=given(
                [
                    ("For", names.get(content["person"], "")),
                    ("Opens", str(Scope(content["scope"]).label)),
                    ("Made for", emails.get(content["purpose"], content["purpose"])),
                    ("Ends", stamp(moment_of(content["expires_at"]))),
                    ("Switched off", stamp(off[content["id"]]) if content["id"] in off else ""),
                ]
            ),
        )
        for content in record.of("link")
    ]


def signatures(record: Record, names: Mapping[int, str]) -> list[Entry]:
    """Each signature, with what ended it."""
    ended, disowned = (
        {fact["id"]: fact for fact in record.of(kind)} for kind in ("signature_ended", "signature_disowned")
    )
    return [
        _signature(content, ended.get(content["id"]), disowned.get(content["id"]), names)
        for content in record.of("signature")
    ]


def _signature(content: Content, ended: Content | None, disowned: Content | None, names: Mapping[int, str]) -> Entry:
    pairs = [
        ("For", names.get(content["person"], "")),
        ("Typed name", content["typed_name"]),
        ("Agreement", f"Version {content['version']}"),
        ("SHA-256 of the text", content["sha256"]),
        *[(f"Signed with: {label.lower()}", _fact(content["facts"].get(name))) for name, label in _FACTS.items()],
        ("Internet address", content.get("ip", "")),
        ("Browser", content.get("browser", "")),
        ("Through", f"Link {content['link']}" if "link" in content else ""),
    ]
    if ended:
        changed = ", ".join(_FACTS.get(name, name).lower() for name in ended.get("because", ()))
        pairs += [("Ended", f"{stamp(moment_of(ended['at']))}, by {ended['by']}"), ("Because these changed", changed)]
    if disowned:
        pairs += [("Somebody else had signed", f"said {stamp(moment_of(disowned['at']))}, by {disowned['by']}")]
    return Entry(moment_of(content["at"]), "Agreement signed", content["typed_name"], given(pairs))


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value or "")
    moment = parse_datetime(text) if "T" in text and text[:4].isdigit() else None
    return stamp(moment) if moment else text


def payments(record: Record) -> list[Entry]:
    """Each payment, with its taking back."""
    undone = {content["id"]: content for content in record.of("payment_undone")}
    return [_payment(content, undone.get(content["id"])) for content in record.of("payment")]


def _payment(content: Content, undone: Content | None) -> Entry:
    pairs = [
        ("Amount", f"${content['dollars']}"),
        ("Came as", str(Method(content["method"]).label)),
        ("Note", content.get("note", "")),
        ("Taken back", f"{stamp(moment_of(undone['at']))}, by {undone['by']}" if undone else ""),
    ]
    return Entry(moment_of(content["at"]), "Payment recorded", content["by"], given(pairs))

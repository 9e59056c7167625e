"""Postal. Source: docs.postalserver.io, "Webhooks" (payloads)."""

import re

from emails.states import Status
from emails.verdicts.base import NOTHING, Provider, Raw, Row, as_map, decides, dig, says, scalar

# Postal takes whatever comes back to its return path for a failure report, also the words of an absent person.
# RFC 3834 section 3.1.5 names the first; the others are what mail programs in their languages write.
_AUTOMATIC = re.compile(
    r"^\W*(auto(matic|mated)?[ :-]|out of (the )?office|automatische antwort|abwesen|réponse automatique"
    r"|respuesta automática|risposta automatica|afwezig|i am away)",
    re.IGNORECASE,
)


def _view(raw: Raw, recipient: str) -> Raw:
    """The payload with `happened`: its status, or what else it is about."""
    payload = as_map(raw.get("payload"))
    happened = scalar(payload.get("status")) or scalar(raw.get("event"))
    if "bounce" in payload:
        subject = scalar(dig(payload, "bounce.subject"))
        happened = "auto-reply" if _AUTOMATIC.search(subject) else "Bounce"
    if happened == "Held" and "suppression" in scalar(payload.get("details")).lower():
        happened = "Held/suppressed"
    said = {"said": payload.get("details")} if happened in ("SoftFail", "HardFail") else {}
    return {**payload, "happened": happened, **said}


PROVIDER = Provider(
    view=_view,
    keys=(("happened",),),
    table={
        "Sent": says(Status.DELIVERED),
        "SoftFail": says(Status.DEFERRED),
        "HardFail": says(Status.BOUNCED, type="bounced"),
        "Bounce": Row(Status.BOUNCED, settled=True),  # their server had taken it
        "auto-reply": says(NOTHING, type="autoresponded"),
        # It waits in Postal until somebody lets it go there.
        "Held": says(Status.DEFERRED, type="deferred"),
        "Held/suppressed": decides(Status.REJECTED, "suppressed", type="rejected"),
        "MessageLoaded": says(NOTHING, type="opened"),
    },
    words=("output", "said"),
    summaries=("details", "bounce.subject"),
)

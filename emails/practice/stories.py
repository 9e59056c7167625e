"""The practice office's inspections: who, where, when, and what happens to their emails.

The people do not exist. The part of an address before the `+` tells the practice mail service what to answer.
"""

from dataclasses import dataclass, field
from datetime import time

from inspections.drafts import Person
from inspections.models import Role


@dataclass(frozen=True)
class Story:
    """One inspection. `day` counts from today; `steps` are done in order (see `emails.practice.data`)."""

    number: str
    address: str
    day: int
    at: time
    inspector: str
    fee: str
    people: tuple[Person, ...]
    steps: tuple[str, ...] = ("confirm",)
    notifications: bool = True
    services: tuple[str, ...] = field(default=("Full home inspection",))


def _client(name: str, email: str, phone: str) -> Person:
    return Person(Role.CLIENT, name, email, phone)


PAT = Person(Role.BUYER_AGENT, "Pat Nguyen", "pat.nguyen@example.net", "+1 217 555 0140")
LOUISE = Person(Role.BUYER_AGENT, "Louise Hart", "louise.hart@example.net", "+1 217 555 0141")
TED = Person(Role.SELLER_AGENT, "Ted Marsh", "ted.marsh@example.org", "+1 217 555 0142")
RAJ, DANA = "Raj Patel", "Dana Whitfield"
PAST = ("confirm", "remind", "take place", "complete", "publish")
SETTLED = ("confirm", "sign", "pay", "remind", "take place", "complete", "publish")  # so the report is open

STORIES: tuple[Story, ...] = (
    # Yesterday and before
    Story(
        "P-1001", "418 Willow Creek Dr, Springfield, IL 62704", -2, time(9), RAJ, "425.00",
        (_client("Ann Lee", "ann.lee@example.com", "+1 217 555 0101"), PAT), SETTLED,
    ),
    Story(
        "P-1002", "77 Prairie Rose Ln, Chatham, IL 62629", -1, time(13), DANA, "480.00",
        (
            _client("Marcus Bell", "marcus.bell@example.com", "+1 217 555 0102"),
            _client("Joy Bell", "joy.bell@example.com", "+1 217 555 0103"),
            LOUISE,
        ),
        SETTLED, services=("Full home inspection", "Radon test"),
    ),
    Story(
        "P-1003", "1290 Harvest Moon Ct, Rochester, IL 62563", -1, time(9), RAJ, "395.00",
        (_client("Walter Finch", "full+walter.finch@example.com", "+1 217 555 0104"),),
        ("confirm", "remind", "take place"),
    ),
    # Today and tomorrow
    Story(
        "P-1004", "12 Oak St, Springfield, IL 62701", 1, time(9), RAJ, "425.00",
        (_client("Maria Cole", "bounce+maria.cole@example.com", "+1 217 555 0105"), PAT),
    ),
    Story(
        "P-1005", "2204 Lakeshore Blvd, Springfield, IL 62712", 1, time(13, 30), DANA, "560.00",
        (_client("Derek Olsen", "blocked+derek.olsen@example.com", "+1 217 555 0106"), LOUISE),
        services=("Full home inspection", "Sewer scope"),
    ),
    Story(
        "P-1006", "9 Chestnut Ave, Riverton, IL 62561", 0, time(16), RAJ, "350.00",
        (_client("Priya Raman", "priya.raman@example.com", "+1 217 555 0107"), TED), ("confirm", "sign", "pay some"),
    ),
    Story(
        "P-1007", "641 Fieldstone Way, Sherman, IL 62684", 1, time(10), DANA, "410.00",
        (_client("Grace Kim", "", "+1 217 555 0108"), PAT),
    ),
    Story(
        "P-1016", "1120 Maple Grove Ct, Springfield, IL 62704", 1, time(11), RAJ, "445.00",
        (_client("Rosa Marin", "slip+rosa.marin@gmial.com", "+1 217 555 0118"),),
    ),
    # Later this week
    Story(
        "P-1008", "55 Birch Hollow Rd, Auburn, IL 62615", 2, time(9), RAJ, "445.00",
        (_client("Tom Alvarez", "nodomain+tom.alvarez@example.com", "+1 217 555 0109"),),
    ),
    Story(
        "P-1009", "3310 Sunset Ridge, Springfield, IL 62707", 2, time(14), DANA, "520.00",
        (
            _client("Hannah Weiss", "hannah.weiss@example.com", "+1 217 555 0110"),
            _client("Ben Weiss", "slow+ben.weiss@example.com", "+1 217 555 0111"),
        ),
        ("confirm", "sign one"),
    ),
    Story(
        "P-1010", "808 Orchard Park Pl, Chatham, IL 62629", 3, time(9), RAJ, "425.00",
        (_client("Nina Petrov", "nina.petrov@example.com", "+1 217 555 0112"), LOUISE), notifications=False,
    ),
    Story(
        "P-1011", "17 Mill Pond Rd, Pawnee, IL 62558", 3, time(13), DANA, "385.00",
        (_client("Sam Whitaker", "suppressed+sam.whitaker@example.com", "+1 217 555 0113"),),
    ),
    Story(
        "P-1012", "260 Cardinal Ct, Springfield, IL 62711", 4, time(9), RAJ, "425.00",
        (_client("Olivia Grant", "olivia.grant@example.com", "+1 217 555 0114"), PAT),
        ("confirm", "sign", "reschedule"),
    ),
    # Next week
    Story(
        "P-1013", "1405 Vineyard Ter, Rochester, IL 62563", 6, time(9), DANA, "610.00",
        (_client("Luis Ortega", "luis.ortega@example.com", "+1 217 555 0115"), TED), (),
        services=("Full home inspection", "Termite inspection"),
    ),
    Story(
        "P-1014", "36 Stagecoach Rd, Williamsville, IL 62693", 7, time(10), RAJ, "430.00",
        (_client("Emma Doyle", "emma.doyle@example.com", "+1 217 555 0116"),), ("confirm", "cancel"),
    ),
    Story(
        "P-1015", "902 Hilltop View, Springfield, IL 62704", 5, time(13), DANA, "470.00",
        (_client("Carl Jensen", "spam+carl.jensen@example.com", "+1 217 555 0117"), LOUISE),
    ),
)  # fmt: skip

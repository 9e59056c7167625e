"""More practice inspections, one line each, so that every status and every reason can be seen."""

from datetime import time

from inspections.drafts import Person
from inspections.models import Role

from .stories import DANA, PAST, RAJ, SETTLED, Story, _client

Line = tuple[str, str, int, int, str, str, str, str, tuple[str, ...]]
SENT = ("confirm",)
MARIA = "Maria Ibarra"
# A mail domain that turns away several at once makes one card on Today.
HEARTLAND = "heartland.example"

# number, address, day from today, hour, inspector, fee, client, email, steps
LINES: tuple[Line, ...] = (
    # Arrived, and what is known since
    ("P-1017", "14 Larkspur Ln, Springfield, IL 62704", 2, 9, MARIA, "430.00", "Helen Marsh",
     "silent+helen.marsh@example.com", ("confirm", "open")),
    ("P-1018", "903 Cedar Bluff Dr, Chatham, IL 62629", 2, 11, MARIA, "455.00", "Oscar Lind",
     "silent+oscar.lind@example.net", ("confirm", "reply")),
    ("P-1019", "76 Quarry Hill Rd, Rochester, IL 62563", 2, 13, RAJ, "415.00", "Ivy Stone",
     "ivy.stone@example.org", ("confirm", "visit")),
    ("P-1020", "51 Heron Landing, Springfield, IL 62712", 3, 10, DANA, "540.00", "Noah Brandt",
     "noah.brandt@example.com", ("confirm", "lose", "vouch")),
    # Nobody knows yet
    ("P-1021", "2 Tanager Ct, Sherman, IL 62684", 2, 15, MARIA, "390.00", "Ruth Adler",
     "ruth.adler@example.com", ("confirm", "lose")),
    ("P-1022", "418 Foxglove Way, Riverton, IL 62561", 2, 16, RAJ, "405.00", "Peter Vance",
     "silent+peter.vance@example.net", ("confirm", "age")),
    ("P-1023", "33 Copper Beech Rd, Auburn, IL 62615", 3, 9, DANA, "420.00", "Gina Ross",
     "silent+gina.ross@example.org", SENT),
    ("P-1024", "120 Limestone St, Pawnee, IL 62558", 3, 15, MARIA, "365.00", "Victor Hale",
     "silent+victor.hale@example.com", ("confirm", "stall")),
    # Did not arrive
    ("P-1025", "8 Meadowlark Ln, Springfield, IL 62707", 1, 14, MARIA, "400.00", "Bella Ortiz",
     "disabled+bella.ortiz@example.com", SENT),
    ("P-1026", "640 Sycamore Bend, Chatham, IL 62629", 2, 10, RAJ, "475.00", "Henry Cho",
     "full+henry.cho@example.net", SENT),
    ("P-1027", "19 Granary Rd, Rochester, IL 62563", 3, 11, DANA, "445.00", "Faye Dunn",
     f"blocked+faye.dunn@{HEARTLAND}", SENT),
    ("P-1028", "27 Granary Rd, Rochester, IL 62563", 3, 14, DANA, "445.00", "Leo Grant",
     f"blocked+leo.grant@{HEARTLAND}", SENT),
    ("P-1029", "31 Granary Rd, Rochester, IL 62563", 4, 11, DANA, "445.00", "Nora Pike",
     f"blocked+nora.pike@{HEARTLAND}", SENT),
    ("P-1030", "5 Juniper Trl, Springfield, IL 62711", 4, 13, MARIA, "510.00", "Simon Yates",
     "reputation+simon.yates@example.org", SENT),
    ("P-1031", "812 Old Mill Rd, Auburn, IL 62615", 4, 15, RAJ, "385.00", "Tara Bloom",
     "setup+tara.bloom@example.net", SENT),
    ("P-1032", "44 Tall Pines Dr, Sherman, IL 62684", 5, 9, DANA, "460.00", "Miles Ford",
     "malformed+miles.ford@example.com", SENT),
    ("P-1033", "63 Tall Pines Dr, Sherman, IL 62684", 5, 11, DANA, "460.00", "Wanda Price",
     "toolarge+wanda.price@example.net", SENT),
    ("P-1034", "7 Riverbend Ct, Riverton, IL 62561", 5, 15, MARIA, "395.00", "Igor Novak",
     "softbounce+igor.novak@example.org", SENT),
    ("P-1035", "1701 Summit Ave, Springfield, IL 62702", 6, 10, RAJ, "525.00", "Clara Webb",
     "down+clara.webb@example.com", SENT),
    ("P-1036", "90 Parkside Dr, Springfield, IL 62704", 6, 13, MARIA, "435.00", "Dean Shaw",
     "complaint+dean.shaw@example.com", SENT),
    ("P-1037", "215 Elmhurst Pl, Chatham, IL 62629", 6, 15, DANA, "450.00", "Anya Kovac",
     "silent+anya.kovac@example.net", ("confirm", "refuse")),
    ("P-1038", "3 Dogwood Cir, Pawnee, IL 62558", 7, 9, RAJ, "375.00", "Zoë Martin",
     "zoe.martin@example.com", ("confirm", "fail")),
    # Waits for someone
    ("P-1039", "58 Windmill Rd, Williamsville, IL 62693", 2, 14, MARIA, "425.00", "Hugh Barr",
     "hugh.barr@nomail.example", SENT),
    ("P-1040", "11 Orchard Ln, Springfield, IL 62712", 4, 10, RAJ, "415.00", "Jordan Hale",
     "jordan.hale@example.com", ("hire", "confirm")),
    ("P-1042", "402 Prairie Ave, Auburn, IL 62615", 5, 14, MARIA, "405.00", "Omar Reid",
     "bounce+omar.reid@example.org", SENT),
    # Not sent on purpose, stopped
    ("P-1043", "9 Stony Creek Rd, Rochester, IL 62563", 8, 9, DANA, "440.00", "Lily Tran",
     "lily.tran@example.com", ("cancel",)),
    ("P-1044", "66 Aspen Ct, Springfield, IL 62711", 8, 11, RAJ, "455.00", "Boris Klein",
     "boris.klein@example.net", ("confirm", "move while the rule is off")),
    ("P-1045", "28 Harbor View, Springfield, IL 62712", 8, 14, MARIA, "530.00", "Stella Byrne",
     "stella.byrne@example.org", ("confirm", "notifications off")),
    ("P-1046", "72 Plum Tree Rd, Sherman, IL 62684", 9, 10, DANA, "420.00", "Quinn Avery",
     "quinn.avery@example.com", ("confirm", "cancel")),
    # The usual
    ("P-1047", "15 Bluebell Dr, Chatham, IL 62629", 9, 13, RAJ, "435.00", "Edith Moran",
     "edith.moran@example.com", ("confirm", "sign", "pay", "write")),
    ("P-1048", "301 Hickory St, Springfield, IL 62702", 10, 9, MARIA, "395.00", "Felix Baum",
     "felix.baum@example.net", ("confirm", "sign")),
    ("P-1049", "84 Deer Run, Riverton, IL 62561", 10, 13, DANA, "480.00", "Irene Walsh",
     "irene.walsh@example.org", ("confirm", "pay")),
    ("P-1050", "19 Thistle Ct, Auburn, IL 62615", 11, 10, RAJ, "365.00", "Jonas Weber",
     "jonas.weber@example.com", ("confirm", "not them")),
    ("P-1051", "230 Linden Ave, Pawnee, IL 62558", 11, 14, MARIA, "405.00", "Kara Simms",
     "kara.simms@example.net", ("confirm", "begin to write")),
    ("P-1052", "47 Falcon Rd, Williamsville, IL 62693", 12, 9, DANA, "445.00", "Lars Holm",
     "lars.holm@example.org", ("confirm", "reschedule")),
    ("P-1053", "6 Ivy Hill, Springfield, IL 62704", 12, 13, RAJ, "415.00", "Mona Fields",
     "mona.fields@example.com", ()),
    ("P-1054", "118 Cherry Blossom Ln, Rochester, IL 62563", 13, 10, MARIA, "505.00", "Neil Porter",
     "neil.porter@example.net", ()),
    # Over
    ("P-1055", "29 Bayberry Rd, Springfield, IL 62707", -2, 13, DANA, "430.00", "Opal Jenks",
     "opal.jenks@example.com", PAST),
    ("P-1056", "355 Kingfisher Dr, Chatham, IL 62629", -3, 9, RAJ, "465.00", "Paul Rhodes",
     "paul.rhodes@example.net", ("confirm", "sign", *PAST[1:])),
    ("P-1057", "12 Saddle Club Rd, Sherman, IL 62684", -4, 10, MARIA, "410.00", "Rita Lowe",
     "rita.lowe@example.org", SETTLED),
    ("P-1058", "740 Vesper Ln, Springfield, IL 62711", -6, 13, DANA, "520.00", "Saul Becker",
     "saul.becker@example.com", SETTLED),
    ("P-1059", "81 Marigold St, Auburn, IL 62615", -8, 9, RAJ, "375.00", "Thea Noble",
     "full+thea.noble@example.net", PAST),
    ("P-1060", "26 Wren Hollow, Riverton, IL 62561", -10, 11, MARIA, "445.00", "Uma Sandhu",
     "uma.sandhu@example.org", PAST),
)  # fmt: skip

# Only an agent: the email for agents names the client, and there is none.
NO_CLIENT = Story(
    "P-1041", "500 Commerce Blvd, Springfield, IL 62703", 4, time(14), DANA, "900.00",
    (Person(Role.BUYER_AGENT, "Gail Turner", "gail.turner@example.net", "+1 217 555 0143"),),
)  # fmt: skip


def _story(place: int, line: Line) -> Story:
    number, address, day, hour, inspector, fee, name, email, steps = line
    person = _client(name, email, f"+1 217 555 {120 + place:04}")
    return Story(number, address, day, time(hour), inspector, fee, (person,), steps)


MORE: tuple[Story, ...] = (*(_story(place, line) for place, line in enumerate(LINES)), NO_CLIENT)

"""The words: short, plain, complete. Every status, reason and cause has them."""

import re
import string
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from emails import outcomes, selectors_messages, troubleshoot, wording, wording_facts, wording_rules
from emails.diagnosis import CATEGORIES
from emails.states import HOLD_REASONS, SKIP_REASONS, UNDELIVERED, Status
from emails.wording import Group, MessageFacts
from emails.wording_auto import AUTO
from emails.wording_blocked import AGAIN, REASONS, THERE_WHY, WEARY
from emails.wording_causes import CAUSES
from emails.wording_channel import NOT_SIGNED_IN
from emails.wording_chase import CHASE, CUT_OFF
from emails.wording_failures import (
    DELIVERED_ACTIONS,
    DELIVERED_LIKELY,
    DELIVERED_TELL,
    FAILURES,
    NO_CLIENT_ACTIONS,
    NO_CLIENT_LIKELY,
    OFF_ACTIONS,
    OFF_LIKELY,
    OFF_TELL,
    SCHEDULED_LIKELY,
    SCHEDULED_TELL,
    UNDERWAY_LIKELY,
    UNDERWAY_TELL,
    WHO,
)
from emails.wording_statuses import GROUP_LABELS, RETRYING, STATUSES
from emails.wording_why import WHY

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
BANNED = re.compile(
    r"\b(bounc\w*|smtp|mta|suppress\w*|soft|hard|deferr\w*|webhook\w*|esp|payload|5xx|4xx|dsn|ndr)\b", re.IGNORECASE
)


def facts(**over: Any) -> MessageFacts:
    """An email to Ann, in the office's time zone."""
    at = NOW - timedelta(hours=1)
    values: dict[str, Any] = {
        "status": Status.SENT,
        "now": NOW,
        "zone": CHICAGO,
        "to_name": "Ann Lee",
        "to_address": "ann@gmail.com",
        "from_address": "office@oakwood.example",
        "subject": "Your inspection",
        "provider": "postmark",
        "created_at": at,
        "send_after": at,
        "sent_at": at,
        "changed_at": at,
    }
    return MessageFacts(**values | over)


def all_texts() -> list[tuple[str, str, str]]:
    """Every text of the tables: its place, its part, the text."""
    texts = [(f"group {name}", "label", str(label)) for name, label in GROUP_LABELS.items()]
    for code, words in STATUSES.items():
        texts += [(code, part, str(getattr(words, part))) for part in ("label", "sentence", "plain")]
    for code, why in FAILURES.items():
        parts = ("label", "sentence", "likely", "tell", "missing", "plain")
        texts += [(code, part, str(getattr(why, part))) for part in parts]
    for code, cause in CAUSES.items():
        texts += [(code, "happened", str(cause.happened)), (code, "advice", str(cause.advice))]
    texts += [(code, "auto", str(text)) for code, text in AUTO.items()]
    texts += [(code, "who", str(text)) for code, text in WHO.items()]
    texts += [(code, "advice", text) for code, text in NOT_SIGNED_IN.items()]
    texts += [("step", "label", title) for title, _ in selectors_messages.STEPS.values()]
    texts += [("delivered", "likely", str(DELIVERED_LIKELY)), ("delivered", "tell", str(DELIVERED_TELL))]
    texts += [("off", "likely", str(OFF_LIKELY)), ("off", "tell", str(OFF_TELL))]
    texts += [("no client", "likely", str(NO_CLIENT_LIKELY))]
    texts += [("underway", "likely", str(UNDERWAY_LIKELY)), ("underway", "tell", str(UNDERWAY_TELL))]
    texts += [("scheduled", "likely", str(SCHEDULED_LIKELY)), ("scheduled", "tell", str(SCHEDULED_TELL))]
    for code, answer in WHY.items():
        texts += [(f"why {code}", "label", str(answer.title)), (f"why {code}", "answer", str(answer.sentence))]
    for code, row in CHASE.items():
        texts += [(f"chase {code}", "label", str(row.label)), (f"chase {code}", "answer", str(row.sentence))]
    texts += [("cut off", "answer", str(CUT_OFF))]
    texts += [(f"blocked {code}", "label", str(text)) for code, text in REASONS.items()]
    texts += [(f"blocked there {code}", "label", str(text)) for code, text in THERE_WHY.items()]
    texts += [("blocked", "answer", str(text)) for text in (WEARY, AGAIN)]
    texts += [("retrying", "answer", str(RETRYING))]
    return [found for found in texts if found[2]]


TEXTS = all_texts()
LABELS = ("label", "happened")
# What these words may be filled with; see `wording_facts.filling`.
KNOWN = frozenset(wording_facts.filling(facts()))
# Filled by the pages about one person and about blocked addresses.
ELSEWHERE = frozenset({"count", "ended", "label", "meant", "old", "other", "why"})
# Blames the client, or talks down to them.
BLAME = re.compile(
    r"\b(you (gave|typed|entered) (us )?(a|the) wrong|your (fault|mistake)|you (forgot|failed)|their (fault|mistake)|"
    r"careless|obviously|simply|just|invalid|illegal|error|failed to)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_no_text_uses_the_trades_jargon(place: str, part: str, text: str) -> None:
    assert not BANNED.search(re.sub(r"{\w+}", "", text)), f"{place}: {text}"


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_every_text_is_short(place: str, part: str, text: str) -> None:
    limit = 45 if part in LABELS else 140
    assert len(text) <= limit, f"{place}: {len(text)} characters"


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_a_label_has_no_full_stop_and_a_sentence_ends_like_one(place: str, part: str, text: str) -> None:
    if part in LABELS:
        assert not text.endswith((".", "!", "?")), place
    elif text not in ("{note}", "{who} blocked it: “{why}”"):
        assert text.endswith((".", "?")), f"{place}: {text}"
        assert text[0].isupper() or text.startswith(("{", "“")), f"{place}: {text}"
    assert "!" not in text, place


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_quotes_are_the_printers_and_come_in_pairs(place: str, part: str, text: str) -> None:
    assert not re.search(r"""["'`]""", text), f"{place}: {text}"
    assert text.count("“") == text.count("”"), place
    assert "  " not in text
    assert text == text.strip()


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_every_blank_is_one_that_can_be_filled(place: str, part: str, text: str) -> None:
    blanks = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    assert blanks <= (KNOWN | ELSEWHERE if part == "answer" else KNOWN), f"{place}: {blanks - KNOWN}"
    assert not (part in LABELS and blanks), f"{place}: a label is the same for everybody"


@pytest.mark.parametrize(("place", "part", "text"), TEXTS)
def test_nobody_is_blamed(place: str, part: str, text: str) -> None:
    assert not BLAME.search(text), f"{place}: {text}"


@pytest.mark.parametrize("code", sorted({*STATUSES, *FAILURES, *SKIP_REASONS, *HOLD_REASONS, *CATEGORIES}))
def test_every_code_says_what_happens_by_itself(code: str) -> None:
    assert AUTO[code]


def test_nothing_is_explained_that_does_not_exist() -> None:
    assert AUTO.keys() == {*STATUSES, *FAILURES}
    assert CAUSES.keys() <= FAILURES.keys()


@pytest.mark.parametrize("code", sorted(HOLD_REASONS))
def test_every_reason_to_hold_says_what_is_missing(code: str) -> None:
    assert FAILURES[code].missing


@pytest.mark.parametrize("code", sorted(FAILURES))
def test_every_cause_has_its_parts_and_a_first_step_that_needs_no_luck(code: str) -> None:
    why = FAILURES[code]
    assert why.label
    assert why.sentence
    assert why.likely
    assert why.tell
    assert why.who in WHO
    assert why.tone in ("red", "amber")
    assert why.actions


@pytest.mark.parametrize(("code", "tone"), [("mailbox_full", "amber"), ("server_problem", "amber"), ("unknown", "red")])
def test_what_may_pass_by_itself_is_amber(code: str, tone: str) -> None:
    assert wording.display(facts(status=Status.BOUNCED, category=code)).tone == tone


DECIDED = ["rule:no-such-user", "weak:access-denied", "said:mandrill:hard_bounce", "exact:5.7.515", "code:5.1.1"]
DECIDED += ["hint:5.0.0", "learned:0.87", "reject_reason:bounced", "event", "none", "phrase:no-mailbox"]


@pytest.mark.parametrize("decided_by", DECIDED)
def test_the_rule_that_decided_is_said_in_a_sentence(decided_by: str) -> None:
    said = wording_rules.decision(decided_by)
    assert said.words.endswith(".")
    assert decided_by not in said.words


def test_a_rule_that_nobody_knows_is_named_as_it_is() -> None:
    assert wording_rules.decision("new:thing").words == "The rule “new:thing”."
    assert wording_rules.decision("").words == ""
    assert wording_rules.decision("staff:Kim Reyes").words == "Kim Reyes chose this reason."


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words(status: Status) -> None:
    shown = wording.display(facts(status=status))
    assert shown.label
    assert shown.sentence
    assert "{" not in shown.label + shown.sentence
    assert shown.tone in {"red", "amber", "green", "blue", "grey"}


@pytest.mark.parametrize("reason", sorted(SKIP_REASONS))
def test_every_reason_not_to_send_has_words_and_a_way_out(reason: str) -> None:
    skipped = facts(status=Status.SKIPPED, reason=reason, note="Maria")
    assert wording.display(skipped).code == reason
    assert wording.display(skipped).group == Group.ON_PURPOSE
    found = wording.guidance(skipped)
    assert found is not None
    assert found.actions == (NO_CLIENT_ACTIONS if reason == "off_nobody" else OFF_ACTIONS)


@pytest.mark.parametrize("reason", sorted(HOLD_REASONS))
def test_every_hold_says_what_is_missing_and_what_to_do(reason: str) -> None:
    held = facts(status=Status.HELD, reason=reason, note="“Confirmation” needs PRICE.")
    assert wording.display(held).label == "Waiting for you"
    assert "goes out by itself" in wording.display(held).sentence
    found = wording.guidance(held)
    assert found is not None
    assert found.code == reason
    assert found.actions


@pytest.mark.parametrize("category", [*CATEGORIES, "complained", "provider_problem", "wrong_person"])
def test_every_cause_has_words_somebody_who_can_fix_it_and_something_to_do(category: str) -> None:
    found = wording.guidance(facts(status=Status.BOUNCED, category=category))
    assert found is not None
    assert found.code == category
    assert found.label
    assert found.likely
    assert found.who
    assert found.tell
    assert found.actions
    assert "{" not in "".join((found.label, found.sentence, found.likely, found.who, *(t.words for t in found.tell)))


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.CANCELLED}))
def test_whatever_its_status_there_is_something_to_tell_who_calls(status: Status) -> None:
    reason = {Status.HELD: "no_address", Status.SKIPPED: "off_rule"}.get(status, "")
    asked = facts(status=status, reason=reason)
    found = wording.guidance(asked) or wording.underway(asked)
    assert found
    assert [told.code for told in found.tell] == ["en", "es"]
    assert "{" not in "".join(told.words for told in found.tell)


@pytest.mark.parametrize("status", sorted(UNDELIVERED))
def test_what_failed_needs_somebody_even_without_a_known_cause(status: str) -> None:
    assert wording.display(facts(status=status)).group == Group.NEEDS_YOU


def test_every_action_of_the_words_can_be_made_into_a_button() -> None:
    codes = {code for why in FAILURES.values() for code in why.actions} | {*DELIVERED_ACTIONS, *OFF_ACTIONS}
    assert codes <= troubleshoot.ACTION_CODES


@pytest.mark.parametrize("known", ["", "Maria"])
@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_sentence_is_whole_whether_its_details_are_known_or_not(code: str, known: str) -> None:
    words = STATUSES[code]
    values = dict.fromkeys(wording_facts.filling(facts()), "x") | {"who": known, "due": known, "missing": known}
    assert "“”" not in wording_facts.said(words.sentence, words.plain, values)
    assert not wording_facts.said(words.sentence, words.plain, values).startswith(" ")


def test_what_leaves_later_is_scheduled_and_what_leaves_now_is_waiting() -> None:
    assert wording.display_code(facts(status=Status.QUEUED, send_after=NOW + timedelta(hours=3))) == "scheduled"
    assert wording.display_code(facts(status=Status.QUEUED, send_after=NOW)) == "queued"
    assert wording.display_code(facts(status=Status.CLAIMED)) == "queued"


def test_while_it_can_be_undone_it_says_so() -> None:
    shown = wording.display(facts(status=Status.QUEUED, undo_until=NOW + timedelta(seconds=8)))
    assert "undo" in shown.sentence


def test_silence_becomes_no_answer_after_four_hours() -> None:
    assert wording.display_code(facts(sent_at=NOW - timedelta(hours=3))) == "sent"
    shown = wording.display(facts(sent_at=NOW - timedelta(hours=5)))
    assert shown.sentence == "Sent 5 hours ago and still no answer. It may have arrived."
    assert shown.group == Group.NEEDS_YOU


def test_a_plain_mail_server_never_answers_so_silence_is_good_news_after_a_day() -> None:
    shown = wording.display(facts(provider="smtp", sent_at=NOW - timedelta(hours=25)))
    assert (shown.code, shown.group) == ("sent_blind", Group.REACHED)
    assert wording.display(facts(provider="smtp")).group == Group.ON_ITS_WAY


def test_a_doubtful_send_needs_somebody_only_after_a_while() -> None:
    fresh = wording.display(facts(status=Status.UNKNOWN, changed_at=NOW - timedelta(minutes=5)))
    old = wording.display(facts(status=Status.UNKNOWN, changed_at=NOW - timedelta(minutes=20)))
    assert (fresh.group, old.group) == (Group.ON_ITS_WAY, Group.NEEDS_YOU)


def test_delivered_never_claims_that_it_was_read() -> None:
    assert "junk" in wording.display(facts(status=Status.DELIVERED)).sentence
    assert "not proof" in wording.display(facts(status=Status.DELIVERED, opened_at=NOW)).sentence


def test_the_strongest_sign_of_life_wins() -> None:
    seen = facts(status=Status.DELIVERED, opened_at=NOW, visited_at=NOW)
    assert wording.display_code(seen) == "portal_visited"


def test_a_missed_window_says_when_it_was() -> None:
    due = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    shown = wording.display(facts(status=Status.SKIPPED, reason="off_late", note=due.isoformat()))
    assert shown.sentence == "It was due Sun 22 Nov, 10:00 AM. That had passed when it could go out."


def test_braces_in_what_people_typed_stay_as_they_are() -> None:
    shown = wording.display(facts(status=Status.SKIPPED, reason="off_rule", note="{domain} {0.__class__}"))
    assert "{domain} {0.__class__}" in shown.sentence


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 11, 23, 15, 14, tzinfo=UTC), "9:14 AM"),
        (datetime(2026, 11, 24, 18, 5, tzinfo=UTC), "Tue 24 Nov, 12:05 PM"),
        (datetime(2027, 1, 2, 6, 0, tzinfo=UTC), "Sat 2 Jan 2027, 12:00 AM"),
    ],
)
def test_times_are_the_companys(at: datetime, words: str) -> None:
    assert wording.moment(at, facts()) == words


def test_an_address_can_be_read_out_on_the_phone() -> None:
    assert wording.spell("ann.lee+x@gmial.com") == "a-n-n dot l-e-e plus x at g-m-i-a-l dot com"


def test_every_known_trouble_with_signing_in_has_its_words() -> None:
    whys = {why for _, (_, why) in outcomes.SIGN_IN} | set(outcomes.BY_GRANT.values())
    assert whys == NOT_SIGNED_IN.keys()

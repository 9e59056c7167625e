"""The server's words -> the category: what decides over what, and that nothing can upset it."""

from __future__ import annotations

import itertools
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import _replies
from emails import diagnosis, diagnosis_learned, diagnosis_words
from emails.diagnosis import ADDRESS, CATEGORIES, HOLDING, SIDES, classify, diagnose

RULES: dict[str, Any] = tomllib.loads(Path(diagnosis.__file__).with_name("diagnosis_rules.toml").read_text("utf-8"))
ALL_RULES = [*RULES["rule"], *RULES["weak"]]

# --- one plain example of each, and of what is easily taken for another ----------------------------------------------

SAID = [
    ("550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown", "address_unknown"),
    ("550 5.7.1 <ann@example.com> no such user here", "address_unknown"),  # text beats the code
    ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "address_unknown"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "address_unknown"),
    ("556 5.1.10 Recipient address has a null MX", "domain_problem"),
    ("Host or domain name not found. Name service error for name=gmial.example type=A", "domain_problem"),
    ("554 5.7.1 <ann@example.com>: Relay access denied", "domain_problem"),
    ("550 5.2.1 The email account that you tried to reach is disabled. https://x.example/?p=DisabledUser",
     "mailbox_disabled"),
    ("450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
     "temporary_deferral"),
    ("552 5.1.1 Recipient overquota", "mailbox_full"),
    ("452 4.3.1 Insufficient system storage", "server_problem"),
    ("552 5.3.4 Message size exceeds fixed limit", "message_too_large"),
    ("550 5.7.1 This message is not RFC 5322 compliant, it was blocked to reduce spam", "message_malformed"),
    ("550 5.7.1 Our system has detected that this message is likely unsolicited mail", "spam_content"),
    ("550 5.7.1 likely suspicious due to the very low reputation of the sending IP address", "sender_reputation"),
    ("550 5.7.1 Service unavailable; client host [192.0.2.7] blocked using zen.spamhaus.org", "sender_reputation"),
    ("554 5.7.1 message contains a URL listed by multi.surbl.org", "spam_content"),
    ("550 5.7.606 Access denied, banned sending IP [192.0.2.7]", "sender_reputation"),
    ("550 5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy", "sender_setup"),
    ("450 4.1.8 <office@example.com>: Sender address rejected: Domain not found", "sender_setup"),
    ("550 5.7.25 The IP address sending this message does not have a PTR record", "sender_setup"),
    ("550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", "recipient_policy"),
    ("550 5.7.1 Message rejected: sender is on the recipient's blocked senders list", "recipient_policy"),
    ("450 4.7.1 <ann@example.com>: Recipient address rejected: Greylisted, see postgrey", "temporary_deferral"),
    ("421 4.4.2 mx.example.com Error: timeout exceeded", "server_problem"),
    ("554 5.4.6 Too many hops", "server_problem"),
    ("connect to mx.example.com[192.0.2.7]:25: Connection refused", "server_problem"),
    ("Message failed: address is on the suppression list", "suppressed"),
    ("550 5.1.1 Amazon SES has suppressed sending to this address because it has a recent history of bouncing",
     "suppressed"),
    ("550 5.1.1 Empfänger unbekannt", "address_unknown"),
    ("552 5.2.2 La boîte de réception est pleine", "mailbox_full"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "category"), SAID, ids=[reply[:40] for reply, _ in SAID])
def test_the_words_say_it(reply: str, category: str) -> None:
    assert classify(reply) == category


def test_the_words_of_the_server_quoted_inside_win() -> None:
    wrapped = (
        "smtp; 550 5.1.1 host mx.example.com[192.0.2.7] said: 552 5.2.2 mailbox is full (in reply to RCPT TO command)"
    )
    found = diagnose(wrapped)
    assert (found.category, found.smtp_code, found.enhanced_code) == ("mailbox_full", "552", "5.2.2")
    assert classify("5.1.0 - Unknown address error 550-'5.2.2 <ann@example.com>... Mailbox Full'") == "mailbox_full"


def test_a_code_decides_where_the_words_say_nothing() -> None:
    assert diagnose("550 5.2.2 zzyzx").rule == "code:5.2.2"
    assert classify("zzyzx", enhanced_code="5.1.2") == "domain_problem"


def test_the_code_in_the_words_beats_the_one_told_beside_them() -> None:
    assert diagnose("550 5.2.2 zzyzx", enhanced_code="5.1.1").enhanced_code == "5.2.2"


def test_a_reject_reason_decides_where_nothing_was_said() -> None:
    assert classify("", reject_reason="timed_out") == "server_problem"
    assert classify("", reject_reason="bounced") == "unknown"  # any of six categories
    assert classify("", reject_reason="bounced", event="rejected") == "suppressed"


def test_a_mail_services_short_words_are_its_own() -> None:
    assert classify("spam", provider="mandrill", event="rejected", reject_reason="spam") == "suppressed"
    assert classify("recipient: user unknown", provider="mailjet", event="bounced") == "address_unknown"
    assert classify("hard-bounce", provider="mandrill", event="rejected", reject_reason="bounced") == "suppressed"


def test_nothing_to_go_on_is_unknown() -> None:
    assert diagnose("").category == diagnose("550").category == diagnose("\x00 \n").category == "unknown"


def test_complained_is_never_answered() -> None:
    assert classify("this is a spam complaint", event="complained", reject_reason="spam") != "complained"


def test_a_finding_says_whose_it_is_and_what_helps() -> None:
    unknown, full = diagnose("550 5.1.1 user unknown"), diagnose("452 4.2.2 mailbox full")
    assert (unknown.side, unknown.retryable, unknown.holds, unknown.temporary) == ("address", False, True, False)
    assert (full.side, full.retryable, full.holds, full.temporary) == ("theirs", True, False, True)
    assert set(SIDES) == set(CATEGORIES)


def test_every_finding_can_be_traced_to_what_decided() -> None:
    for reply, _ in SAID:
        info = diagnosis.explain(diagnose(reply).rule)
        assert info is not None
        assert info.source


# --- nothing can upset it --------------------------------------------------------------------------------------------

PHRASES = sorted({word.strip("*") for rule in ALL_RULES for words in rule.get("words", ()) for word in words.split()})
SCRAPS = st.sampled_from(
    [*PHRASES, "550", "5.7.1", "550-5.1.1", "said:", "a@b.example", "<", "'", "192.0.2.1", "https://"]
)


@given(st.text(max_size=300), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_text_gets_a_category_and_the_same_one_again(reply: str, a: str, b: str, c: str, d: str) -> None:
    hints = {"provider": a, "reject_reason": b, "event": c, "enhanced_code": d}
    found = classify(reply, **hints)
    assert found in CATEGORIES
    assert found == classify(reply, **hints)


@given(st.lists(SCRAPS, max_size=400).map(" ".join))
def test_any_mixture_of_the_rules_own_words_gets_a_category(reply: str) -> None:
    assert classify(reply) in CATEGORIES


@pytest.mark.parametrize(
    "scrap", ["a", "@", "a@", "<", "550-", "5.1.1 ", "a.", "1.1.1.", "said: 550 ", "é", "\x00", "user mailbox "]
)
def test_however_long_a_reply_only_so_much_of_it_is_looked_at(scrap: str) -> None:
    reply = diagnosis_words.read(scrap * (65_536 // len(scrap)))
    assert len(reply.words) <= diagnosis_words.MOST_WORDS
    assert len(reply.raw) <= diagnosis_words.HEAD + diagnosis_words.TAIL + 1
    assert all(len(places) <= diagnosis_words.MOST_TRIES for places in reply.places.values())
    assert classify(scrap * (65_536 // len(scrap))) in CATEGORIES


def test_what_is_said_at_the_end_of_a_long_report_counts() -> None:
    assert classify("This is the report. " * 3_000 + "552 5.2.2 mailbox full") == "mailbox_full"


# --- the rules as data -----------------------------------------------------------------------------------------------


def test_every_rule_has_a_name_of_its_own_a_category_and_a_source() -> None:
    names = Counter(rule["id"] for rule in ALL_RULES)
    assert [name for name, times in names.items() if times > 1] == []
    assert {rule["category"] for rule in ALL_RULES} < set(CATEGORIES)
    assert all(rule["source"] and (rule.get("words") or rule.get("raw")) for rule in ALL_RULES)


def test_every_code_and_short_word_leads_to_a_category() -> None:
    tables = [RULES[name] for name in ("exact", "code", "hint", "reject_reason", "not_tried")]
    short = [{k: v for k, v in table.items() if k != "source"} for table in RULES["said"].values()]
    assert {category for table in [*tables, *short] for category in table.values()} <= set(CATEGORIES)


def test_no_rule_repeats_a_phrase_that_an_earlier_one_always_takes() -> None:
    taken: dict[str, str] = {}
    for rule in RULES["rule"]:
        again = [(phrase, taken[phrase]) for phrase in rule.get("words", ()) if phrase in taken]
        assert again == [], f"{rule['id']} never sees these"
        if not any(rule.get(name) for name in ("unless", "event", "code")):
            taken |= dict.fromkeys(rule.get("words", ()), rule["id"])


def test_a_phrase_that_cannot_be_looked_up_is_refused() -> None:
    for text in ("", "a ~ ", "ab*", "word ab*"):
        with pytest.raises(ValueError, match="cannot look up"):
            diagnosis_words.phrase(text)


def test_parts_of_a_phrase_follow_each_other_closely() -> None:
    apart = diagnosis_words.phrase("mailbox ~ full")
    assert apart.within(diagnosis_words.read("mailbox of ann is full"))
    assert not apart.within(diagnosis_words.read("full mailbox"))
    assert not apart.within(diagnosis_words.read("mailbox " + "very " * (diagnosis_words.GAP + 1) + "full"))


# --- what it was measured by -----------------------------------------------------------------------------------------


def test_the_written_replies_are_told_right_and_hardly_an_address_is_wrongly_blamed() -> None:
    rows = _replies.ours()
    said = [(row, row.diagnose(diagnosis_learned.shipped()).category) for row in rows]
    right = sum(row.is_right(category) for row, category in said)
    blamed = [
        row.reply
        for row, category in said
        if SIDES[category] == ADDRESS and not HOLDING.intersection((row.label, *row.also_ok))
    ]
    assert len(rows) > 800
    assert right / len(rows) > 0.96
    assert len(blamed) <= len(rows) * 0.01, blamed


def test_no_written_reply_stands_there_twice() -> None:
    replies = Counter((row.reply, *row.hints.values()) for row in _replies.ours())
    assert [reply for reply, times in replies.items() if times > 1] == []


def test_what_is_learned_from_can_be_learned_again() -> None:
    rows = [row for row in _replies.ours() if row.label != "unknown"]
    first, second = (_replies.counts(rows) for _ in range(2))
    assert first == second
    assert diagnosis_learned.model(first).guess(["mailbox"]) is not None
    assert diagnosis_learned.model(first).guess(["zzyzx"]) is None


def test_the_learned_words_are_categories_of_ours() -> None:
    assert set(diagnosis_learned.shipped().categories) <= set(CATEGORIES)
    assert not any(ch.isdigit() for word in itertools.islice(diagnosis_learned.shipped().weights, 5_000)
                   if not word.startswith(("code ", "reply ")) for ch in word)  # fmt: skip

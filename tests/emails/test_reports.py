"""Mail that reports what became of mail: every shape is read, none raises, people's own mail is left alone.

`postfix_*` were made by a real Postfix on loopback; the others are written after the documentation of their makers.
`odd_*` break the rules in ways that are seen in the wild.
"""

import random
import time
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails import envelope, reports, reports_text
from emails.reports import News

FOLDER = Path(__file__).parent.parent / "fixtures" / "reports"
OURS = UUID("6f1c0a52-3f1b-4d0e-9b1e-2f6a7c8d9e01")
ANN = "ann@example.com"

# file: (event type, recipient, status of RFC 3463, words that must be found) for each recipient
EXPECTED: dict[str, list[tuple[str, str, str, str]]] = {
    "postfix_address_unknown": [("bounced", ANN, "5.1.1", "User unknown in virtual mailbox table")],
    "postfix_mailbox_full": [("bounced", "full@example.com", "5.2.2", "552 5.2.2 <full@example.com>: Mailbox is full")],
    "postfix_no_code": [("bounced", "plain@example.com", "5.0.0", "550 No such user here")],
    "postfix_no_such_host": [("bounced", "nobody@nomail.example", "5.4.4", "unable to look up host nomail.invalid")],
    "postfix_relayed": [("sent", "ok@example.com", "2.0.0", "250 2.0.0 Taken in")],
    "postfix_forwarded_onward": [("bounced", "forwards@example.com", "5.1.1", "<far@example.net>: Recipient address")],
    "postfix_delayed": [("deferred", "grey@example.com", "4.7.1", "Greylisted, please try again later")],
    "postfix_given_up": [("bounced", "grey@example.com", "4.7.1", "Greylisted")],
    "google_address_unknown": [("bounced", ANN, "5.1.1", "550-5.1.1 The email account that you tried to reach")],
    "google_delayed": [("deferred", ANN, "4.4.1", "did not accept our requests to connect")],
    "microsoft365_address_unknown": [("bounced", ANN, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound")],
    "microsoft365_delayed": [("deferred", ANN, "4.4.7", "hasn't been delivered yet")],
    "exchange_without_diagnostic_code": [("bounced", ANN, "5.1.1", "550 5.1.1 RESOLVER.ADR.ExRecipNotFound")],
    "exim_address_unknown": [("bounced", ANN, "5.1.1", "550 5.1.1 <ann@example.com>: Recipient address rejected")],
    "exim_delayed": [("deferred", ANN, "4.7.1", "451 4.7.1 Greylisted")],
    "qmail_address_unknown": [("bounced", ANN, "5.1.1", "Remote host said: 550 5.1.1 <ann@example.com>")],
    "qmail_given_up": [("bounced", ANN, "4.4.1", "establish an SMTP connection. (#4.4.1)")],
    "yahoo_account_disabled": [("bounced", ANN, "5.0.0", "554: delivery error: dd This account has been disabled")],
    "sendmail_transcript": [("bounced", ANN, "5.1.1", "550 5.1.1 <ann@example.com>... User unknown")],
    "amazon_ses_mailbox_full": [("bounced", ANN, "5.2.2", "552 5.2.2 The mailbox is over quota")],
    "mailchannels_no_machine_part": [("bounced", ANN, "5.7.1", "550 5.7.1 Message rejected as spam")],
    "several_recipients": [
        ("bounced", ANN, "5.2.1", "blocked due to inactivity"),
        ("deferred", "bob@example.net", "4.0.0", ""),
        ("delivered", "cy@example.net", "2.0.0", ""),
    ],
    "forwarded_and_refused": [("bounced", "lee.family@example.net", "5.1.1", "No such user lee.family")],
    "delivered": [("delivered", ANN, "2.1.5", "")],
    "expanded": [("delivered", ANN, "2.0.0", "")],
    "complaint": [("complained", ANN, "", "abuse")],
    "complaint_redacted": [("complained", "", "", "abuse")],
    "not_spam": [("other", ANN, "", "not-spam")],
    "auto_reply_microsoft": [("autoresponded", ANN, "", "I’m away until Monday, 30 November.")],
    "auto_reply_vacation": [("autoresponded", ANN, "", "On holiday until the 30th.")],
    "odd_base64_parts": [("bounced", ANN, "5.1.1", "550 5.1.1 User unknown")],
    "odd_no_blank_lines": [("bounced", ANN, "5.1.1", "550 5.1.1 User unknown")],
    "odd_unknown_charset": [("bounced", ANN, "5.1.1", "550 5.1.1 User unknown")],
    "odd_cut_off": [("bounced", ANN, "5.1.1", "550 5.1.1 User unknown")],
    "odd_returned_with_crlf": [("bounced", ANN, "5.1.1", "550 5.1.1 User unknown")],
}
# Reports that are not about an email of ours, whatever else they mention.
NOT_OURS = {
    "report_about_a_report": [("bounced", "MAILER-DAEMON@mx.example.com", "5.4.6", "Too many hops")],
    "about_other_mail": [("bounced", "pal@example.com", "5.1.1", "User unknown")],
    "answer_of_a_person": [],
}


def raw(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def headers(mail: bytes) -> bytes:
    return mail.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_report_is_read_as_its_name_says(name: str) -> None:
    news = reports.read(raw(name))
    assert [(one.type, one.recipient, one.status) for one in news] == [said[:3] for said in EXPECTED[name]]
    assert {one.uuid for one in news} == {OURS}
    for one, (*_, words) in zip(news, EXPECTED[name], strict=True):
        assert words in one.words
        assert one.at is not None
        assert one.at.year == 2026


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_not_about_an_email_of_ours_names_none(name: str) -> None:
    news = reports.read(raw(name))
    assert [(one.type, one.recipient, one.status) for one in news] == [said[:3] for said in NOT_OURS[name]]
    assert not any(one.uuid for one in news)


def test_every_file_is_checked() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED | NOT_OURS)


@pytest.mark.parametrize("name", sorted(EXPECTED | NOT_OURS))
def test_the_headers_alone_tell_reports_from_people(name: str) -> None:
    assert reports.suspected(headers(raw(name))) == (name != "answer_of_a_person")


def test_an_automatic_reply_to_other_mail_is_not_even_fetched() -> None:
    about_lunch = raw("auto_reply_vacation").replace(b"<desk.", b"<lunch.")
    assert not reports.suspected(headers(about_lunch))


def test_an_automatic_reply_is_kept_short_and_without_the_quotation() -> None:
    (news,) = reports.read(raw("auto_reply_microsoft"))
    assert len(news.words) == 80
    assert "Hello Ann" not in reports.read(raw("auto_reply_vacation"))[0].words


def test_an_original_recipient_counts_beside_the_final_one() -> None:
    (news,) = reports.read(raw("postfix_forwarded_onward"))
    assert set(news.named) == {"forwards@example.com", "far@example.net"}


def test_an_original_recipient_in_xtext_is_understood() -> None:
    mail = raw("delivered").replace(b"Original-Recipient: rfc822;ann@", b"Original-Recipient: rfc822;ann+2Bhome@")
    assert "ann+home@example.com" in reports.read(mail)[0].named


@pytest.mark.parametrize(
    ("action", "status", "type_"),
    [("failed", "4.4.1", "bounced"), ("FAILED (bad)", "5.1.1", "bounced"), ("", "4.2.0", "deferred"),
     ("perhaps", "5.0.0", "bounced"), ("", "", "other"), ("relayed", "", "sent")],
)  # fmt: skip
def test_the_action_decides_and_the_class_stands_in_for_it(action: str, status: str, type_: str) -> None:
    mail = raw("odd_no_blank_lines").replace(b"Action: failed", f"Action: {action}".encode())
    mail = mail.replace(b"Status: 5.1.1", f"Status: {status}".encode())
    assert reports.read(mail)[0].type == type_


def test_a_uuid_of_another_program_is_not_ours() -> None:
    assert envelope.named_by_id("<6F1C0A52-3F1B-4D0E-9B1E-2F6A7C8D9E01@example.com>") is None
    assert envelope.named_by_id(f"<desk.{OURS}@oakwood.example>") == OURS


@pytest.mark.parametrize(
    ("thread", "ours"),
    [
        (b"In-Reply-To: <desk.%s@a.example>\nReferences: <x@y>\n", True),
        (b"References: <x@y> <desk.%s@a.example>\n", True),
        (b"In-Reply-To: <letter@a.example>\nReferences: <desk.%s@a.example> <letter@a.example>\n", False),
        (b"References: <desk.%s@a.example> <letter@a.example>\n", False),
    ],
)
def test_an_answer_to_a_letter_that_followed_ours_is_not_about_ours(thread: bytes, ours: bool) -> None:
    head = b"From: ann@example.com\nAuto-Submitted: auto-replied\n" + thread % str(OURS).encode()
    assert reports.suspected(head + b"\n") == ours
    assert (reports.read(head + b"\nAway.")[0].uuid == OURS) == ours


def test_our_own_header_counts_where_a_server_replaced_the_message_id() -> None:
    assert b"<desk." not in raw("amazon_ses_mailbox_full")
    assert reports.read(raw("amazon_ses_mailbox_full"))[0].uuid == OURS


def test_without_evidence_nothing_is_claimed() -> None:
    mail = b"From: MAILER-DAEMON@mx.example.com\nSubject: Hinweis\n\n<ann@example.com>:\nIrgendetwas ist passiert.\n"
    assert [(one.type, one.recipient) for one in reports.read(mail)] == [("other", ANN)]


@pytest.mark.parametrize(
    ("own", "words", "verdict"),
    [
        ("I'm not going to try again", "4.4.1", "failed"),
        ("We could not deliver it and will be retried", "", "delayed"),
        ("", "451 try later", "delayed"),
        ("", "from 203.0.113.5, port 25", ""),
        ("", "see 10.5.1.1 for 5.1.1.7", ""),
    ],
)
def test_the_text_decides_only_by_what_it_says(own: str, words: str, verdict: str) -> None:
    assert reports_text.verdict(own, words, certain=False) == verdict


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_link_in_the_returned_email_is_not_kept_and_the_report_says_the_same(name: str) -> None:
    kept = reports.without_the_email(raw(name))
    assert b"/p/Q2xpZW50LXRva2Vu" not in kept
    assert reports.read(kept) == reports.read(raw(name))


def test_a_link_folded_by_quoted_printable_is_masked_too() -> None:
    assert b"Rva2Vu" not in reports.without_the_email(b"x\nhttps://d.example/p/Q2xpZ=\r\nW50LXRva2Vu/ y")


# --- nonsense --------------------------------------------------------------------------------------------------------

NONSENSE = {
    "empty": b"",
    "one byte": b"\xff",
    "no headers": b"\n\n\n",
    "a header of a megabyte": b"From: mailer-daemon@x\nReferences: " + b"<a@b> " * 200_000 + b"\n\nx",
    "a thousand parts in one another": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(1_000)
    ),
    "many lines in many parts": b"From: mailer-daemon@x\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(900))
    + b"x\n" * 400_000,
    "half a million parts": b"From: mailer-daemon@x\nContent-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\nx\n" * 500_000,
    "a boundary that is empty": b'From: mailer-daemon@x\nContent-Type: multipart/report; boundary=""\n\n----\n',
    "no boundary": b"Content-Type: multipart/report; report-type=delivery-status\n\nFinal-Recipient: rfc822; a@b.c",
    "bad RFC 2231": b"Content-Type: multipart/report; boundary*0*=utf-8''%ff; boundary*9=x\n\nx",
    "bad RFC 2047": b"From: =?utf-8?b?////?= <mailer-daemon@x>\nSubject: =?x?y?z?=\n\n<a@b.c>: 550 no",
    "dashes": b"From: mailer-daemon@x\n\n" + b"-" * 400_000,
    "at signs": b"From: mailer-daemon@x\n\n" + b"a@" * 100_000,
    "blanks": b"From: mailer-daemon@x\n\n" + b" \t" * 100_000 + b"\n" * 100_000,
    "digits": b"From: mailer-daemon@x\n\n" + b"5.1." * 50_000,
    "Message-ID lines": b"From: mailer-daemon@x\n\n" + b"Message-ID:\n" * 20_000,
    "a date that is none": b"From: mailer-daemon@x\nDate: Mon, 99 Foo 99999999999 99:99\n\n<a@b.c>: 550 5.1.1 no",
    "tags never closed": b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<a href='" * 20_000,
    "comments never closed": b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<!--" * 50_000,
    "tags in one another": b"From: mailer-daemon@x\nContent-Type: text/html\n\n" + b"<div>" * 40_000,
    "a type of a million parameters": b"From: mailer-daemon@x\nContent-Type: text/html;" + b" a*0*=x;" * 600_000,
    "the same, folded": b"From: mailer-daemon@x\rContent-Type: multipart/report;" + b"\r a*0*=x;" * 400_000,
    "NUL": b"From: mailer-daemon@x\n\n<a@b.c>:\n550 5.1.1 \x00 no\x00",
}


@pytest.mark.parametrize("mail", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_never_raises_and_takes_no_time(mail: bytes) -> None:
    began = time.thread_time()
    reports.suspected(headers(mail))
    reports.claims_to_be_one(headers(mail))
    for one in reports.read(mail):
        assert isinstance(one, News)
    reports.without_the_email(mail)
    assert time.thread_time() - began < 30


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(EXPECTED)), seed=st.integers(0, 2**32))
def test_a_damaged_report_never_raises(name: str, seed: int) -> None:
    chance = random.Random(seed)
    mail = bytearray(raw(name))
    for _ in range(chance.randint(1, 30)):
        where = chance.randrange(len(mail) or 1)
        match chance.randrange(3):
            case 0:
                mail[where : where + 1] = bytes([chance.randrange(256)])
            case 1:
                del mail[where : where + chance.randrange(200)]
            case _:
                mail[where:where] = mail[: chance.randrange(200)]
    kept = reports.without_the_email(bytes(mail))
    for one in [*reports.read(bytes(mail)), *reports.read(kept)]:
        assert one.type in {"bounced", "deferred", "delivered", "sent", "complained", "autoresponded", "other"}

"""A mailbox on port 143: nothing that opens it crosses the network before TLS."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest
from django.conf import LazySettings

from emails import mailbox
from emails.states import Status
from tests.emails.by_mail import again, box, read, report, sent, where
from tests.emails.imap_server import PASSWORD, USER, Person
from tests.emails.token_server import giving_tokens

pytestmark = pytest.mark.django_db


@contextmanager
def wiretap(to: int) -> Iterator[tuple[int, bytearray]]:
    """A port that leads to port `to`, and what we said there."""
    heard = bytearray()

    def carry(here: socket.socket, there: socket.socket, *, note: bool) -> None:
        with suppress(OSError):
            while piece := here.recv(65_536):
                if note:
                    heard.extend(piece)
                there.sendall(piece)
            there.shutdown(socket.SHUT_WR)

    def serve() -> None:
        ours, _ = listener.accept()
        with ours, socket.create_connection(("127.0.0.1", to)) as theirs:
            back = threading.Thread(target=carry, args=(theirs, ours), kwargs={"note": False}, daemon=True)
            back.start()
            carry(ours, theirs, note=True)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], heard


def test_reports_are_read_and_the_password_crosses_only_behind_tls(
    office: Person, settings: LazySettings, starttls_port: int
) -> None:
    message = sent()
    with wiretap(starttls_port) as (port, heard):
        settings.BOUNCE_MAILBOX = replace(where(), scheme="imap+tls", port=port)
        assert read(office, report("google_address_unknown")) == 1
    assert again(message).status == Status.BOUNCED
    assert box().trouble == ""
    assert b"STARTTLS" in heard
    assert b"LOGIN" not in heard
    assert PASSWORD.encode() not in heard
    assert USER.encode() not in heard


def test_a_token_opens_it_too(office: Person, settings: LazySettings, starttls_port: int) -> None:
    with giving_tokens() as giver, wiretap(starttls_port) as (port, heard):
        settings.BOUNCE_MAILBOX = replace(where(), scheme="imap+tls", port=port, password="", oauth=giver.oauth)
        mailbox.poll()
    assert box().trouble == ""
    assert b"AUTHENTICATE" not in heard


def test_a_certificate_for_another_name_gets_no_password(
    office: Person, settings: LazySettings, starttls_port: int
) -> None:
    with wiretap(starttls_port) as (port, heard):
        settings.BOUNCE_MAILBOX = replace(where(), scheme="imap+tls", host="127.0.0.1", port=port)
        assert mailbox.poll() == 0
    assert box().trouble == "certificate"
    assert b"LOGIN" not in heard


def test_a_server_whose_offer_of_tls_was_struck_out_gets_no_password(office: Person, settings: LazySettings) -> None:
    heard = bytearray()

    def serve() -> None:
        conn, _ = listener.accept()
        with conn, conn.makefile("rb") as lines:
            conn.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
            for line in lines:
                heard.extend(line)
                tag, _, command = line.strip().partition(b" ")
                more = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" if command == b"CAPABILITY" else b""
                conn.sendall(more + tag + b" OK done\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        settings.BOUNCE_MAILBOX = replace(where(), scheme="imap+tls", port=listener.getsockname()[1])
        assert mailbox.poll() == 0
    assert box().trouble == "certificate"
    assert b"CAPABILITY" in heard
    assert b"LOGIN" not in heard

"""Does this domain take mail? Nobody waits for the answer, and only a sure no holds mail back."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from emails import domains_checks, outbox, planning, tasks
from emails.domains_dns import look_up
from emails.models import DomainCheck, Message, Problem
from emails.outbox import Refused
from emails.states import Reason, Status
from inspections import people, services
from inspections.models import Participant
from tests.emails.dns_server import DnsServer
from tests.emails.mailed import make_client, make_message
from tests.factories import make_draft, make_person, make_user

pytestmark = pytest.mark.django_db
Result = DomainCheck.Result

ZONE = {
    (".", "NS"): ["a.root.example."],
    ("mx.example.", "MX"): ["10 mail.mx.example."],
    ("a.example.", "A"): ["192.0.2.1"],
    ("aaaa.example.", "AAAA"): ["2001:db8::1"],
    ("null.example.", "MX"): ["0 ."],
    ("web.example.", "TXT"): ['"no server at all"'],
}


@pytest.fixture(scope="module")
def dns() -> Iterator[DnsServer]:
    with DnsServer(ZONE) as server:
        yield server


@pytest.fixture
def real(settings: LazySettings, dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not practice: the checks ask DNS, the one on this machine."""
    settings.PRACTICE_MODE = False
    monkeypatch.setattr("dns.resolver.default_resolver", dns.resolver)


def planned(person: Participant) -> Message:
    """A confirmation for this person, as a rule would plan it."""
    return planning.enqueue(
        planning.Plan(person, "confirmation", outbox.template_for(person, "confirmation"), "Kim Reyes")
    )


# --- asking DNS ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ("mx.example", Result.TAKES_MAIL),
        ("a.example", Result.TAKES_MAIL),
        ("aaaa.example", Result.TAKES_MAIL),
        ("null.example", Result.REFUSES),
        ("gone.example", Result.NO_DOMAIN),
        ("web.example", Result.NO_SERVER),
        ("broken.example", Result.NO_ANSWER),
        ("a..b", Result.NO_ANSWER),
        ("x" * 64 + ".example", Result.NO_ANSWER),
    ],
)
def test_what_dns_says(dns: DnsServer, domain: str, said: str) -> None:
    assert look_up(domain, resolver=dns.resolver) == said


def test_silence_ends_in_time_and_says_nothing(dns: DnsServer) -> None:
    patient = dns.resolver
    patient.timeout = patient.lifetime = 60.0
    start = time.monotonic()
    assert look_up("silent.example", resolver=patient, seconds=0.3) == Result.NO_ANSWER
    assert time.monotonic() - start < 30


def test_who_denies_every_name_is_not_believed() -> None:
    with DnsServer({}) as liar:
        assert look_up("gone.example", resolver=liar.resolver) == Result.NO_ANSWER


# --- practice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", ["nomail.example", "nodomain.example"])
def test_in_practice_two_domains_take_no_mail(domain: str) -> None:
    message = planned(make_client(email=f"ann@{domain}"))
    assert (message.status, message.reason) == (Status.HELD, Reason.NO_MAIL_SERVICE)
    assert Problem.objects.get().category == "domain_problem"
    assert not DomainCheck.objects.exists()


def test_in_practice_every_other_domain_does() -> None:
    assert planned(make_client(email="nodomain@b.example")).status == Status.QUEUED


def test_a27_it_is_said_beside_the_person_and_where_the_mail_waits(client: Client) -> None:
    client.force_login(make_user())
    person = make_client(email="ann@nomail.example")
    page = client.get(f"/inspections/{person.inspection_id}/").content.decode()
    assert "There is no mail service at “nomail.example”." in page
    assert (
        "There is no mail service" in client.get("/addresses/check/", {"email": "a@nodomain.example"}).content.decode()
    )
    held = planned(person)
    assert "There is no mail service at “nomail.example”." in client.get(f"/messages/{held.pk}/").content.decode()
    assert "This mail domain doesn’t exist" in client.get("/").content.decode()


def test_a_resend_is_refused_with_the_way_to_correct_it() -> None:
    message = make_message(make_client(email="ann@nomail.example"), status=Status.FAILED)
    with pytest.raises(Refused, match="no mail service") as refused:
        outbox.resend(message, by="Kim Reyes")
    assert refused.value.way_out == ("Correct the address", f"/people/{message.participant_id}/edit/")


def test_what_was_held_leaves_when_the_address_is_corrected() -> None:
    person = make_client(email="ann@nomail.example")
    message = planned(person)
    people.correct_contact(person.contact, by="Kim Reyes", email="ann@example.com")
    message.refresh_from_db()
    assert (message.status, message.to_address) == (Status.QUEUED, "ann@example.com")


# --- for real --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("real")
def test_saving_a_person_asks_without_waiting(dns: DnsServer) -> None:
    before = dns.asked
    services.save(make_draft(people=(make_person(email="ann@gone.example"),)), by="Kim Reyes")
    assert dns.asked == before
    assert DomainCheck.objects.get().result == Result.OPEN
    tasks.check_domains()
    assert DomainCheck.objects.get().result == Result.NO_DOMAIN
    assert domains_checks.is_dead("Bob@GONE.example.")


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("domain", ["silent.example", "broken.example", "web.example", "never-asked.example"])
def test_no_sure_no_never_holds_mail(domain: str) -> None:
    if domain != "never-asked.example":
        domains_checks._store(domain, look_up(domain, seconds=0.2 if domain == "silent.example" else 60))
    message = planned(make_client(email=f"ann@{domain}"))
    assert message.status == Status.QUEUED


@pytest.mark.usefixtures("real")
def test_a_domain_that_comes_back_lets_the_mail_go(dns: DnsServer) -> None:
    domains_checks._store("back.example", Result.NO_DOMAIN)
    message = planned(make_client(email="ann@back.example"))
    assert message.status == Status.HELD
    dns.zone[("back.example.", "MX")] = ["10 mail.back.example."]
    tasks.check_domains()
    assert Message.objects.get(pk=message.pk).status == Status.HELD  # asked a moment ago
    DomainCheck.objects.update(checked_at=timezone.now() - timedelta(hours=2))
    tasks.check_domains()
    assert Message.objects.get(pk=message.pk).status == Status.QUEUED


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("stopped_after", [domains_checks.drain, lambda: domains_checks.find_out("mx.example")])
def test_mail_leaves_though_the_news_of_its_domain_came_another_way(stopped_after: Callable[[], object]) -> None:
    domains_checks._store("mx.example", Result.NO_DOMAIN)
    message = planned(make_client(email="ann@mx.example"))
    DomainCheck.objects.update(checked_at=timezone.now() - timedelta(hours=25), due_at=timezone.now())
    stopped_after()  # a worker that is killed before it lets the mail go, or somebody who types the address
    assert DomainCheck.objects.get().result == Result.TAKES_MAIL
    tasks.check_domains()
    assert Message.objects.get(pk=message.pk).status == Status.QUEUED


@pytest.mark.usefixtures("real")
def test_silence_lets_no_mail_go_before_the_sure_answer_is_old() -> None:
    domains_checks._store("broken.example", Result.NO_DOMAIN)
    message = planned(make_client(email="ann@broken.example"))
    for hours, status in ((2, Status.HELD), (25, Status.QUEUED)):
        DomainCheck.objects.update(checked_at=timezone.now() - timedelta(hours=hours), due_at=None)
        tasks.check_domains()
        assert Message.objects.get(pk=message.pk).status == status


@pytest.mark.usefixtures("real")
def test_what_leaves_soon_is_looked_up_again() -> None:
    planned(make_client(email="ann@gone.example"))
    DomainCheck.objects.create(
        domain="gone.example", result=Result.TAKES_MAIL, due_at=None, checked_at=timezone.now() - timedelta(days=3)
    )
    tasks.check_domains()
    assert DomainCheck.objects.get().result == Result.NO_DOMAIN


@pytest.mark.usefixtures("real")
def test_an_old_answer_does_not_count() -> None:
    domains_checks._store("old.example", Result.NO_DOMAIN)
    assert domains_checks.is_dead("ann@old.example")
    DomainCheck.objects.update(checked_at=timezone.now() - timedelta(days=2))
    assert not domains_checks.is_dead("ann@old.example")


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("domain", ["", "gmail", "a\0.example", "b c.example", "x" * 300 + ".example", ".", "bücher"])
def test_what_is_no_domain_is_never_asked_about(domain: str, dns: DnsServer) -> None:
    before = dns.asked
    assert domains_checks.find_out(domain) == domains_checks.sentence(domain) == ""
    assert not domains_checks.is_dead(f"ann@{domain}")
    assert not domains_checks.ask([domains_checks.domain_of(f"ann@{domain}")])
    assert (dns.asked, DomainCheck.objects.count()) == (before, 0)


@pytest.mark.usefixtures("real")
def test_a_domain_is_asked_about_once_a_day(dns: DnsServer) -> None:
    assert domains_checks.ask(["mx.example"])
    domains_checks.drain()
    before = dns.asked
    assert not domains_checks.ask(["mx.example"])
    assert domains_checks.find_out("mx.example") == ""
    assert "no mail service at “null.example”" in domains_checks.find_out("null.example")
    domains_checks.drain()
    assert dns.asked == before + 1

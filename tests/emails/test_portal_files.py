"""Files that emails offer in the client portal: whose link opens which."""

import uuid
from urllib.parse import urlsplit

import pytest
from django.test import Client

from emails import delivery, letters
from emails.letters import Written
from emails.models import Attachment, Letter, Message
from inspections import links
from inspections.models import Participant, PortalLink, Scope, User
from tests.emails.mailed import make_client
from tests.emails.practice_mail import Running
from tests.factories import make_company, make_participant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    make_company()
    return make_user(name="Kim Reyes", email="kim@oakwood.example")


@pytest.fixture
def ann(kim: User) -> Participant:
    return make_client(name="Ann Lee", email="ann@example.com")


def written(kim: User, person: Participant, name: str, scope: str = "everything") -> Letter:
    """A letter to this person that offers one file."""
    words = Written("Plan", "<p>Hello</p>", [person])
    letter = letters.save(person.inspection, uuid.uuid4(), words, revision=0, page="", by=kim)
    letters.offer(letter, letters.attach(letter, name, name.encode()).pk, by_link=True)
    Letter.objects.filter(pk=letter.pk).update(scope=scope)
    return letter


def sent(kim: User, person: Participant, name: str, scope: str = "everything") -> Message:
    letter = written(kim, person, name, scope)
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    return message


def visitor(mail: Running, message: Message) -> Client:
    """Whoever opens the link of this email."""
    text = mail.logged(str(message.uuid))[0]["message"]["TextBody"]
    guest = Client()
    guest.get(f"/p/{text.partition('/p/')[2].partition('/')[0]}/")
    return guest


def test_the_email_leads_to_its_file(kim: User, ann: Participant, mail: Running) -> None:
    guest = visitor(mail, sent(kim, ann, "plan.txt"))
    page = guest.get(f"/p/home/{ann.pk}/").content.decode()
    assert "Files for you" in page
    assert "plan.txt" in page
    answer = guest.get(f"/p/home/{ann.pk}/files/{Attachment.objects.get().pk}/")
    assert answer.content == b"plan.txt"
    assert answer["Content-Disposition"] == 'attachment; filename="plan.txt"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"


def test_nobody_else_gets_it(kim: User, ann: Participant, mail: Running) -> None:
    bob = make_participant(ann.inspection, name="Bob Ray", email="bob@example.com")
    sent(kim, ann, "plan.txt")
    his = visitor(mail, sent(kim, bob, "other.txt"))
    pk = Attachment.objects.get(name="plan.txt").pk
    assert "plan.txt" not in his.get(f"/p/home/{bob.pk}/").content.decode()
    assert his.get(f"/p/home/{bob.pk}/files/{pk}/").status_code == 404
    assert his.get(f"/p/home/{ann.pk}/files/{pk}/").status_code == 404
    assert Client().get(f"/p/home/{ann.pk}/files/{pk}/").status_code == 404


def test_a_link_that_opens_a_part_has_the_files_of_its_own_email(kim: User, ann: Participant, mail: Running) -> None:
    sent(kim, ann, "first.txt")
    guest = visitor(mail, sent(kim, ann, "second.txt", Scope.DETAILS))
    page = guest.get(f"/p/home/{ann.pk}/").content.decode()
    assert "second.txt" in page
    assert "first.txt" not in page
    passed_on, address = links.mint(ann, purpose="Shared by Kim", scope=Scope.DETAILS)
    other = Client()
    other.get(urlsplit(address).path)
    assert "second.txt" not in other.get(f"/p/home/{ann.pk}/").content.decode()
    assert passed_on.scope == "details"


def test_switched_off_it_opens_no_file(kim: User, ann: Participant, mail: Running) -> None:
    guest = visitor(mail, sent(kim, ann, "plan.txt"))
    links.revoke(PortalLink.objects.get(), by="Kim")
    assert guest.get(f"/p/home/{ann.pk}/files/{Attachment.objects.get().pk}/").status_code == 410


def test_what_was_not_sent_is_not_there(kim: User, ann: Participant, mail: Running) -> None:
    guest = visitor(mail, sent(kim, ann, "plan.txt"))
    written(kim, ann, "draft.txt")
    letters.send(written(kim, ann, "waits.txt"), by="Kim")
    page = guest.get(f"/p/home/{ann.pk}/").content.decode()
    assert "draft.txt" not in page
    assert "waits.txt" not in page


def test_what_went_along_is_not_offered_too(kim: User, ann: Participant, mail: Running) -> None:
    words = Written("Plan", '<p><a href="{{CLIENT_PORTAL_LINK}}">Open</a></p>', [ann])
    letter = letters.save(ann.inspection, uuid.uuid4(), words, revision=0, page="", by=kim)
    letters.attach(letter, "along.txt", b"words")
    message = letters.send(letter, by="Kim", undo=False)[0]
    delivery.deliver_due()
    assert "along.txt" not in visitor(mail, message).get(f"/p/home/{ann.pk}/").content.decode()

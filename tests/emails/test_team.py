"""Team: owners let colleagues in and shut the door; the mail brings a link that works once."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from emails import carrier, inbox, keys
from emails.models import Message
from inspections import team
from inspections.errors import NotPossible
from inspections.models import TeamChange, User
from inspections.passwords import OneTimeToken
from tests.emails.conftest import Post, postmark
from tests.emails.practice_mail import Running
from tests.factories import make_company, make_contact, make_user

pytestmark = pytest.mark.django_db

NEW = {"name": "Raj Patel", "email": "raj@oakwood.example", "role": "office"}
PASSWORD = "a-long-practice-password"


@pytest.fixture(autouse=True)
def _no_kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier, "_kept", threading.local())


@pytest.fixture
def kim() -> User:
    return make_user(name="Kim Reyes", email="kim@oakwood.example", is_superuser=True, is_staff=True)


@pytest.fixture
def sam(kim: User) -> User:
    return make_user(name="Sam Ortiz", email="sam@oakwood.example", password=PASSWORD)


@pytest.fixture
def owner(client: Client, kim: User) -> Client:
    make_company(sender_email="office@oakwood.example")
    client.force_login(kim)
    return client


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, user: User, act: str) -> str:
    return client.post(f"/settings/team/{user.pk}/{act}/", follow=True).content.decode()


def link_in(body: str) -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", body)
    assert found, body
    return found[1]


def choose(path: str, password: str = PASSWORD) -> str:
    """Open the link of an email as somebody who is not signed in, and type a password twice; the last page."""
    visitor = Client()
    form = visitor.get(path, follow=True)
    if "no longer works" in form.content.decode():
        return form.content.decode()
    where = form.redirect_chain[-1][0]
    return visitor.post(where, {"password1": password, "password2": password}, follow=True).content.decode()


# --- letting in ------------------------------------------------------------------------------------------------------


def test_an_owner_adds_a_colleague_who_chooses_a_password_and_signs_in(owner: Client) -> None:
    html = owner.post("/settings/team/", NEW, follow=True).content.decode()
    assert "Raj Patel is on the team now" in html
    assert "Invited, no password yet" in html
    (sent,) = mail.outbox
    assert sent.to == ["Raj Patel <raj@oakwood.example>"]
    assert sent.from_email == "Oakwood Inspections <office@oakwood.example>"
    assert "Password changed" in choose(link_in(str(sent.body)))
    visitor = Client()
    answer = visitor.post("/accounts/login/", {"login": "raj@oakwood.example", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert not User.objects.get(email="raj@oakwood.example").is_owner


def test_the_link_works_once(owner: Client) -> None:
    owner.post("/settings/team/", NEW)
    path = link_in(str(mail.outbox[0].body))
    choose(path)
    assert "This link no longer works" in choose(path, "another-long-password")


def test_the_link_ends_after_some_days(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    owner.post("/settings/team/", NEW)
    path = link_in(str(mail.outbox[0].body))
    late = timezone.now().replace(tzinfo=None) + timedelta(days=3, minutes=1)
    monkeypatch.setattr(OneTimeToken, "_now", lambda self: late)
    assert "This link no longer works" in choose(path)


def test_looking_at_the_link_does_not_use_it_up(owner: Client) -> None:
    owner.post("/settings/team/", NEW)
    path = link_in(str(mail.outbox[0].body))
    for _ in range(3):
        assert Client().get(path, follow=True).status_code == 200
    assert "Password changed" in choose(path)


def test_an_owner_can_be_added(owner: Client) -> None:
    owner.post("/settings/team/", NEW | {"role": "owner"})
    raj = User.objects.get(email="raj@oakwood.example")
    assert (raj.is_owner, raj.is_staff) == (True, True)


def test_the_same_form_twice_makes_one_colleague_and_one_mail(owner: Client) -> None:
    owner.post("/settings/team/", NEW)
    answer = owner.post("/settings/team/", NEW | {"email": "RAJ@oakwood.example"})
    assert answer.status_code == 422
    assert "is on the team already: Raj Patel." in answer.content.decode()
    assert len(mail.outbox) == 1


def test_somebody_who_is_switched_off_is_named(owner: Client, sam: User) -> None:
    press(owner, sam, "off")
    html = owner.post("/settings/team/", NEW | {"email": sam.email}).content.decode()
    assert "Switch them on again below." in html


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Please enter a name."),
        ("name", "Raj\r\nBcc: x@x.com", "This must fit on one line"),
        ("email", "", "Please enter an address."),
        ("email", "raj@localhost", "The part after @ needs a dot"),
        ("email", "raj@gmial.com", "Did you mean raj@gmail.com?"),
        ("role", "king", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_and_nobody_is_added(owner: Client, field: str, value: str, sentence: str) -> None:
    answer = owner.post("/settings/team/", NEW | {field: value})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert User.objects.count() == 1
    assert not mail.outbox


def test_a_clients_address_is_asked_about_and_can_be_kept(owner: Client) -> None:
    make_contact(name="Ann Lee", email="Raj@Oakwood.example")
    asked = owner.post("/settings/team/", NEW)
    html = asked.content.decode()
    assert asked.status_code == 422
    assert "Ann Lee has this address on inspections." in html
    assert "Add anyway" in html
    owner.post("/settings/team/", NEW | {"anyway": NEW["email"]})
    assert User.objects.filter(email="raj@oakwood.example").exists()


def test_an_answer_about_another_address_is_no_answer(owner: Client) -> None:
    make_contact(name="Ann Lee", email="raj@oakwood.example")
    assert owner.post("/settings/team/", NEW | {"anyway": "sam@oakwood.example"}).status_code == 422


def test_a_mail_that_does_not_leave_is_said_and_can_be_sent_again(owner: Client, mail: Running) -> None:
    mail.switch(answer="429", share=1)
    assert "did not leave" in owner.post("/settings/team/", NEW, follow=True).content.decode()
    raj = User.objects.get(email="raj@oakwood.example")
    mail.switch(answer=None)
    TeamChange.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert "gets an email at raj@oakwood.example" in press(owner, raj, "invite")


def test_an_invitation_that_came_back_is_said_until_one_arrives(owner: Client, sam: User, webhook: Post) -> None:
    def news(record: str, hours_ago: int, **over: object) -> str:
        about = {"MessageID": f"pm-{record}", "Metadata": {}, "Recipient": sam.email, "Email": sam.email}
        at = (timezone.now() - timedelta(hours=hours_ago)).isoformat()
        when = {"BouncedAt": at, "DeliveredAt": at}
        assert webhook(postmark(Message(), record, **about | when | over)) == 200
        inbox.drain()
        return owner.get("/settings/team/").content.decode()

    said = news("Bounce", 5)
    assert "Our last email to them came back: This address doesn’t exist." in said
    assert "Is the address wrong?" not in said  # they signed in with it once
    sam.set_unusable_password()
    sam.save()
    assert "Is the address wrong? Switch them off and add them again" in news("Bounce", 5)
    assert "came back" not in news("Delivery", 4)
    assert "came back" not in news("Bounce", 6, MessageID="pm-0")  # late news of an earlier one


def test_two_presses_invite_once(owner: Client) -> None:
    owner.post("/settings/team/", NEW)
    raj = User.objects.get(email="raj@oakwood.example")
    assert "Give it a moment." in press(owner, raj, "invite")
    assert len(mail.outbox) == 1


def test_an_invitation_is_sent_again_with_a_link_that_works(owner: Client) -> None:
    owner.post("/settings/team/", NEW)
    TeamChange.objects.update(at=timezone.now() - timedelta(minutes=2))
    press(owner, User.objects.get(email="raj@oakwood.example"), "invite")
    assert "Password changed" in choose(link_in(str(mail.outbox[1].body)))
    assert "no longer works" in choose(link_in(str(mail.outbox[0].body)))


def test_a_colleague_who_forgot_the_password_gets_a_link(owner: Client, sam: User) -> None:
    press(owner, sam, "invite")
    assert "Choose a new password" in mail.outbox[0].subject
    assert sam.team_changes.get().what == "link"
    assert "Password changed" in choose(link_in(str(mail.outbox[0].body)), "another-long-password")


def test_who_asks_for_a_reset_gets_our_words_from_our_sender(owner: Client, sam: User) -> None:
    Client().post("/accounts/password/reset/", {"email": sam.email}, headers={"host": "localhost"})
    (sent,) = mail.outbox
    assert sent.subject == "Choose a new password"
    assert sent.from_email == "Oakwood Inspections <office@oakwood.example>"
    assert "Password changed" in choose(link_in(str(sent.body)), "another-long-password")


# --- roles -----------------------------------------------------------------------------------------------------------


def test_an_owner_makes_another_owner_and_back(owner: Client, sam: User) -> None:
    assert "Sam Ortiz is an owner now." in press(owner, sam, "owner")
    sam.refresh_from_db()
    assert (sam.is_owner, sam.is_staff) == (True, True)
    press(owner, sam, "office")
    sam.refresh_from_db()
    assert (sam.is_owner, sam.is_staff) == (False, False)


@pytest.mark.parametrize("act", ["office", "off"])
def test_nobody_shuts_themselves_out(owner: Client, kim: User, act: str) -> None:
    html = press(owner, kim, act)
    assert "Ask another owner." in html
    assert User.objects.get(pk=kim.pk).is_owner
    assert not TeamChange.objects.exists()


def test_a_press_twice_is_one_change(owner: Client, sam: User) -> None:
    for _ in range(2):
        press(owner, sam, "owner")
    assert TeamChange.objects.count() == 1


def test_an_unknown_act_does_not_exist(owner: Client, sam: User) -> None:
    assert owner.post(f"/settings/team/{sam.pk}/delete/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "act", [lambda whom, by: team.make(whom, owner=False, by=by), lambda whom, by: team.switch(whom, on=False, by=by)]
)
def test_two_owners_who_shut_each_other_out_at_once_leave_one(act: Callable[[User, User], bool]) -> None:
    one, two = (make_user(name=name, is_superuser=True, is_staff=True) for name in ("Kim", "Raj"))
    start, refused = threading.Barrier(2), []

    def go(whom: User, by: User) -> None:
        start.wait()
        try:
            act(whom, by)
        except NotPossible as problem:
            refused.append(str(problem))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["You are not an owner any more."]
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


# --- shutting the door -----------------------------------------------------------------------------------------------


def test_whoever_is_switched_off_is_out_at_once_and_stays_out(owner: Client, sam: User) -> None:
    browser = signed_in(sam)
    assert browser.get("/").status_code == 200
    assert "signed out everywhere" in press(owner, sam, "off")
    assert browser.get("/").headers["Location"].startswith("/accounts/login/")
    answer = Client().post("/accounts/login/", {"login": sam.email, "password": PASSWORD}, follow=True)
    assert "Your account is switched off" in answer.content.decode()


def test_switched_on_again_the_old_session_stays_ended_and_the_password_works(owner: Client, sam: User) -> None:
    browser = signed_in(sam)
    press(owner, sam, "off")
    press(owner, sam, "on")
    assert browser.get("/").status_code == 302
    answer = Client().post("/accounts/login/", {"login": sam.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_whoever_became_a_client_meanwhile_is_named(owner: Client, sam: User) -> None:
    press(owner, sam, "off")
    make_contact(name="Sam Ortiz", email=sam.email)
    assert "Sam Ortiz has this address on inspections" in press(owner, sam, "on")


def test_a_link_that_was_on_its_way_ends_too(owner: Client, sam: User) -> None:
    press(owner, sam, "invite")
    path = link_in(str(mail.outbox[0].body))
    press(owner, sam, "off")
    assert "no longer works" in choose(path)
    press(owner, sam, "on")
    assert "no longer works" in choose(path)


def test_nobody_who_is_switched_off_gets_a_link(owner: Client, sam: User) -> None:
    press(owner, sam, "off")
    assert "Sam Ortiz is switched off." in press(owner, sam, "invite")
    Client().post("/accounts/password/reset/", {"email": sam.email})
    assert [sent.subject for sent in mail.outbox if "password" in sent.subject] == []


def test_keys_that_go_on_working_are_named(owner: Client, sam: User) -> None:
    keys.create("Booking website", by=str(sam))
    assert "1 API key that Sam Ortiz made still works." in press(owner, sam, "off")


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_a_colleague_sees_the_team_and_whom_to_ask(owner: Client, sam: User) -> None:
    html = signed_in(sam).get("/settings/team/").content.decode()
    assert "kim@oakwood.example" in html
    assert "Ask an owner (Kim)." in html
    assert "/settings/team/" not in re.sub(r'href="/settings/team/"', "", html)


@pytest.mark.parametrize("act", ["owner", "office", "off", "on", "invite"])
def test_only_owners_change_the_team(owner: Client, sam: User, kim: User, act: str) -> None:
    browser = signed_in(sam)
    assert browser.post(f"/settings/team/{kim.pk}/{act}/").status_code == 403
    assert browser.post("/settings/team/", NEW).status_code == 403
    assert not TeamChange.objects.exists()


def test_changes_are_kept_with_who_and_when(owner: Client, sam: User) -> None:
    for act in ("owner", "off", "on"):
        press(owner, sam, act)
    html = owner.get("/settings/team/").content.decode()
    for words in ("Made an owner", "Switched off", "Switched on again"):
        assert words in html
    assert {change.by for change in TeamChange.objects.all()} == {"Kim Reyes"}


# --- my sign-in ------------------------------------------------------------------------------------------------------


def test_signed_out_everywhere_else_one_stays_here(sam: User) -> None:
    make_company()
    here, elsewhere = signed_in(sam), signed_in(sam)
    html = here.post("/settings/sign-in/elsewhere/", follow=True).content.decode()
    assert "You are signed out everywhere else." in html
    assert elsewhere.get("/").status_code == 302
    assert here.get("/").status_code == 200


def test_the_page_says_when_i_came_in(sam: User) -> None:
    html = signed_in(sam).get("/settings/sign-in/").content.decode()
    assert "Last signed in" in html
    assert "/accounts/password/change/" in html


def test_too_many_wrong_tries_say_how_long_to_wait(sam: User) -> None:
    visitor = Client()
    for _ in range(5):
        visitor.post("/accounts/login/", {"login": sam.email, "password": "wrong"})
    html = visitor.post("/accounts/login/", {"login": sam.email, "password": PASSWORD}).content.decode()
    assert "Too many wrong tries. Wait 5 minutes, then try again." in html


def test_wrong_tries_are_not_forgotten_because_many_visit(sam: User) -> None:
    make_company()
    wrong = {"login": sam.email, "password": "wrong"}
    for _ in range(6):
        Client().post("/accounts/login/", wrong)
    for number in range(400):
        Client().get("/p/nobody/", REMOTE_ADDR=f"198.51.{number // 250}.{number % 250}")
    assert "Too many wrong tries" in Client().post("/accounts/login/", wrong).content.decode()


def test_a_stranger_cannot_have_us_write_to_anybody(client: Client, sam: User) -> None:
    make_company()
    answers = [client.post("/accounts/password/reset/", {"email": to}) for to in ("nobody@example.org", sam.email)]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (302, "/accounts/password/reset/done/")
    ] * 2
    assert [email.to for email in mail.outbox] == [[sam.email]]


def test_nobody_gives_themselves_another_address(client: Client, sam: User) -> None:
    client.force_login(sam)
    assert client.get("/accounts/email/").status_code == 404
    assert client.post("/accounts/email/", {"email": "sam@elsewhere.example", "action_add": ""}).status_code == 404
    assert not mail.outbox

"""From the queue to the mail service and back: what leaves, what does not, and what a crash leaves behind."""

import socket
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from emails import activity, aftermath, carrier, channel, delivery, outbox, outcomes
from emails.models import AddressHold, Automation, Channel, EmailTemplate, Message, Problem, TemplateVersion
from emails.rendering import MASK
from emails.states import Reason, Status
from inspections import people, services
from inspections.models import Company, Contact, Inspection
from tests.emails.conftest import Post, tell
from tests.emails.practice_mail import Running
from tests.factories import make_draft, make_person

pytestmark = pytest.mark.django_db


def confirmed(**person: str) -> Inspection:
    """A confirmed inspection in five days with one client."""
    inspection, _ = services.save(make_draft(people=(make_person(**person),)), by="Kim")
    services.confirm(inspection, by="Kim")
    return inspection


def confirmation(inspection: Inspection) -> Message:
    return inspection.messages.get(kind="confirmation", root=None)


def captured(mail: Running, message: Message) -> dict[str, str]:
    """The one email about this message that the mail service took, whole."""
    (request,) = mail.logged(str(message.uuid))
    return mail.get(f"practice/messages/{request['provider_message_id']}").json()


def test_a_confirmation_leaves_once_with_our_id_and_a_personal_link(mail: Running) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    delivery.deliver_due()
    message.refresh_from_db()
    request = captured(mail, message)
    assert (message.status, message.provider_message_id) == (Status.SENT, request["provider_message_id"])
    assert message.has_link
    assert message.sent_at
    assert "Sign &amp; Pay" in request["html"]
    assert "/p/" in request["text"]


def test_the_kept_copy_hides_the_secret_of_the_link(mail: Running) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    assert f"/p/{MASK}/" in message.html
    assert f"/p/{MASK}/" in message.text
    assert f"/p/{MASK}/" not in captured(mail, message)["html"]


def test_a_reminder_waits_for_its_time(mail: Running) -> None:
    inspection = confirmed()
    delivery.deliver_due()
    reminder = inspection.messages.get(kind="reminder")
    assert reminder.status == Status.QUEUED
    assert reminder.send_after == inspection.starts_at - timedelta(hours=24)


def test_a_dead_address_opens_a_problem_and_is_held(mail: Running, webhook: Post) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    message = tell(webhook, Message.objects.get(pk=message.pk), "Bounce")
    assert (message.status, message.category) == (Status.BOUNCED, "address_unknown")
    assert Problem.objects.open().get(kind="confirmation").message == message
    assert AddressHold.objects.get(released_at=None).address == "ann@example.com"


def test_correcting_and_resending_leaves_the_old_row_untouched_and_closes_the_problem(
    mail: Running, webhook: Post
) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    old = tell(webhook, Message.objects.get(pk=message.pk), "Bounce")
    before = Message.objects.filter(pk=old.pk).values().get()
    people.correct_contact(Contact.objects.get(), by="Kim", email="ann.lee@example.com")
    new = outbox.resend(old, by="Kim", undo=False)
    delivery.deliver_due()
    new = tell(webhook, Message.objects.get(pk=new.pk), "Delivery")
    assert (new.status, new.to_address, new.resend_of, new.root) == (Status.DELIVERED, "ann.lee@example.com", old, old)
    assert Message.objects.filter(pk=old.pk).values().get() == before
    assert Problem.objects.get(kind="confirmation").solved_by == new


def test_mail_to_a_held_address_waits_and_leaves_when_the_address_is_corrected(mail: Running, webhook: Post) -> None:
    first = confirmed()
    delivery.deliver_due()
    tell(webhook, confirmation(first), "Bounce")
    services.reschedule(first, first.starts_at + timedelta(days=1), by="Kim")
    held = first.messages.get(kind="rescheduled")
    assert (held.status, held.reason) == (Status.HELD, Reason.ADDRESS_BLOCKED)
    people.correct_contact(Contact.objects.get(), by="Kim", email="ann.lee@example.com")
    held.refresh_from_db()
    assert (held.status, held.to_address) == (Status.QUEUED, "ann.lee@example.com")


def test_a_released_reminder_still_waits_for_its_time() -> None:
    inspection = confirmed(email="")
    people.correct_contact(Contact.objects.get(), by="Kim", email="ann@example.com")
    reminder = inspection.messages.get(kind="reminder")
    assert (reminder.status, reminder.send_after) == (Status.QUEUED, inspection.starts_at - timedelta(hours=24))


@pytest.mark.parametrize("spelling", ["ANN@example.com", "ann@EXAMPLE.com.", "\uff41\uff4e\uff4e@example.com"])
def test_another_spelling_of_a_held_address_is_held_too(mail: Running, webhook: Post, spelling: str) -> None:
    inspection = confirmed()
    delivery.deliver_due()
    tell(webhook, confirmation(inspection), "Bounce")
    Contact.objects.update(email=spelling)
    with pytest.raises(outbox.Refused, match="on hold"):
        outbox.resend(confirmation(inspection), by="Kim")


def test_a_client_without_an_address_leaves_a_row_that_says_so(mail: Running) -> None:
    message = confirmation(confirmed(email=""))
    assert (message.status, message.reason) == (Status.HELD, Reason.NO_ADDRESS)
    assert Problem.objects.open().filter(message=message).exists()


def test_the_companys_own_address_is_not_written_to(mail: Running) -> None:
    inspection = confirmed()
    Contact.objects.update(email="office@example.com", email_key="office@example.com")
    message = confirmation(inspection)
    Message.objects.filter(pk=message.pk).update(to_address="office@example.com", to_key="office@example.com")
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.HELD, Reason.OWN_ADDRESS)
    assert mail.logged(str(message.uuid)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to_name", "Ann\r\nBcc: all@example.com"),
        ("to_name", "Ann\u2028Lee"),
        ("to_address", "ann@example.com, bob@example.com"),
        ("to_address", "ann@example.com\r\nBcc: bob@example.com"),
        ("to_address", "Ann <ann@example.com>"),
    ],
)
def test_what_could_reach_a_second_person_never_gets_to_the_mail_service(mail: Running, field: str, value: str) -> None:
    message = confirmation(confirmed())
    Message.objects.filter(pk=message.pk).update(**{field: value})
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.HELD
    assert mail.logged(str(message.uuid)) == []


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ settings.SECRET_KEY }}", "${7*7}", "{0.__class__}"])
def test_a_persons_name_is_text_and_nothing_else(mail: Running, name: str) -> None:
    message = confirmation(confirmed(name=name))
    delivery.deliver_due()
    request = captured(mail, message)
    assert name in request["text"]
    assert "<script>" not in request["html"]


@pytest.mark.parametrize("body", ["Hello {{CLIENT_NAM}} {{CLIENT_PORTAL_LINK}}", "Hello, no link here"])
def test_a_template_with_a_fault_is_held_and_says_which(mail: Running, body: str) -> None:
    template = EmailTemplate.objects.get(name="Confirmation")
    TemplateVersion.objects.create(
        template=template, number=2, subject="Hi", body=body, published_at=Now(), created_by="Kim"
    )
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    assert message.note
    assert mail.logged(str(message.uuid)) == []


def test_an_email_that_lacked_a_fact_leaves_when_the_fact_is_there(mail: Running) -> None:
    agent = make_person(role="buyer_agent", name="Pat", email="pat@example.net")
    inspection, _ = services.save(make_draft(people=(agent,)), by="Kim")
    services.confirm(inspection, by="Kim")
    delivery.deliver_due()
    message = inspection.messages.get(kind="confirmation", participant__role="buyer_agent")
    assert (message.status, message.reason) == (Status.HELD, Reason.TEMPLATE_PROBLEM)
    assert "CLIENT_NAME" in message.note
    people.add_person(inspection, make_person(), by="Kim")
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_words_that_cannot_be_stored_cost_no_outcome() -> None:
    words = outcomes.Outcome(outcomes.Fate.REFUSED, words="no\x00 such \ud83d user").words
    assert words == "no such ? user"


def test_a_provider_that_names_two_emails_alike_costs_no_outcome(mail: Running) -> None:
    inspection = confirmed()
    first, second = sorted(activity.claim(50), key=lambda m: m.pk)[:2]
    for message in (first, second):
        activity.mark_sending(message)
        assert activity.finish(message, Status.SENT, provider_message_id="same-id")
    assert inspection.messages.filter(status=Status.SENT).count() == 2


# --- resending -------------------------------------------------------------------------------------------------------


def test_the_same_form_twice_is_the_same_row(mail: Running) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    first = outbox.resend(message, by="Kim", nonce="form-1")
    assert outbox.resend(message, by="Kim", nonce="form-1") == first
    assert Message.objects.filter(root=message).count() == 1


def test_a_second_resend_while_one_is_on_its_way_is_refused_by_name(mail: Running) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    outbox.resend(message, by="Sam", nonce="form-1")
    with pytest.raises(outbox.Refused, match="already on its way: Sam"):
        outbox.resend(message, by="Kim", nonce="form-2")


def test_the_undo_stops_it_before_it_leaves(mail: Running, settings: LazySettings) -> None:
    settings.UNDO_SECONDS = 600
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    again = outbox.resend(message, by="Kim")
    delivery.deliver_due()
    assert outbox.cancel(again, by="Kim")
    again.refresh_from_db()
    assert again.status == Status.CANCELLED
    assert mail.logged(str(again.uuid)) == []


def test_a_resend_too_soon_asks_first(mail: Running, settings: LazySettings) -> None:
    settings.COOLDOWN_SECONDS = 600
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    with pytest.raises(outbox.Refused, match="seconds ago") as refused:
        outbox.resend(message, by="Kim")
    assert refused.value.can_confirm
    assert outbox.resend(message, by="Kim", confirmed=True).status == Status.QUEUED


def test_an_email_that_failed_never_delays_its_resend(mail: Running, webhook: Post, settings: LazySettings) -> None:
    settings.COOLDOWN_SECONDS = 600
    inspection = confirmed()
    delivery.deliver_due()
    old = tell(webhook, confirmation(inspection), "Bounce", Type="SoftBounce", Details="smtp;452 4.2.2 over quota")
    assert outbox.resend(old, by="Kim").status == Status.QUEUED


def test_nobody_can_be_bombed_by_hand(mail: Running) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    message.refresh_from_db()
    for _ in range(3):
        outbox.resend(message, by="Kim", undo=False)
        delivery.deliver_due()
    with pytest.raises(outbox.Refused, match="at most 3 an hour"):
        outbox.resend(message, by="Kim", undo=False)


def test_a_cancelled_inspection_sends_only_its_cancellation(mail: Running) -> None:
    inspection = confirmed()
    delivery.deliver_due()
    services.cancel(inspection, by="Kim")
    with pytest.raises(outbox.Refused, match="canceled"):
        outbox.resend(confirmation(inspection), by="Kim")


# --- the provider's moods --------------------------------------------------------------------------------------------


def test_a_busy_provider_costs_no_try_and_pauses_everything(mail: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "SHORTEST_PAUSE", 600.0)  # it asks for one second; here it ends by hand
    message = confirmation(confirmed())
    mail.switch(answer="429", share=1)
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.status, message.tries) == (Status.QUEUED, 0)
    assert Channel.get().is_paused
    assert delivery.deliver_due() == 0
    mail.switch(answer=None)
    channel.resume()
    Message.objects.update(send_after=Now())
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.SENT
    assert not Channel.get().is_paused


def test_a_reset_after_the_request_is_unknown_and_never_sent_again_blindly(mail: Running) -> None:
    message = confirmation(confirmed())
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    mail.switch(answer=None)
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.UNKNOWN
    assert len(mail.logged(str(message.uuid))) == 1
    with pytest.raises(outbox.Refused, match="not sure"):
        outbox.resend(message, by="Kim")


def test_an_unknown_send_is_settled_by_the_webhook(mail: Running, webhook: Post) -> None:
    message = confirmation(confirmed())
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    told = mail.logged(str(message.uuid))[0]["provider_message_id"]
    message = tell(webhook, Message.objects.get(pk=message.pk), "Delivery", MessageID=told)
    assert (message.status, message.provider_message_id) == (Status.DELIVERED, told)


def test_no_resend_goes_past_a_doubtful_resend(mail: Running, webhook: Post) -> None:
    inspection = confirmed()
    delivery.deliver_due()
    old = tell(webhook, confirmation(inspection), "Bounce", Type="SoftBounce", Details="smtp;452 4.2.2 over quota")
    mail.switch(answer="reset_after_accept", share=1)
    outbox.resend(old, by="Kim", undo=False)
    delivery.deliver_due()
    mail.switch(answer=None)
    with pytest.raises(outbox.Refused, match="not sure"):
        outbox.resend(old, by="Kim", undo=False)


@pytest.mark.parametrize(("arrived", "status"), [(True, Status.DELIVERED), (False, Status.FAILED)])
def test_an_unknown_send_is_settled_by_staff(mail: Running, arrived: bool, status: Status) -> None:
    message = confirmation(confirmed())
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    mail.switch(answer=None)
    counts = outbox.settle(message, arrived=arrived, by="Kim", nonce="n")
    message.refresh_from_db()
    assert message.status == status
    assert (counts == message) == arrived


def test_send_again_pressed_twice_makes_one_copy(mail: Running) -> None:
    message = confirmation(confirmed())
    mail.switch(answer="reset_after_accept", share=1)
    delivery.deliver_due()
    mail.switch(answer=None)
    counts = outbox.settle(message, arrived=False, by="Kim", nonce="n")
    assert outbox.settle(message, arrived=False, by="Kim", nonce="n") == counts
    assert Message.objects.filter(root=message).count() == 1


def test_an_unreachable_provider_is_tried_by_the_table_and_then_someone_must_look(
    mail: Running, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = confirmation(confirmed())
    delivery.deliver_due()
    with socket.create_server(("127.0.0.1", 0)) as listener:  # nobody listens there afterwards
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": nowhere}
    monkeypatch.setattr(carrier, "_kept", threading.local())
    again = outbox.resend(Message.objects.get(pk=message.pk), by="Kim", undo=False)
    for _ in range(len(settings.RETRY_BACKOFF) + 1):
        channel.resume()
        Message.objects.filter(pk=again.pk).update(send_after=Now())
        delivery.deliver_due()
    again.refresh_from_db()
    assert (again.status, again.category, again.tries) == (Status.FAILED, "provider_problem", 4)
    assert Problem.objects.open().filter(message=again).exists()


# --- leases ----------------------------------------------------------------------------------------------------------


def expire(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(lease_until=Now() - timedelta(seconds=1))


def test_a_worker_killed_before_the_call_loses_nothing(mail: Running) -> None:
    message = confirmation(confirmed())
    activity.claim(50)
    expire(message)
    Message.objects.exclude(pk=message.pk).update(lease_until=Now() + timedelta(hours=1))
    assert activity.sweep() == (1, 0)
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_a_worker_killed_during_the_call_leaves_a_doubt_not_a_second_copy(mail: Running) -> None:
    message = confirmation(confirmed())
    claimed = next(m for m in activity.claim(50) if m.pk == message.pk)
    assert activity.mark_sending(claimed)
    expire(message)
    assert activity.sweep()[1] == 1
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.status == Status.UNKNOWN
    assert mail.logged(str(message.uuid)) == []


def test_a_worker_that_wakes_after_its_lease_may_not_send(mail: Running) -> None:
    message = confirmation(confirmed())
    claimed = next(m for m in activity.claim(50) if m.pk == message.pk)
    expire(message)
    assert not activity.mark_sending(claimed)


def test_a_late_answer_still_settles_its_own_doubt(mail: Running) -> None:
    message = confirmation(confirmed())
    claimed = next(m for m in activity.claim(50) if m.pk == message.pk)
    activity.mark_sending(claimed)
    expire(message)
    activity.sweep()
    assert activity.finish(claimed, Status.SENT, provider_message_id="late-1")
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_a_stranger_cannot_finish_a_send(mail: Running) -> None:
    message = confirmation(confirmed())
    claimed = next(m for m in activity.claim(50) if m.pk == message.pk)
    activity.mark_sending(claimed)
    claimed.token = uuid4()
    assert not activity.finish(claimed, Status.SENT, provider_message_id="x")


# --- rules -----------------------------------------------------------------------------------------------------------


def statuses(inspection: Inspection) -> dict[str, tuple[str, str]]:
    return {m.kind: (m.status, m.reason) for m in inspection.messages.order_by("pk")}


def test_with_notifications_off_every_email_is_a_row_that_says_so() -> None:
    inspection, _ = services.save(make_draft(notifications=False), by="Maria")
    services.confirm(inspection, by="Maria")
    assert set(statuses(inspection).values()) == {(Status.SKIPPED, Reason.NOTIFICATIONS_OFF)}
    assert inspection.messages.filter(note="from the start: Maria").count() == 3


def test_confirming_twice_sends_nothing_twice() -> None:
    inspection = confirmed()
    count = inspection.messages.count()
    services.confirm(inspection, by="Kim")
    assert inspection.messages.count() == count


def test_a_reminder_whose_time_had_passed_says_so() -> None:
    inspection, _ = services.save(make_draft(), by="Kim")
    Inspection.objects.update(starts_at=Now() + timedelta(hours=20))
    inspection.refresh_from_db()
    services.confirm(inspection, by="Kim")
    assert statuses(inspection)["reminder"] == (Status.SKIPPED, Reason.WINDOW_MISSED)


def test_a_rule_that_is_off_says_so() -> None:
    Automation.objects.filter(name="Agreement").update(enabled=False)
    assert statuses(confirmed())["agreement"] == (Status.SKIPPED, Reason.RULE_OFF)


def test_moving_the_date_moves_the_reminder() -> None:
    inspection = confirmed()
    services.reschedule(inspection, inspection.starts_at + timedelta(days=2), by="Kim")
    reminder = inspection.messages.get(kind="reminder")
    assert reminder.send_after == inspection.starts_at - timedelta(hours=24)
    assert statuses(inspection)["rescheduled"] == (Status.QUEUED, "")


def test_canceling_stops_what_waits_and_tells_the_client() -> None:
    inspection = confirmed()
    services.cancel(inspection, by="Kim")
    said = statuses(inspection)
    assert said["cancelled"] == (Status.QUEUED, "")
    assert {status for kind, (status, _) in said.items() if kind != "cancelled"} == {Status.CANCELLED}


def test_switching_off_stops_what_waits_and_names_who() -> None:
    inspection = confirmed()
    services.set_notifications(inspection, False, by="Maria")
    assert set(statuses(inspection).values()) == {(Status.SKIPPED, Reason.NOTIFICATIONS_OFF)}


def test_moving_an_unconfirmed_inspection_sends_nothing() -> None:
    inspection, _ = services.save(make_draft(), by="Kim")
    services.reschedule(inspection, inspection.starts_at + timedelta(days=1), by="Kim")
    assert not inspection.messages.exists()


def test_canceling_an_unconfirmed_inspection_says_why_nobody_was_told() -> None:
    inspection, _ = services.save(make_draft(), by="Kim")
    services.cancel(inspection, by="Kim")
    assert statuses(inspection) == {"cancelled": (Status.SKIPPED, Reason.UNCONFIRMED)}


def test_a_waiting_email_is_found_by_its_new_address_and_property() -> None:
    inspection = confirmed()
    people.correct_contact(Contact.objects.get(), by="Kim", email="lee@example.net")
    services.save(
        make_draft(address="77 Elm Rd, Springfield", people=(make_person(email="lee@example.net"),)), by="Kim"
    )
    assert Message.objects.search("lee net").count() == inspection.messages.count()
    assert Message.objects.search("elm").count() == inspection.messages.count()
    assert not Message.objects.search("ann@example.com").exists()


# --- what changes while a worker has it -------------------------------------------------------------------------------


def prepared(message: Message) -> Message:
    """Claimed, then prepared by the worker; as it stands afterwards."""
    claimed = next(m for m in activity.claim(50) if m.pk == message.pk)
    _change(claimed)
    assert delivery._prepare(claimed, Company.get()) is None
    return Message.objects.get(pk=message.pk)


def _change(claimed: Message) -> None:
    """Another process changes the facts after the claim."""
    change = CHANGES[claimed.to_name]
    change(Inspection.objects.get(pk=claimed.inspection_id))


CHANGES = {
    "Corrected": lambda i: people.correct_contact(Contact.objects.get(), by="Kim", email="right@example.com"),
    "Removed": lambda i: people.remove_person(i.participants.get(), by="Kim"),
    "Canceled": lambda i: services.cancel(i, by="Kim"),
    "Silenced": lambda i: services.set_notifications(i, False, by="Kim"),
}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Corrected", Status.QUEUED),
        ("Removed", Status.CANCELLED),
        ("Canceled", Status.CANCELLED),
        ("Silenced", Status.SKIPPED),
    ],
)
def test_a_change_after_the_claim_still_counts(mail: Running, name: str, status: Status) -> None:
    message = prepared(confirmation(confirmed(name=name)))
    assert message.status == status
    assert mail.logged(str(message.uuid)) == []
    if name == "Corrected":
        assert message.to_address == "right@example.com"

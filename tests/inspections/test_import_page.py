"""The import page: upload, look, import. Nothing is stored before the last step."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inspections import uploads
from inspections.models import Contact, ImportUpload, Inspection, InspectionEvent
from tests.factories import make_user
from tests.inspections.test_parsing import ANN, HEADER

pytestmark = pytest.mark.django_db

BAD = "A-2,9 Elm Ave,soon,,,,,client,Bob Ray,bob@example.com,"


@pytest.fixture
def kim() -> Client:
    client = Client()
    client.force_login(make_user(name="Kim Reyes"))
    return client


def send(client: Client, *lines: str, content: bytes | None = None) -> Any:
    body = "\n".join([HEADER, *lines]).encode() if content is None else content
    return client.post("/import/", {"file": SimpleUploadedFile("people.csv", body)})


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_strangers_are_asked_to_sign_in() -> None:
    for answer in (Client().get("/import/"), send(Client(), ANN), Client().post("/import/1/")):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    assert not ImportUpload.objects.exists()


def test_the_page_says_what_a_file_needs(kim: Client) -> None:
    page = text(kim.get("/import/"))
    assert '<input type="file" name="file"' in page
    assert 'enctype="multipart/form-data"' in page
    assert all(f"<code>{column}</code>" in page for column in HEADER.split(","))


def test_a_good_file_is_checked_then_imported_by_the_person(kim: Client) -> None:
    where = send(kim, ANN)["Location"]
    page = text(kim.get(where))
    assert "Ready to import 1 inspection" in page
    assert "1 new inspection." in page
    assert "Ann Lee" in page
    assert not Inspection.objects.exists()
    assert kim.post(where)["Location"] == where
    assert Inspection.objects.get().external_id == "A-1"
    assert InspectionEvent.objects.get().by == "Kim Reyes"
    page = text(kim.get(where))
    assert "Import finished" in page
    assert "<dt>New</dt><dd>1</dd>" in page


def test_a_check_can_be_reloaded_and_an_import_sent_twice(kim: Client) -> None:
    where = send(kim, ANN)["Location"]
    assert [kim.get(where).status_code for _ in range(2)] == [200, 200]
    for _ in range(2):
        assert kim.post(where).status_code == 302
    assert Inspection.objects.count() == InspectionEvent.objects.count() == 1


def test_good_lines_can_be_imported_beside_bad_ones(kim: Client) -> None:
    where = send(kim, ANN, BAD)["Location"]
    page = text(kim.get(where))
    assert "<title>Error: Check" in page
    assert "Import the 1 good one" in page
    assert "Line 3, starts_at: “soon” isn&#x27;t a date and time." in page
    kim.post(where)
    page = text(kim.get(where))
    assert "<dt>New</dt><dd>1</dd>" in page
    assert "<dt>Left out</dt><dd>1</dd>" in page
    assert "Line 3, starts_at: “soon” isn&#x27;t a date and time." in page


def test_a_file_with_nothing_good_offers_no_import(kim: Client) -> None:
    page = text(kim.get(send(kim, BAD)["Location"]))
    assert "Nothing to import" in page
    assert '<button class="btn btn-primary">Import' not in page


def test_the_bytes_are_gone_after_the_import(kim: Client) -> None:
    kim.post(send(kim, ANN)["Location"])
    assert bytes(ImportUpload.objects.get().content) == b""


def test_uploads_that_nobody_imported_are_forgotten_after_a_week(kim: Client) -> None:
    send(kim, ANN)
    ImportUpload.objects.update(created_at=timezone.now() - timedelta(days=8))
    send(kim, ANN)
    assert ImportUpload.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04", "This is an Excel workbook."),
        (b"adress,starts_at\nx,y", "Did you mean “address”?"),
        (b"x" * 5_000_001, "This file has 5.0 MB. Please use at most 5 MB."),
    ],
)
def test_a_useless_file_is_refused_at_once(content: bytes, sentence: str, kim: Client) -> None:
    answer = send(kim, content=content)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "We can’t use this file" in text(answer)
    assert not ImportUpload.objects.exists()


def test_no_file_at_all_is_said(kim: Client) -> None:
    answer = kim.post("/import/")
    assert answer.status_code == 422
    assert "Please choose a file." in text(answer)


@pytest.mark.parametrize(
    "code", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ settings.SECRET_KEY }}", "{% debug %}"]
)
def test_code_in_any_cell_is_shown_as_text(code: str, kim: Client) -> None:
    cells = dict(zip(HEADER.split(","), ANN.split(","), strict=True))
    for column in cells:
        line = ",".join('"' + (code if c == column else cell).replace('"', '""') + '"' for c, cell in cells.items())
        upload = SimpleUploadedFile(f"{code}.csv", f"{HEADER}\n{line}".encode())
        where = kim.post("/import/", {"file": upload})["Location"]
        for _ in range(2):
            page = kim.get(where).content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page
            assert "only-for-tests" not in page
            kim.post(where)


def test_colleagues_do_not_see_each_others_files(kim: Client) -> None:
    where = send(kim, ANN)["Location"]
    raj = Client()
    raj.force_login(make_user(name="Raj Patel"))
    assert raj.get(where).status_code == 404
    assert raj.post(where).status_code == 404
    assert kim.get("/import/999999/").status_code == 404
    assert not Inspection.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_not_allowed(method: str, kim: Client) -> None:
    where = send(kim, ANN)["Location"]
    assert getattr(kim, method)("/import/").status_code == 405
    assert getattr(kim, method)(where).status_code == 405


def test_a_form_from_elsewhere_imports_nothing() -> None:
    strict = Client(enforce_csrf_checks=True)
    user = make_user()
    strict.force_login(user)
    upload = uploads.keep(f"{HEADER}\n{ANN}".encode(), name="people.csv", by=user)
    assert strict.post(f"/import/{upload.pk}/").status_code == 403
    assert not Inspection.objects.exists()


def test_a_long_import_goes_on_in_steps(kim: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 0)
    monkeypatch.setattr("inspections.importing.BATCH", 2)
    where = send(kim, *(ANN.replace("A-1", f"A-{n}") for n in range(5)), BAD.replace("A-2", "A-9"))["Location"]
    kim.post(where)
    page = text(kim.get(where))
    assert "2 inspections done. There are more." in page
    assert "Go on importing" in page
    for _ in range(3):
        kim.post(where)
    page = text(kim.get(where))
    assert "<dt>New</dt><dd>5</dd>" in page
    assert "<dt>Left out</dt><dd>1</dd>" in page
    assert Inspection.objects.count() == 5


def test_an_import_that_another_request_works_on_is_left_alone_until_it_stalls(kim: Client) -> None:
    where = send(kim, ANN)["Location"]
    ImportUpload.objects.update(running_since=timezone.now())
    kim.post(where)
    assert "Somebody’s browser is importing" in text(kim.get(where))
    assert not Inspection.objects.exists()
    ImportUpload.objects.update(running_since=timezone.now() - uploads.STALLED - timedelta(seconds=1))
    kim.post(where)
    assert Inspection.objects.exists()


SLIPS = (
    ANN.replace("ann@example.com", "ann@gmial.com"),
    ANN.replace("A-1", "A-2").replace("ann@example.com", "ann@yahho.com"),
    ANN.replace("A-1", "A-3").replace("ann@example.com", "ann@gmail"),
)


def stored() -> set[str]:
    return set(Contact.objects.values_list("email", flat=True))


def test_slips_are_asked_about_and_left_alone_unless_ticked(kim: Client) -> None:
    where = send(kim, *SLIPS)["Location"]
    page = text(kim.get(where))
    assert "Take all 3" in page
    assert "<bdi>ann@gmail.com</bdi></strong> instead of <bdi>ann@gmial.com</bdi>" in page
    kim.post(where)
    assert stored() == {"ann@gmial.com", "ann@yahho.com"}


def test_one_tick_takes_them_all_even_what_could_not_be_imported(kim: Client) -> None:
    where = send(kim, *SLIPS)["Location"]
    kim.post(where, {"take": "all"})
    assert Inspection.objects.count() == 3
    assert stored() == {"ann@gmail.com", "ann@yahoo.com"}


def test_single_ones_can_be_taken_and_looked_at_first(kim: Client) -> None:
    where = send(kim, *SLIPS)["Location"]
    kim.post(where, {"take": "ann@yahho.com", "then": "check"})
    assert not Inspection.objects.exists()
    page = text(kim.get(where))
    assert "1 address corrected as you ticked." in page
    assert "Take all 2" in page
    kim.post(where)
    assert stored() == {"ann@gmial.com", "ann@yahoo.com"}

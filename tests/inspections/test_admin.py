"""The back room: owners correct a colleague's details there; who may come in is changed on the page Team alone."""

import pytest
from django.test import Client

from inspections.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_an_owner_corrects_details_and_nothing_else(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    sam = make_user(email="sam@oakwood.example", name="Sam")
    page = f"/admin/inspections/user/{sam.pk}/change/"
    assert client.get(page).status_code == 200
    typed = {"email": "sam@oakwood.example", "name": "Sam Ortiz", "is_superuser": "on"}
    assert client.post(page, typed).status_code == 302
    now = User.objects.get(pk=sam.pk)
    assert (now.name, now.is_owner, now.is_active) == ("Sam Ortiz", False, True)
    assert client.get("/admin/inspections/user/?q=sam").status_code == 200


def test_nobody_is_added_or_deleted_there(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    sam = make_user()
    assert client.get("/admin/inspections/user/add/").status_code == 403
    assert client.post(f"/admin/inspections/user/{sam.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=sam.pk).exists()


def test_office_staff_are_not_let_in(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/admin/inspections/user/").status_code == 302

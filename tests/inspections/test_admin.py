"""Owners add colleagues; nobody else gets in."""

import pytest
from django.test import Client

from inspections.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_an_owner_adds_a_colleague_who_can_sign_in(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    password = "a-long-practice-password"
    new = {"email": "sam@oakwood.example", "name": "Sam Ortiz", "password1": password, "password2": password}
    assert client.post("/admin/inspections/user/add/", new).status_code == 302
    sam = User.objects.get(email="sam@oakwood.example")
    assert sam.check_password(password)
    assert not sam.is_owner
    assert client.get(f"/admin/inspections/user/{sam.pk}/change/").status_code == 200
    assert client.get("/admin/inspections/user/?q=sam").status_code == 200


def test_office_staff_are_not_let_in(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/admin/inspections/user/").status_code == 302

"""Somebody who opens their portal link, for tests."""

import re
from datetime import timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone

from inspections import links, portal_doors
from inspections.models import Participant, PortalLink

BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"


class Visitor:
    """A browser that opened somebody's link. `pages` are below `/p/home/<person>/`."""

    def __init__(self, person: Participant, *, scope: str = "everything", **headers: str) -> None:
        self.person = person
        self.link, url = links.mint(person, purpose="test")
        PortalLink.objects.filter(pk=self.link.pk).update(scope=scope)
        self.link.refresh_from_db()
        self.path = url.removeprefix(settings.BASE_URL)
        self.client = Client(headers={"User-Agent": BROWSER} | headers)
        self.client.get(self.path)

    def came_before(self, seconds: float) -> None:
        """Its cookie was given to it that long ago."""
        name = f"portal_{self.person.pk}"
        signer = signing.get_cookie_signer(salt=name + portal_doors._SALT)
        with time_machine.travel(timezone.now() - timedelta(seconds=seconds)):
            self.client.cookies[name] = signer.sign(f"{self.link.pk}@{timezone.now().timestamp()}")

    def url(self, page: str = "") -> str:
        return f"/p/home/{self.person.pk}/{page}"

    def get(self, page: str = "", **more: Any) -> Any:
        return self.client.get(self.url(page), **more)

    def post(self, page: str, **data: str) -> Any:
        return self.client.post(self.url(page), data)

    def seal(self, page: str = "sign/") -> str:
        """The seal of that page, as it is shown now."""
        found = re.search(r'name="seal" value="([^"]+)"', self.get(page).content.decode())
        assert found
        return found[1]

    def sign(self, **over: str) -> Any:
        data = {"typed_name": self.person.name, "agreed": "on", "seal": over.get("seal") or self.seal()} | over
        return self.post("sign/", **data)


def text(response: Any) -> str:
    """What is read, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())

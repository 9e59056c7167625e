"""Posts as each provider makes and signs them, with keys of the tests' own."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.test import Client

from tests.emails.conftest import AUTH

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
KEY = "a-signing-key-of-the-tests"


@dataclass(frozen=True)
class Signed:
    """One HTTP post."""

    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def _rsa(owner: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _curve(owner: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def settings_of_all(key: str = KEY) -> dict[str, Any]:
    """What Anymail must know to check the posts of every provider that signs with `key`."""
    return {
        "MAILERSEND_SIGNING_SECRET": key,
        "MAILGUN_WEBHOOK_SIGNING_KEY": key,
        "MAILTRAP_TRACKING_SECRET": key,
        "MANDRILL_WEBHOOK_KEY": key,
        "POSTAL_WEBHOOK_KEY": _public(_rsa(key)),
        "RESEND_SIGNING_SECRET": "whsec_" + base64.b64encode(key.encode()).decode(),
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": _public(_curve(key)),
        "UNISENDER_GO_API_KEY": key,
    }


def sign(provider: str, data: Any) -> Signed:
    """The post of a fixture: its JSON, wrapped and signed the way the provider does."""
    return _SIGNERS.get(provider, _plain)(data)


def post(client: Client, provider: str, data: Any, **headers: str) -> int:
    """Post it to the real address with the right password; the answer's status."""
    made = sign(provider, data)
    return client.post(
        f"/anymail/{provider}/tracking/",
        made.body,
        content_type=made.content_type,
        headers={**AUTH, **made.headers, **headers},
    ).status_code


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _hmac(body: bytes, how: Callable[[], Any] = hashlib.sha256) -> bytes:
    return hmac.new(KEY.encode(), body, how).digest()


def _plain(data: Any) -> Signed:
    return Signed(_json(data))


def _amazon_ses(data: Any, kind: str = "Notification", **over: str) -> Signed:
    """An event in its SNS envelope. SNS signs it too, which Anymail does not check: the password is the lock."""
    name = str(uuid4())
    envelope = {
        "Type": kind,
        "MessageId": name,
        "TopicArn": "arn:aws:sns:us-east-2:000000000000:desk-events",
        "Message": data if isinstance(data, str) else json.dumps(data),
        "Timestamp": "2026-03-03T15:12:06.000Z",
        "SignatureVersion": "1",
        "Signature": "not-checked",
        "SigningCertURL": "https://sns.us-east-2.amazonaws.com/fixture.pem",
    } | over
    headers = {"x-amz-sns-message-type": kind, "x-amz-sns-message-id": name}
    return Signed(_json(envelope), "text/plain; charset=UTF-8", headers)


def subscription_confirmation() -> Signed:
    """SNS asks whether the subscription is wanted."""
    url = "https://sns.us-east-2.amazonaws.com/?Action=ConfirmSubscription&Token=fixture"
    return _amazon_ses("You have chosen to subscribe", "SubscriptionConfirmation", Token="fixture", SubscribeURL=url)


def _mailersend(data: Any) -> Signed:
    body = _json(data)
    return Signed(body, headers={"Signature": _hmac(body).hex()})


def _mailgun(data: Any) -> Signed:
    stamp = {"timestamp": str(int(time.time())), "token": uuid4().hex}
    stamp["signature"] = _hmac((stamp["timestamp"] + stamp["token"]).encode()).hex()
    if isinstance(data, dict) and "event-data" not in data:
        return Signed(urlencode({**data, **stamp}).encode(), FORM)
    return Signed(_json({**data, "signature": stamp} if isinstance(data, dict) else data))


def _mailtrap(data: Any) -> Signed:
    body = _json(data)
    return Signed(body, headers={"Mailtrap-Signature": _hmac(body).hex()})


def _mandrill(data: Any) -> Signed:
    events = json.dumps(data)
    told = f"http://tests:only-for-tests@testserver/anymail/mandrill/tracking/mandrill_events{events}"
    signature = base64.b64encode(_hmac(told.encode(), hashlib.sha1)).decode()
    return Signed(urlencode({"mandrill_events": events}).encode(), FORM, {"X-Mandrill-Signature": signature})


def _postal(data: Any) -> Signed:
    body = _json(data)
    signature = _rsa(KEY).sign(body, padding.PKCS1v15(), hashes.SHA1())
    return Signed(body, headers={"X-Postal-Signature": base64.b64encode(signature).decode()})


def _resend(data: Any) -> Signed:
    body, name, now = _json(data), f"msg_{uuid4().hex}", str(int(time.time()))
    signature = _hmac(f"{name}.{now}.".encode() + body)
    told = {"svix-id": name, "svix-timestamp": now, "svix-signature": f"v1,{base64.b64encode(signature).decode()}"}
    return Signed(body, headers=told)


def _sendgrid(data: Any) -> Signed:
    body, now = _json(data), str(int(time.time()))
    signature = _curve(KEY).sign(now.encode() + body, ec.ECDSA(hashes.SHA256()))
    head = "X-Twilio-Email-Event-Webhook"
    return Signed(body, headers={f"{head}-Signature": base64.b64encode(signature).decode(), f"{head}-Timestamp": now})


def _unisender_go(data: Any) -> Signed:
    if not isinstance(data, dict):
        return Signed(_json(data))
    body = _json({**data, "auth": KEY})
    return Signed(body.replace(KEY.encode(), hashlib.md5(body).hexdigest().encode()))


_SIGNERS: Mapping[str, Callable[[Any], Signed]] = {
    "amazon_ses": _amazon_ses,
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailtrap": _mailtrap,
    "mandrill": _mandrill,
    "postal": _postal,
    "resend": _resend,
    "sendgrid": _sendgrid,
    "unisender_go": _unisender_go,
}
SIGNING = frozenset(_SIGNERS) - {"amazon_ses"}

"""Every refusal as JSON: {"detail": sentence}, or for bad fields {"detail": [{"loc": [...], "msg": sentence}]}."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from pydantic import BaseModel

from emails.limits import Refused
from inspections.errors import BadDraft, BadField, NotPossible

MAX_PROBLEMS = 100


class Refusal(BaseModel):
    """Why not, in a sentence."""

    detail: str


class TooSoon(Refusal):
    """`can_confirm`: the same request with `"confirmed": true` would be obeyed."""

    can_confirm: bool


class FieldProblem(BaseModel):
    """What is wrong with one value: `loc` is the way to it, such as ["body", "people", 0, "email"]."""

    loc: list[str | int]
    msg: str


class BadFields(BaseModel):
    """Every problem that was found."""

    detail: list[FieldProblem]


# What can come back from any address, for the schema.
COMMON: dict[int, Any] = {401: Refusal, 404: Refusal, 422: BadFields}

# Pydantic's error types in plain words; for others its own message is plain enough.
_WORDS = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field.",
    "string_type": "This must be text.",
    "string_unicode": "There is a character in this text that cannot be stored.",
    "string_too_short": "This must not be empty.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "model_type": "This must be a JSON object.",
    "model_attributes_type": "This must be a JSON object.",
}


def say(sentence: str, status: int, **more: object) -> JsonResponse:
    """A refusal in one sentence."""
    return JsonResponse({"detail": sentence, **more}, status=status)


def _fields(problems: Iterable[tuple[list[str | int], str]]) -> JsonResponse:
    found = [FieldProblem(loc=loc, msg=msg) for loc, msg in problems]
    return JsonResponse(BadFields(detail=found[:MAX_PROBLEMS]).model_dump(), status=422)


def no_key(request: HttpRequest, problem: Exception) -> HttpResponse:
    """401: no key, an unknown one, or one that was switched off. Which of them is nobody's business."""
    response = say("Please send a valid key: Authorization: Bearer <key>.", 401)
    response["WWW-Authenticate"] = "Bearer"
    return response


def not_found(request: HttpRequest, problem: Exception | None = None) -> HttpResponse:
    """404, also for addresses that do not exist."""
    return say(str(problem or "") or "There is nothing at this address.", 404)


def not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """405."""
    response = say(f"{request.method} does nothing here; this address takes {allowed}.", 405)
    response["Allow"] = allowed
    return response


def _not_possible(request: HttpRequest, problem: NotPossible) -> HttpResponse:
    return say(str(problem), 409)


def _refused(request: HttpRequest, problem: Refused) -> HttpResponse:
    if problem.status_code != 429:
        return say(str(problem), problem.status_code)
    response = JsonResponse(TooSoon(detail=str(problem), can_confirm=problem.can_confirm).model_dump(), status=429)
    if problem.retry_after is not None:
        response["Retry-After"] = str(max(1, math.ceil(problem.retry_after)))
    return response


def _misshapen(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    return _fields((_loc(error["loc"]), _msg(error)) for error in problem.errors)


def _loc(loc: tuple[str | int, ...]) -> list[str | int]:
    # django-ninja puts the name of the view's parameter between "body" and the field.
    return [loc[0], *loc[2:]] if loc[0] == "body" else list(loc)


def _msg(error: dict[str, Any]) -> str:
    return _WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")


def _bad_draft(request: HttpRequest, problem: BadDraft) -> HttpResponse:
    return _fields(
        (["body", *(int(part) if part.isdecimal() else part for part in path.split("."))], " ".join(sentences))
        for path, sentences in problem.errors.items()
    )


def _bad_field(request: HttpRequest, problem: BadField) -> HttpResponse:
    return _fields([(["body", problem.field], str(problem))])


def _too_big(request: HttpRequest, problem: RequestDataTooBig) -> HttpResponse:
    return say(f"The body is too large: at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.", 413)


def _busy(request: HttpRequest, problem: OperationalError) -> HttpResponse:
    """The database did not answer in time, or a row was locked for too long."""
    response = say("Too busy just now. Please try again.", 503)
    response["Retry-After"] = "2"
    return response


_ANSWERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    AuthenticationError: no_key,
    Http404: not_found,
    NotPossible: _not_possible,
    Refused: _refused,
    ValidationError: _misshapen,
    BadDraft: _bad_draft,
    BadField: _bad_field,
    RequestDataTooBig: _too_big,
    OperationalError: _busy,
}


def install(api: NinjaAPI) -> None:
    """Answer these exceptions as above; any other is a fault of ours and stays one."""
    for kind, answer in _ANSWERS.items():
        api.add_exception_handler(kind, answer)

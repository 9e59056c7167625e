"""Refusals that people read. The callers show `str()` as it is."""

from inspections.text import BadText


class NotPossible(Exception):
    """The action makes no sense now; `str()` is a plain sentence that says why."""


class BadDraft(ValueError):
    """Some fields cannot be stored: `errors` maps paths such as "people.0.email" to sentences."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{path}: {' '.join(said)}" for path, said in errors.items()))


class BadField(BadText):
    """The value of one field cannot be stored; `str()` is a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)

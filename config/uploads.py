"""How much anybody may send us as a form with files: Django has a limit for fields, and none for files."""

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MOST = 150_000_000  # bytes of one form, however many files: three times what a letter may have


class Bounded(FileUploadHandler):
    """The first of the handlers: stops a form that is too large before anything of it is read.

    Strangers have few files to send, and their form is read before anybody asks who they are.
    """

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any, **__: Any) -> None:
        """Raises RequestDataTooBig, which is answered with 400."""
        if content_length > (MOST if self._is_colleague() else settings.WEBHOOK_MAX_BYTES):
            raise RequestDataTooBig(f"a form of {content_length} bytes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """On to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Nothing is kept here."""

    def _is_colleague(self) -> bool:
        session = getattr(self.request, "session", None)
        return session is not None and SESSION_KEY in session

"""Keeps secrets out of the logs."""

import logging
import re

# The path of a client portal is a key to it, and so is that of the page that ends marketing; Django logs the path of
# every failed request.
PORTAL_PATH = re.compile(r"(/p/(?:stop/)?)[^/\s?\"']+")


class MaskSecrets(logging.Filter):
    """Replaces portal tokens in a record's final text."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = PORTAL_PATH.sub(r"\1***", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True

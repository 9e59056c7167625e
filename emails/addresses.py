"""Email addresses: one key for every spelling, sentences for what is wrong, and the slip that was probably made. Pure.

The code stands in `inspections`, which may not import from here: a contact's key and the check of what staff type
belong to the facts.
"""

from inspections.text import BadText, canonical, email_address
from inspections.typos import suggest

__all__ = ["BadText", "canonical", "email_address", "suggest"]

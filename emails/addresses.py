"""Email addresses: one key for every spelling, and sentences for what is wrong. Pure."""

from inspections.text import BadText, canonical, email_address

__all__ = ["BadText", "canonical", "email_address"]

"""The agreement and the money of an inspection, for its page."""

from django import template

from inspections import papers
from inspections.forms_papers import PaymentForm
from inspections.models import Inspection
from inspections.papers import Papers
from inspections.signing import LABELS, Change

register = template.Library()


@register.simple_tag
def papers_of(inspection: Inspection) -> Papers:
    """Who signed and what was paid: `{% papers_of inspection as papers %}`."""
    return papers.of(inspection)


@register.simple_tag
def payment_form(papers: Papers) -> PaymentForm:
    """A form for a payment that came, with what is due in it."""
    return PaymentForm(initial={"amount": papers.due or None})


@register.filter
def change_label(change: Change) -> str:
    """What changed, in a word."""
    return LABELS[change.name]

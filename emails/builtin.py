"""The templates and automations that every installation starts with; `install` never overwrites them."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from emails.builtin_rules import AUTOMATIONS, READY
from emails.models import Attach, Automation, EmailTemplate, Kind, TemplateVersion
from emails.papers import TO_PAY, TO_SIGN
from emails.wording_statuses import Text

AUTHOR = "Built in"

# Each sentence is a text of its own, so that it can be translated; the HTML around it is the same in every language.
_FACTS: tuple[tuple[Text, str], ...] = (
    (_("Where"), "{{ADDRESS}}"),
    (_("When"), "{{INSPECTION_DATE}}, {{INSPECTION_TIME}}"),
    (_("Inspector"), "{{INSPECTOR_NAME}}"),
    (_("What"), "{{SERVICES}}"),
)
_HELLO: Text = _("Hello {{RECIPIENT_NAME}},")
_BELOW: Text = _("If the button does not work, open this address: {link}")
_QUESTIONS: Text = _("Questions? Reply to this email or call {{COMPANY_PHONE}}.")


@dataclass(frozen=True)
class BuiltIn:
    """One built-in email: the sentences before its table of facts, the button, and whether it asks for questions."""

    name: str
    kind: str
    subject: Text
    preheader: Text
    title: Text
    sentences: tuple[Text, ...]
    facts: bool = False
    button: Text = ""
    link: str = "{{CLIENT_PORTAL_LINK}}"
    attach: str = ""

    def body(self) -> str:
        """HTML with placeholders, in the language that is active."""
        lines = [f"<h1>{self.title}</h1>", *(f"<p>{text}</p>" for text in (_HELLO, *self.sentences))]
        if self.facts:
            rows = "\n".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in _FACTS)
            lines.append(f'<table class="facts">\n{rows}\n</table>')
        if self.button:
            lines.append(f'<p><a class="button" href="{self.link}">{self.button}</a></p>')
            lines.append(f'<p class="small">{str(_BELOW).replace("{link}", self.link)}</p>')
            lines.append(f"<p>{_QUESTIONS}</p>")
        return "\n".join(lines)


TEMPLATES: tuple[BuiltIn, ...] = (
    BuiltIn(
        "Confirmation",
        Kind.CONFIRMATION,
        _("Confirmed: your inspection on {{INSPECTION_DATE}}"),
        _("{{ADDRESS}}, {{INSPECTION_TIME}}. Please read and sign the agreement before we come."),
        _("Your inspection is confirmed"),
        (
            _("We look forward to inspecting your home."),
            _("Please read and sign the agreement before we come. The fee: {{PRICE}}."),
        ),
        facts=True,
        button=_("Sign &amp; Pay"),
    ),
    BuiltIn(
        "Confirmation for agents",
        Kind.CONFIRMATION,
        _("Confirmed: inspection of {{ADDRESS}}"),
        _("{{INSPECTION_DATE}}, {{INSPECTION_TIME}}. Please make sure that we can get in."),
        _("The inspection is confirmed"),
        (_("The inspection for {{CLIENT_NAME}} is set. Please make sure that we can get in."),),
        facts=True,
        button=_("See the details"),
    ),
    BuiltIn(
        "Agreement",
        Kind.AGREEMENT,
        _("Please read and sign: agreement for {{ADDRESS}}"),
        _("It takes a few minutes. We need your signature before {{INSPECTION_DATE}}."),
        _("Your inspection agreement"),
        (
            _("The agreement says what we inspect and what we cannot see."),
            _("We need your signature before the inspection on {{INSPECTION_DATE}}."),
        ),
        button=_("Read and sign"),
    ),
    BuiltIn(
        "Reminder",
        Kind.REMINDER,
        _("Tomorrow: inspection of {{ADDRESS}}"),
        _("We begin at {{INSPECTION_TIME}}. Your portal shows what is still open."),
        _("Your inspection is coming up"),
        (_("A short reminder, so that nothing is forgotten."),),
        facts=True,
        button=_("Open your inspection"),
    ),
    BuiltIn(
        "New date",
        Kind.RESCHEDULED,
        _("New date: inspection of {{ADDRESS}}"),
        _("Now on {{INSPECTION_DATE}}, {{INSPECTION_TIME}}. The earlier date no longer counts."),
        _("Your inspection has moved"),
        (_("The new date is below. The earlier one no longer counts."),),
        facts=True,
        button=_("See the details"),
    ),
    BuiltIn(
        "Cancellation",
        Kind.CANCELLED,
        _("Canceled: inspection of {{ADDRESS}}"),
        _("The inspection on {{INSPECTION_DATE}} will not take place."),
        _("The inspection is canceled"),
        (
            _("The inspection of {{ADDRESS}} on {{INSPECTION_DATE}} will not take place."),
            _("If you did not expect this, please call {{COMPANY_PHONE}}."),
        ),
    ),
    BuiltIn(
        "Report ready",
        Kind.REPORT_READY,
        _("Your inspection report for {{ADDRESS}} is ready"),
        _("Open it in your portal, on the phone or on the computer."),
        _("Your report is ready"),
        (_("The report of the inspection of {{ADDRESS}} is in your portal."),),
        button=_("Open the report"),
        link="{{REPORT_LINK}}",
    ),
    BuiltIn(
        TO_SIGN,
        Kind.REMINDER,
        _("Please sign: agreement for {{ADDRESS}}"),
        _("Before we come on {{INSPECTION_DATE}}. It takes a few minutes."),
        _("Your signature is missing"),
        (
            _("We need your signature before the inspection on {{INSPECTION_DATE}}."),
            _("Reading and signing takes a few minutes, also on a phone."),
        ),
        button=_("Read and sign"),
    ),
    BuiltIn(
        TO_PAY,
        Kind.REMINDER,
        _("Please pay: inspection of {{ADDRESS}}"),
        _("Still to be paid: {{AMOUNT_DUE}}."),
        _("Your payment is due"),
        (
            _("Still to be paid for the inspection of {{ADDRESS}}: {{AMOUNT_DUE}}."),
            _("If you have paid in the meantime, thank you."),
        ),
        button=_("See how to pay"),
        link="{{INVOICE_LINK}}",
    ),
    BuiltIn(
        "Signed agreement",
        Kind.RECEIPT,
        _("Signed: agreement for {{ADDRESS}}"),
        _("Your copy is attached."),
        _("Your signed agreement"),
        (_("Thank you for signing. Your copy is attached, and it stays in your portal."),),
        button=_("Open your inspection"),
        attach=Attach.SIGNED_AGREEMENT,
    ),
    BuiltIn(
        "Receipt",
        Kind.RECEIPT,
        _("Receipt: inspection of {{ADDRESS}}"),
        _("We received {{AMOUNT_PAID}}. Thank you."),
        _("We have received your payment"),
        (_("Thank you. We received {{AMOUNT_PAID}} for the inspection of {{ADDRESS}}."),),
        button=_("Open your inspection"),
    ),
)

# The words of rules that an owner can add.
READY_TEMPLATES: tuple[BuiltIn, ...] = (
    BuiltIn(
        "Reminder two days before",
        Kind.REMINDER,
        _("In two days: inspection of {{ADDRESS}}"),
        _("{{INSPECTION_DATE}}, {{INSPECTION_TIME}}. If that does not suit you any more, please tell us today."),
        _("Your inspection is in two days"),
        (_("If the date does not suit you any more, please tell us today."),),
        facts=True,
        button=_("Open your inspection"),
    ),
    BuiltIn(
        "Reminder on the day",
        Kind.REMINDER,
        _("Today: inspection of {{ADDRESS}}"),
        _("We begin at {{INSPECTION_TIME}}. If you cannot come, please call us."),
        _("We are coming today"),
        (_("You are welcome to be there. If you cannot come, please call us."),),
        facts=True,
        button=_("Open your inspection"),
    ),
    BuiltIn(
        "Reminder for agents",
        Kind.REMINDER,
        _("Tomorrow: inspection of {{ADDRESS}}"),
        _("We begin at {{INSPECTION_TIME}}. Please make sure that we can get in."),
        _("The inspection is tomorrow"),
        (_("Please make sure that we can get in."),),
        facts=True,
        button=_("See the details"),
    ),
    BuiltIn(
        "Prepare the house",
        Kind.REMINDER,
        _("Please prepare: inspection of {{ADDRESS}}"),
        _("Water, gas and power should be on, and attic and basement within reach."),
        _("An inspection is coming up"),
        (_("Please see that water, gas and power are on, and that attic and basement can be reached."),),
        facts=True,
        button=_("See the details"),
    ),
    BuiltIn(
        "What to expect",
        Kind.REMINDER,
        _("What to expect at your inspection on {{INSPECTION_DATE}}"),
        _("You may walk along and ask whatever you like."),
        _("Your first inspection with us"),
        (
            _("We look at the house from roof to basement. You may walk along and ask whatever you like."),
            _("The report comes to your portal afterwards."),
        ),
        facts=True,
        button=_("Open your inspection"),
    ),
    BuiltIn(
        "Review request",
        Kind.REVIEW_REQUEST,
        _("How was your inspection of {{ADDRESS}}?"),
        _("A few words from you would help us."),
        _("How did we do?"),
        (
            _("We hope that the inspection has helped you."),
            _("A few words from you would help us. You can reply to this email."),
        ),
    ),
)


class Said(NamedTuple):
    """The words of an email in one language, with their placeholders."""

    subject: str
    preheader: str
    body: str


def in_language(built_in: BuiltIn, language: str) -> Said:
    """A built-in email."""
    with translation.override(language):
        return Said(str(built_in.subject), str(built_in.preheader), built_in.body())


def words(version: TemplateVersion, language: str) -> Said:
    """A version as this language says it; what the office wrote itself stays as it is."""
    own = Said(version.subject, version.preheader, version.body)
    ours = next((t for t in (*TEMPLATES, *READY_TEMPLATES) if t.name == version.template.built_in), None)
    if language == settings.LANGUAGE_CODE or ours is None:
        return own
    usual, translated = (in_language(ours, code) for code in (settings.LANGUAGE_CODE, language))
    if own == usual:
        return translated
    # Published before there was a preheader: it still has none.
    return translated._replace(preheader="") if own == usual._replace(preheader="") else own


def install() -> None:
    """Add what is missing, by name. Repeating it changes nothing."""
    templates = {built_in.name: _template(built_in) for built_in in TEMPLATES}
    for rule in AUTOMATIONS:
        # One that was renamed or deleted since does not come back, and a name that is taken stays whose it is.
        if not Automation.objects.filter(Q(built_in=rule["name"]) | Q(name=rule["name"])).exists():
            _rule(rule, templates[rule["template"]], built_in=rule["name"])


def add_ready(key: str) -> Automation:
    """Add a ready rule, off, with its template. Raises KeyError, and IntegrityError if the name is taken."""
    rule = READY[key]
    return _rule(rule, template(rule["template"]), enabled=False)


def template(name: str) -> EmailTemplate:
    """The office's template that began as this built-in one, made if it is missing. Raises KeyError."""
    built_in = {one.name: one for one in (*TEMPLATES, *READY_TEMPLATES)}
    return _template(built_in[name])


def _template(built_in: BuiltIn) -> EmailTemplate:
    """The office's template of this origin or name, made if there is none. One that was renamed is the same."""
    found = EmailTemplate.objects.filter(Q(built_in=built_in.name) | Q(name=built_in.name)).first()
    if found:
        return found
    made = EmailTemplate.objects.create(
        name=built_in.name, kind=built_in.kind, built_in=built_in.name, attach=built_in.attach
    )
    said = in_language(built_in, settings.LANGUAGE_CODE)
    TemplateVersion.objects.create(
        template=made, number=1, published_at=timezone.now(), created_by=AUTHOR, **said._asdict()
    )
    return made


def _rule(rule: dict[str, Any], template: EmailTemplate, **more: Any) -> Automation:
    return Automation.objects.create(**rule | {"template": template} | more)

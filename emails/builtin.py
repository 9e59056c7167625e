"""The templates and automations that every installation starts with; `install` never overwrites them."""

from typing import Any

from django.utils import timezone

from emails.models import Automation, EmailTemplate, Kind, TemplateVersion, Trigger
from inspections.models import Role

AUTHOR = "Built in"

_FACTS = """<table class="facts">
<tr><th>Where</th><td>{{ADDRESS}}</td></tr>
<tr><th>When</th><td>{{INSPECTION_DATE}}, {{INSPECTION_TIME}}</td></tr>
<tr><th>Inspector</th><td>{{INSPECTOR_NAME}}</td></tr>
<tr><th>What</th><td>{{SERVICES}}</td></tr>
</table>"""

_LINK_BELOW = """<p class="small">If the button does not work, open this address: {{CLIENT_PORTAL_LINK}}</p>"""

_QUESTIONS = """<p>Questions? Reply to this email or call {{COMPANY_PHONE}}.</p>"""

TEMPLATES: tuple[tuple[str, str, str, str], ...] = (
    (
        "Confirmation",
        Kind.CONFIRMATION,
        "Confirmed: your inspection on {{INSPECTION_DATE}}",
        f"""<h1>Your inspection is confirmed</h1>
<p>Hello {{{{RECIPIENT_NAME}}}},</p>
<p>We look forward to inspecting your home.</p>
<p>Please read and sign the agreement before we come. The fee: {{{{PRICE}}}}.</p>
{_FACTS}
<p><a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">Sign &amp; Pay</a></p>
{_LINK_BELOW}
{_QUESTIONS}""",
    ),
    (
        "Confirmation for agents",
        Kind.CONFIRMATION,
        "Confirmed: inspection of {{ADDRESS}}",
        f"""<h1>The inspection is confirmed</h1>
<p>Hello {{{{RECIPIENT_NAME}}}},</p>
<p>The inspection for {{{{CLIENT_NAME}}}} is set. Please make sure that we can get in.</p>
{_FACTS}
<p><a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">See the details</a></p>
{_LINK_BELOW}
{_QUESTIONS}""",
    ),
    (
        "Agreement",
        Kind.AGREEMENT,
        "Please read and sign: agreement for {{ADDRESS}}",
        f"""<h1>Your inspection agreement</h1>
<p>Hello {{{{RECIPIENT_NAME}}}},</p>
<p>The agreement says what we inspect and what we cannot see.</p>
<p>We need your signature before the inspection on {{{{INSPECTION_DATE}}}}.</p>
<p><a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">Read and sign</a></p>
{_LINK_BELOW}
{_QUESTIONS}""",
    ),
    (
        "Reminder",
        Kind.REMINDER,
        "Tomorrow: inspection of {{ADDRESS}}",
        f"""<h1>Your inspection is coming up</h1>
<p>Hello {{{{RECIPIENT_NAME}}}},</p>
<p>A short reminder, so that nothing is forgotten.</p>
{_FACTS}
<p><a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">Open your inspection</a></p>
{_LINK_BELOW}
{_QUESTIONS}""",
    ),
    (
        "New date",
        Kind.RESCHEDULED,
        "New date: inspection of {{ADDRESS}}",
        f"""<h1>Your inspection has moved</h1>
<p>Hello {{{{RECIPIENT_NAME}}}},</p>
<p>The new date is below. The earlier one no longer counts.</p>
{_FACTS}
<p><a class="button" href="{{{{CLIENT_PORTAL_LINK}}}}">See the details</a></p>
{_LINK_BELOW}
{_QUESTIONS}""",
    ),
    (
        "Cancellation",
        Kind.CANCELLED,
        "Canceled: inspection of {{ADDRESS}}",
        """<h1>The inspection is canceled</h1>
<p>Hello {{RECIPIENT_NAME}},</p>
<p>The inspection of {{ADDRESS}} on {{INSPECTION_DATE}} will not take place.</p>
<p>If you did not expect this, please call {{COMPANY_PHONE}}.</p>""",
    ),
    (
        "Report ready",
        Kind.REPORT_READY,
        "Your inspection report for {{ADDRESS}} is ready",
        """<h1>Your report is ready</h1>
<p>Hello {{RECIPIENT_NAME}},</p>
<p>The report of the inspection of {{ADDRESS}} is in your portal.</p>
<p><a class="button" href="{{REPORT_LINK}}">Open the report</a></p>
<p class="small">If the button does not work, open this address: {{REPORT_LINK}}</p>
<p>Questions? Reply to this email or call {{COMPANY_PHONE}}.</p>""",
    ),
)

_AGENTS = [Role.BUYER_AGENT, Role.COORDINATOR]
_EVERYONE = [Role.CLIENT, *_AGENTS]

AUTOMATIONS: tuple[dict[str, Any], ...] = (
    {"name": "Confirmation", "trigger": Trigger.CONFIRMED, "template": "Confirmation", "roles": [Role.CLIENT]},
    {
        "name": "Confirmation for agents",
        "trigger": Trigger.CONFIRMED,
        "template": "Confirmation for agents",
        "roles": _AGENTS,
    },
    {"name": "Agreement", "trigger": Trigger.CONFIRMED, "template": "Agreement", "roles": [Role.CLIENT]},
    {
        "name": "Reminder the day before",
        "trigger": Trigger.CONFIRMED,
        "template": "Reminder",
        "roles": [Role.CLIENT],
        "hours_before": 24,
    },
    {"name": "New date", "trigger": Trigger.RESCHEDULED, "template": "New date", "roles": _EVERYONE},
    {"name": "Cancellation", "trigger": Trigger.CANCELLED, "template": "Cancellation", "roles": _EVERYONE},
    {"name": "Report ready", "trigger": Trigger.REPORT_PUBLISHED, "template": "Report ready", "roles": [Role.CLIENT]},
)


def install() -> None:
    """Add what is missing, by name. Repeating it changes nothing."""
    for name, kind, subject, body in TEMPLATES:
        template, created = EmailTemplate.objects.get_or_create(name=name, defaults={"kind": kind})
        if created:
            TemplateVersion.objects.create(
                template=template, number=1, subject=subject, body=body, published_at=timezone.now(), created_by=AUTHOR
            )
    templates = {template.name: template for template in EmailTemplate.objects.all()}
    for rule in AUTOMATIONS:
        fields = {key: value for key, value in rule.items() if key not in ("name", "template")}
        Automation.objects.get_or_create(name=rule["name"], defaults=fields | {"template": templates[rule["template"]]})

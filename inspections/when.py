"""Days as the office says them: in the company's time zone, "Mon 23 Nov"."""

from datetime import datetime

from inspections.models import Company


def day(moment: datetime) -> str:
    """For example "Mon 23 Nov"; with the year when it is not the present one."""
    local = moment.astimezone(Company.get().zone)
    year = "" if local.year == datetime.now(local.tzinfo).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}"

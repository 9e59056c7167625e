"""Time zones to choose from, those of the United States first and by the names that people use."""

from functools import cache
from zoneinfo import available_timezones

UNITED_STATES = (
    ("America/New_York", "Eastern (New York)"),
    ("America/Chicago", "Central (Chicago)"),
    ("America/Denver", "Mountain (Denver)"),
    ("America/Phoenix", "Arizona (Phoenix, no daylight saving)"),
    ("America/Los_Angeles", "Pacific (Los Angeles)"),
    ("America/Anchorage", "Alaska (Anchorage)"),
    ("Pacific/Honolulu", "Hawaii (Honolulu)"),
    ("America/Puerto_Rico", "Atlantic (Puerto Rico)"),
)
_REGIONS = ("America", "Europe", "Africa", "Asia", "Australia", "Pacific", "Atlantic", "Indian", "Antarctica", "Arctic")

Choices = list[tuple[str, list[tuple[str, str]]]]


@cache
def choices() -> Choices:
    """(region, [(zone, label)]) for a select; every zone of this machine that belongs to a place."""
    regions: dict[str, list[tuple[str, str]]] = {region: [] for region in _REGIONS}
    for zone in sorted(available_timezones()):
        region, slash, place = zone.partition("/")
        if slash and region in regions:
            regions[region].append((zone, place.replace("_", " ").replace("/", ", ")))
    return [("United States", list(UNITED_STATES)), *((region, found) for region, found in regions.items() if found)]


def name(zone: str) -> str:
    """`Central (Chicago)`, else the zone as it is called."""
    return dict(UNITED_STATES).get(zone) or zone.replace("_", " ")

"""Setting the switches from the app: the service keeps them, and the one that is ours goes to the channel."""

from __future__ import annotations

from emails import channel
from emails.practice import client
from emails.practice.client import Json


def turn(changes: Json) -> Json:
    """Merge a part of the switches; gives all of them. Raises SwitchesRefused and PracticeServiceDown."""
    switches = client.set_switches(changes)
    channel.set_brakes(switches["brake"])
    return switches

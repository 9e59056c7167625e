from collections.abc import Iterator

import pytest

from inspections.models import InspectionEvent
from inspections.signals import inspection_event


@pytest.fixture
def told() -> Iterator[list[InspectionEvent]]:
    """The events that listeners heard of, in order."""
    heard: list[InspectionEvent] = []

    def listen(event: InspectionEvent, **kwargs: object) -> None:
        heard.append(event)

    inspection_event.connect(listen)
    yield heard
    inspection_event.disconnect(listen)

"""Events in words."""

import pytest

from ops.cli.telling import WORDS, what
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import EVENTS, EndpointInService, ModelApproved


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_can_be_told_in_one_line(event: type[Event]) -> None:
    assert event in WORDS
    told = what(event.example())
    assert told
    assert "\n" not in told


def test_people_are_named_as_people_do() -> None:
    assert what(ModelApproved.example()) == "v3 approved by alice: looks good"


def test_a_stay_is_told_with_version_and_stage() -> None:
    assert what(EndpointInService.example()) == "v3 serves in staging"

"""Events in words."""

import pytest

from ops.cli.telling import WORDS, plain, what
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EVENTS,
    DeploymentRolledBack,
    EndpointInService,
    ModelApproved,
)


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_can_be_told_in_one_line(event: type[Event]) -> None:
    assert event in WORDS
    told = what(event.example())
    assert told
    assert "\n" not in told


def test_people_are_named_as_people_do() -> None:
    assert what(ModelApproved.example()) == "v3 approved by alice: looks good"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "the wish of arn:aws:iam::123456789012:user/demo (why) waits",
            "the wish of demo (why) waits",
        ),
        ("by arn:aws-cn:sts::123456789012:assumed-role/Ops/jane.doe: oh", "by jane.doe: oh"),
        ("by arn:aws:iam::123456789012:root.", "by arn:aws:iam::123456789012:root."),
        ("of arn:aws:sagemaker:eu-west-1:1:model-package/a/3", None),
        ("by jane", "by jane"),
    ],
)
def test_people_are_named_by_their_short_names_in_any_text(text: str, said: str | None) -> None:
    assert plain(text) == (said or text)


def test_a_rollback_names_who_asked_for_it_in_short() -> None:
    reason = "rolled back by arn:aws:iam::123456789012:user/jane: complaints"
    event = DeploymentRolledBack.example().changed(version=3, back_to=2, reason=reason)
    assert "rolled back by jane: complaints" in what(event)


def test_a_stay_is_told_with_version_and_stage() -> None:
    assert what(EndpointInService.example()) == "v3 serves in staging"

"""What ends the demo's story before production, and what it waits for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.cli.demo import story
from ops.cli.listening import Heard
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    DeploymentFailed,
    ModelRefused,
    ObservationsIngested,
    TrainingCompleted,
    TrainingFailed,
    TrainingSuppressed,
)
from tests.fakes.messaging import envelope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTLED = [
    pytest.param([], 2.0, id="nothing was heard yet"),
    pytest.param([0.5, 3.0, 9.0], 1.5, id="half a second ago"),
    pytest.param([2.5, 3.0], 0.0, id="long ago"),
]


def suppressed(seconds: float | None) -> TrainingSuppressed:
    until = None if seconds is None else NOW + timedelta(seconds=seconds)
    return TrainingSuppressed.example().changed(until=until)


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        pytest.param(TrainingFailed.example(), True, id="the training failed"),
        pytest.param(ModelRefused.example(), True, id="the gate refused"),
        pytest.param(DeploymentFailed.example(), True, id="the deployment failed"),
        pytest.param(TrainingCompleted.example(), False, id="it goes on"),
        pytest.param(suppressed(None), True, id="a no that time does not turn"),
        pytest.param(suppressed(6 * 3_600), True, id="a no until tonight"),
        pytest.param(suppressed(2), False, id="a no for two seconds"),
        pytest.param(suppressed(-1), False, id="a no that is over"),
    ],
)
def test_the_story_ends_where_production_will_not_come(event: Event, ends: bool) -> None:
    assert story.is_end(event, NOW) is ends


@pytest.mark.parametrize(("seconds_ago", "left"), SETTLED)
def test_the_model_is_declared_when_the_history_has_settled(
    seconds_ago: list[float], left: float
) -> None:
    nobody: Any = None
    told = story.Story(nobody, nobody, nobody, nobody)
    told.heard = [
        Heard(
            envelope(ObservationsIngested.example(), occurred_at=NOW - timedelta(seconds=ago)), ""
        )
        for ago in seconds_ago
    ]
    assert told.seconds_to_settle(NOW) == left

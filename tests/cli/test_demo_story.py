"""What ends the demo's story before production, and what it waits for."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.cli.demo import story
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    DeploymentFailed,
    ModelRefused,
    TrainingCompleted,
    TrainingFailed,
    TrainingSuppressed,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


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

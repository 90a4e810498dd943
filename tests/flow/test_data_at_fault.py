"""Data at fault on the local AWS: each fault is named and cleared, and none of them trains."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.lifecycle import (
    DataFaultCleared,
    DataFaultDetected,
    DataResumed,
    DataStalled,
)
from tests.flow.local_aws import wait_for
from tests.flow.streaming import POINTS_AN_HOUR, WATCHED, followed, record, streamed
from tests.flow.typing_in import Observation

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)
GAP_AT, FAULTY_HOURS, QUIET_HOURS = 4, 44, 4


def test_data_at_fault_are_named_and_train_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, flawless = followed(FAULTY_HOURS)
    stream, records = at_fault(flawless)
    with streamed(tmp_path, monkeypatch, history, stream, records, step=2 * HOUR) as scene:
        scene.declare(WATCHED)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        scene.driver.drive((FAULTY_HOURS + QUIET_HOURS) // 2)
        scene.listen()
        detected = [fault.kind for fault in scene.each("watched", DataFaultDetected)]
        cleared = [fault.kind for fault in scene.each("watched", DataFaultCleared)]
        assert detected == ["gap", "unit", "constant", "flood"]
        assert cleared == detected
        assert scene.told("watched")["TrainingStarted"] == 1
        assert scene.told("watched")["AccuracyDegraded"] == 0
        silences = [
            (event.detail_type(), event.last_seen)
            for event in scene.said("history")
            if isinstance(event, DataStalled | DataResumed)
        ]
    kinds = [kind for kind, _ in silences]
    assert kinds == ["DataStalled", "DataResumed"] * (len(kinds) // 2) + ["DataStalled"]
    for silent_from in (GAP_AT, FAULTY_HOURS):  # the last window before it is the last one seen
        last_seen = stream[0][0] + silent_from * HOUR - FIVE
        assert ("DataStalled", last_seen) in silences


def at_fault(observed: list[Observation]) -> tuple[list[Observation], list[dict[str, Any]]]:
    """Spoil a stream: four hours are missing, then hundredfold, constant and flooded hours."""
    hour = POINTS_AN_HOUR
    spoiled: list[Observation] = []
    records: list[dict[str, Any]] = []
    for at, (time, value, count) in enumerate(observed):
        if GAP_AT * hour <= at < (GAP_AT + 4) * hour:
            continue
        if 14 * hour <= at < 17 * hour:
            value *= 100
        if 24 * hour <= at < 28 * hour:
            value, count = 5_000.0 * 100, 100
        copies = 12 if 34 * hour <= at < 37 * hour else 1
        for copy in range(copies):
            one = record((time, value, count))
            spoiled.append((time, value, count))
            records.append(one | {"id": f"{one['id']}-{copy}"})
    return spoiled, records

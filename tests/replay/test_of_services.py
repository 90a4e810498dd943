"""What is reported of one service, where all decide again."""

from collections import Counter
from pathlib import Path

import pytest

from ops.replay import what_if
from ops.replay.life import HERE
from ops.replay.playing import Replay
from ops.replay.recorded import Recorded, Recording
from ops.replay.recording import read
from ops.replay.services import SERVICES
from ops.replay.what_if import UnderSpec
from tests.recordings.__main__ import LOOP
from tests.replay.world import lived, recorded, replayed

MODEL = "fees"
PASSES_ONLY_NOW = 6
"""A schedule in which a version is refused."""
LENIENT, STRICT = 100.0, 0.5


def under(recording: Recording, limit_ratio: float, *services: str) -> Replay:
    """Replay a recording under another gate, and report on some services; none: on all."""
    spec = what_if.declared(recording)[MODEL].task
    gate = spec.gate.changed(limit_ratio=limit_ratio)
    worlds = {MODEL: UnderSpec(spec.changed(gate=gate))}
    return replayed(
        recording,
        elsewhere=lambda key: worlds.get(key, HERE),
        before=replayed(recording),
        reported=frozenset(services) or None,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_what_nobody_knows_the_end_of_concerns_all_whoever_begins_it(
    service: str, tmp_path: Path
) -> None:
    replay = under(recorded(tmp_path, lived(PASSES_ONLY_NOW)), LENIENT, service)
    (passed,) = [one for one in replay.differences if one.is_another]
    assert (passed.one.record.service, passed.begins) == ("evaluator", ("Register",))


def lost(replay: Replay) -> list[Recorded]:
    """Answer what would not have been said."""
    return [one for each in replay.differences for one in each.lost]


def test_what_is_reported_of_each_service_is_together_what_is_reported_of_all() -> None:
    recording = read(LOOP)
    together = under(recording, STRICT)
    apart = {service: under(recording, STRICT, service) for service in SERVICES}
    for service, replay in apart.items():
        assert replay.decided.keys() <= {service}
        assert {one.envelope.metadata.producer for one in lost(replay)} == {service}
    said = [one for replay in apart.values() for one in lost(replay)]
    assert sorted(one.number for one in said) == sorted(one.number for one in lost(together))
    decided: Counter[str] = sum((replay.decided for replay in apart.values()), Counter())
    assert decided == together.decided

"""What was decided in real runs of the loop is decided again; under another spec, exactly what
follows from the recorded numbers is decided otherwise."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.replay import summary, what_if
from ops.replay.life import HERE
from ops.replay.playing import Replay
from ops.replay.recorded import Recording
from ops.replay.recording import read
from ops.replay.what_if import UnderSpec
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    AccuracyMeasured,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    PromotionApproved,
    TrainingStarted,
)
from tests.recordings.__main__ import HANDS, LOOP
from tests.replay.world import of, refused, replayed

HERE_ARE = sorted(Path(__file__).parent.glob("*.jsonl.gz"))
BYTES_MAX = 300_000
AGAIN = "if that is meant: make recordings, and read what `modelcycle replay --diff` said before"
OF_A_VERSION: tuple[type[ModelRegistered | ModelApproved | PromotionApproved], ...] = (
    ModelRegistered,
    ModelApproved,
    PromotionApproved,
)
LEAST = {"trainer": 20, "evaluator": 12, "deployer": 18, "monitor": 30}


def under(recording: Recording, folder: Path, **changes: Any) -> Replay:
    """Replay a recording with parts of its model's spec changed."""
    ((model, world),) = what_if.declared(recording).items()
    spec = world.task.model_dump(mode="json", exclude_defaults=True)
    for part, change in changes.items():
        old = spec.get(part)
        spec[part] = {**old, **change} if isinstance(old, dict) else change
    file = folder / "spec.yaml"
    file.write_text(yaml.safe_dump(spec))
    world_of = UnderSpec(what_if.specs([file], recording)[model])
    before = replayed(recording)
    return replayed(
        recording, elsewhere=lambda key: world_of if key == model else HERE, before=before
    )


def too_bad(recording: Recording, ratio: float) -> set[str]:
    """Answer the runs whose recorded loss is above a relative limit, where that is the limit."""
    return {
        one.run_id
        for one in of(recording, ModelEvaluated)
        if one.gate.limit_is.endswith("baseline")
        and one.metrics.mean_wql > ratio * one.baseline.mean_wql
    }


@pytest.mark.parametrize("path", HERE_ARE, ids=lambda path: path.name)
def test_what_was_decided_is_decided_again(path: Path) -> None:
    replay = replayed(read(path))
    assert not replay.differences, AGAIN
    assert (replay.stopped, replay.skipped) == ({}, {})
    assert replay.decided >= Counter(LEAST)
    assert path.stat().st_size <= BYTES_MAX


@pytest.mark.parametrize("ratio", [0.99, 0.9, 0.5, 0.2])
def test_a_stricter_gate_refuses_exactly_what_scored_worse(ratio: float, tmp_path: Path) -> None:
    recording = read(HANDS)
    replay = under(recording, tmp_path, gate={"limit_ratio": ratio})
    expected = too_bad(recording, ratio)
    assert refused(replay) == expected
    versions = {one.version for one in of(recording, ModelRegistered) if one.run_id in expected}
    lost = [one.envelope.data for each in replay.differences for one in each.lost]
    for kind in OF_A_VERSION:
        those = [one for one in of(recording, kind) if one.version in versions]
        assert [one for one in lost if isinstance(one, kind)] == those
    promoted = len([one for one in of(recording, PromotionApproved) if one.version in versions])
    said = summary.headline(replay)
    assert (f"{summary.counted(len(expected), 'version')} would have been refused" in said) == bool(
        expected
    )
    assert (f"{summary.counted(promoted, 'promotion')} would not have been" in said) == bool(
        promoted
    )


def test_the_strictest_of_these_gates_refuses_more_than_the_least_strict() -> None:
    recording = read(HANDS)
    assert too_bad(recording, 0.99) == set()
    assert len(too_bad(recording, 0.2)) == 2


def test_what_beats_a_champion_in_breach_passes_a_gate_that_it_would_fail(tmp_path: Path) -> None:
    recording = read(LOOP)
    first, *_, second = of(recording, ModelEvaluated)
    ratio = (second.metrics.mean_wql / second.baseline.mean_wql) - 0.01
    assert first.metrics.mean_wql < ratio * first.baseline.mean_wql
    assert too_bad(recording, ratio) == {second.run_id}
    replay = under(recording, tmp_path, gate={"limit_ratio": ratio})
    assert refused(replay) == set()
    assert not any(one.is_another for one in replay.differences)


def test_without_a_first_model_nothing_falls_short_and_nothing_is_trained_again(
    tmp_path: Path,
) -> None:
    recording = read(LOOP)
    first, *_, second = of(recording, ModelEvaluated)
    ratio = (first.metrics.mean_wql / first.baseline.mean_wql) - 0.01
    replay = under(recording, tmp_path, gate={"limit_ratio": ratio})
    assert refused(replay) == {first.run_id}
    lost = summary.lost(replay.differences)
    assert lost[AccuracyDegraded.detail_type()] == 1
    assert lost[TrainingStarted.detail_type()] == 1
    assert lost[PromotionApproved.detail_type()] == 2
    assert lost[AccuracyMeasured.detail_type()] == len(of(recording, AccuracyMeasured))
    assert summary.headline(replay).endswith(
        "2 promotions would not have been, 1 training would not have been begun then"
    )


def test_a_monitor_with_more_patience_saves_a_training(tmp_path: Path) -> None:
    recording = read(LOOP)
    breaches = [one.breached for one in of(recording, AccuracyMeasured) if one.version == 1]
    longest = max(len(run) for run in "".join("x" if one else " " for one in breaches).split())
    patient = under(recording, tmp_path, monitor={"consecutive": longest + 1})
    (degraded,) = [one for one in patient.differences if one.is_another and not one.untold]
    assert degraded.then.kinds[1][-1] == AccuracyDegraded.detail_type()
    assert AccuracyDegraded.detail_type() not in (degraded.now.kinds[1] if degraded.now else ())
    assert summary.lost(patient.differences)[TrainingStarted.detail_type()] == 1


def test_where_another_model_would_have_been_trained_the_record_does_not_tell(
    tmp_path: Path,
) -> None:
    replay = under(read(LOOP), tmp_path, horizon=6)
    stops = {whose.service: life.stopped for whose, life in replay.stopped.items()}
    assert stops["trainer"] == "another model would have been trained"
    assert summary.lost(replay.differences)[PromotionApproved.detail_type()] == 0


def test_a_threshold_refuses_what_scored_worse_whoever_set_it(tmp_path: Path) -> None:
    recording = read(HANDS)
    scores = {one.run_id: one.metrics.mean_wql for one in of(recording, ModelEvaluated)}
    first, second, *_ = scores
    between = (scores[first] + scores[second]) / 2
    gate = {"limit_ratio": None, "threshold": between, "update_rate": 0.5, "headroom": 0.1}
    replay = under(recording, tmp_path, gate=gate)
    assert refused(replay) == {run for run in (first, second) if scores[run] > between}
    assert len(refused(replay)) == 1
    assert replay.skipped == {}


def test_a_rule_in_place_of_people_approves_at_once(tmp_path: Path) -> None:
    rule = {"staging": "rule", "production": "rule"}
    replay = under(read(HANDS), tmp_path, approval=rule)
    approved = [one for one in replay.differences if one.is_another and not one.untold]
    kinds = [(one.then.actions, one.now.actions if one.now else ()) for one in approved]
    assert kinds[:2] == [((), ("WriteRuleVerdict",)), ((), ("WriteRuleVerdict",))]
    assert summary.headline(replay) == ""

"""Lives under every fault, lived again under a stricter gate: what is lost is what the refused runs
have led to, and nothing else, in whatever order it was heard of."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median_low
from typing import TypeGuard

import pytest

from ops.cli.replay.show import verdict
from ops.replay import summary, what_if
from ops.replay.life import HERE
from ops.replay.playing import Replay
from ops.replay.recorded import Recording
from ops.replay.what_if import UnderSpec
from shared.contracts.lifecycle import (
    DeploymentStarted,
    EndpointInService,
    ModelApproved,
    ModelEvaluated,
    ModelRegistered,
    PromotionApproved,
    TrainingStarted,
)
from shared.contracts.specs import ModelSpec
from tests.replay.world import lived, of, recorded, refused, replayed

MODEL = "fees"
SEEDS = (0, 1, 3, 4, 5, 9, 43, 52, 89, 115, 157, 172, 201, 254, 320)
"""In 9, 43 and 52 a version is approved before the deployer hears that it is registered; in 89, 157
and 201 one decision is about two versions, of which one is refused; in 115 another gives way to the
refused one; in 172, 254 and 320 the clocks of services differ."""
OF_VERSIONS = (
    ModelRegistered,
    ModelApproved,
    DeploymentStarted,
    EndpointInService,
    PromotionApproved,
)
OfVersion = (
    ModelRegistered | ModelApproved | DeploymentStarted | EndpointInService | PromotionApproved
)


def stricter(recording: Recording) -> Replay:
    """Replay a recording under a gate that half of what passed would not pass."""
    ratios = [
        one.metrics.mean_wql / one.baseline.mean_wql
        for one in of(recording, ModelEvaluated)
        if (one.model, one.verdict) == (MODEL, "passed") and one.gate.limit_is.endswith("baseline")
    ]
    return under(recording, median_low(ratios) * 0.999)


def under(recording: Recording, limit_ratio: float) -> Replay:
    """Replay a recording under another gate."""
    spec = what_if.declared(recording)[MODEL].task
    gate = spec.gate.changed(limit_ratio=limit_ratio)
    return under_spec(recording, spec.changed(gate=gate))


def under_spec(recording: Recording, spec: ModelSpec) -> Replay:
    """Replay a recording under another spec."""
    worlds = {MODEL: UnderSpec(spec)}
    before = replayed(recording)
    return replayed(recording, elsewhere=lambda key: worlds.get(key, HERE), before=before)


def lost(replay: Replay) -> set[str]:
    """Answer the ids of what would not have been said."""
    return {one.entry.event_id for each in replay.differences for one in each.lost}


def of_refused(replay: Replay) -> Iterator[str]:
    """Answer the ids of what is told of versions that would not be, by the numbers of runs."""
    recording, gone = replay.recording, lost(replay)
    runs = refused(replay) | {
        one.envelope.data.run_id
        for one in recording.events
        if isinstance(one.envelope.data, TrainingStarted) and one.entry.event_id in gone
    }
    registered = (one for one in of(recording, ModelRegistered) if one.model == MODEL)
    made_by = {one.version: one.run_id for one in registered}
    for one in recording.events:
        data = one.envelope.data
        if is_of_version(data) and made_by.get(data.version) in runs:
            yield one.entry.event_id


def test_what_passes_now_and_was_refused_then_is_counted_and_its_registration_is_not_guessed(
    tmp_path: Path,
) -> None:
    recording = recorded(tmp_path, lived(6))
    assert [one.verdict for one in of(recording, ModelEvaluated)] == ["refused"]
    replay = under(recording, 100.0)
    assert summary.headline(replay) == "1 version would have passed the gate"
    (passed,) = [one for one in replay.differences if one.is_another]
    assert (passed.begins, passed.untold) == (("Register",), "")
    assert not summary.is_all_told(replay)
    assert (
        verdict(replay, True)
        == "\n1 version would have passed the gate, as far as the record tells"
    )


FROZEN = {42: "trainer", 43: "deployer"}
"""Schedules in which the model is frozen for a while, and who decides otherwise because of it."""


@pytest.mark.parametrize("seed", FROZEN)
def test_who_froze_the_model_did_so_under_another_spec_too_unless_its_file_says_otherwise(
    seed: int, tmp_path: Path
) -> None:
    recording = recorded(tmp_path, lived(seed))
    file = json.loads(what_if.declared(recording)[MODEL].task.model_dump_json(exclude={"frozen"}))
    as_declared = under_spec(recording, ModelSpec.parse(json.dumps(file)))
    assert (as_declared.differences, as_declared.stopped) == ([], {})
    thawed = under_spec(recording, ModelSpec.parse(json.dumps({**file, "frozen": False})))
    assert FROZEN[seed] in {one.one.record.service for one in thawed.differences}


@pytest.mark.parametrize("seed", SEEDS)
def test_all_that_versions_led_to_is_lost_with_them_and_nothing_else(
    seed: int, tmp_path: Path
) -> None:
    recording = recorded(tmp_path, lived(seed))
    replay = stricter(recording)
    told = {one.entry.event_id for one in recording.events if is_of_version(one.envelope.data)}
    assert refused(replay)
    assert lost(replay) & told == set(of_refused(replay))
    assert not [life.stopped for life in replay.stopped.values() if "fails" in life.stopped]


@pytest.mark.parametrize("seed", (31, 38, 39, 53))
def test_where_the_record_ends_is_told_with_the_reason_and_of_no_later_time(
    seed: int, tmp_path: Path
) -> None:
    whole = recorded(tmp_path, lived(seed))
    moments = sorted({one.envelope.metadata.occurred_at for one in whole.events})
    for moment in moments[::5]:
        late = stricter(replace(whole, header=whole.header.changed(since=moment)))
        for whose, life in late.stopped.items():
            assert [
                one for one in late.differences if one is life.because or one.one.whose == whose
            ]
        early = stricter(replace(whole, header=whole.header.changed(until=moment)))
        stopped_at = [life.stopped_at for life in early.stopped.values() if life.stopped_at]
        assert all(at.record.now <= moment for at in stopped_at)


def is_of_version(data: object) -> TypeGuard[OfVersion]:
    """Tell whether an event is about one version of the model."""
    return isinstance(data, OF_VERSIONS) and data.model == MODEL

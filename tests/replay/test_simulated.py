"""Lives under every fault, lived again: deaths, races, redelivery, refusals and lost hints change
nothing in what the records tell; a bug that is planted afterwards does."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.replay.playing import Replay
from ops.replay.recorded import Aggregate
from services.deployer.domain import verdicts
from shared.contracts.lifecycle import DecisionRecorded
from shared.messaging.decision import Entry
from tests.replay.world import lived, recorded, replayed
from tests.simulation.mutants import MUTANTS

SEEDS = range(40)
WITH_DATA = 95  # a schedule with a stream of records
PLANTED = {
    "gate lets all pass": "evaluator",
    "limit loosens with a worse version": "evaluator",
    "no rest between runs": "trainer",
    "refused wish forgotten": "trainer",
    "last click wins": "deployer",
}
"""Bugs of decisions, and whose."""

Life = list[Entry]
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [lived(seed) for seed in (*SEEDS, WITH_DATA)]


def changed(life: Life, change: Change) -> Life:
    """Change what records of decisions say; None: the journal lacks it."""

    def rewritten(entry: Entry) -> Entry | None:
        detail = json.loads(entry.detail)
        if entry.detail_type != DecisionRecorded.detail_type():
            return entry
        data = change(detail["data"])
        return entry.changed(detail=json.dumps(detail | {"data": data})) if data else None

    return [made for entry in life if (made := rewritten(entry))]


def differs(replay: Replay) -> bool:
    """Tell whether anything is not as it was recorded."""
    return bool(replay.differences or replay.stopped or replay.skipped)


def test_what_was_decided_under_faults_is_decided_again(lives: list[Life], tmp_path: Path) -> None:
    decided: Counter[str] = Counter()
    for life in lives:
        replay = replayed(recorded(tmp_path, life))
        assert not differs(replay)
        decided += replay.decided
    assert min(decided[service] for service in ("trainer", "evaluator", "deployer")) > 100
    assert decided["monitor"] > 10


@pytest.mark.parametrize("name", PLANTED)
def test_a_bug_in_decisions_differs_from_the_record(
    lives: list[Life], tmp_path: Path, name: str
) -> None:
    with MUTANTS[name].planted():
        replays = [replayed(recorded(tmp_path, life)) for life in lives]
    differences = [one for replay in replays for one in replay.differences]
    assert PLANTED[name] in {one.one.record.service for one in differences}
    assert all(one.fields for one in differences)


def test_old_records_which_name_no_outcome_are_read_by_what_fits(
    lives: list[Life], tmp_path: Path
) -> None:
    def old(data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name not in ("item", "outcome")}

    assert not any(differs(replayed(recorded(tmp_path, changed(life, old)))) for life in lives)


def test_a_question_that_was_not_recorded_is_named_and_never_guessed(
    lives: list[Life], tmp_path: Path
) -> None:
    def unseen(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"seen": {}} if data["service"] == "evaluator" else data

    replay = replayed(recorded(tmp_path, changed(lives[0], unseen)))
    first = replay.differences[0]
    assert (first.one.record.service, first.now) == ("evaluator", None)
    assert first.untold == 'it looks at world["fees"], at which nobody looked then'


def test_code_that_fails_now_is_a_difference(
    lives: list[Life], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("deployer")

    monkeypatch.setattr(verdicts, "register", broken)
    told = {one.untold for life in lives for one in replayed(recorded(tmp_path, life)).differences}
    assert told == {"it fails: KeyError: 'deployer'"}


def test_what_a_decision_saw_and_is_not_kept_is_named(lives: list[Life], tmp_path: Path) -> None:
    def elsewhere(data: dict[str, Any]) -> dict[str, Any]:
        seen = {"uri": "s3://bucket/seen/gone.json", "sha256": "0" * 64}
        return data | {"seen": seen} if data["service"] == "trainer" else data

    found = recorded(tmp_path, changed(lives[0], elsewhere), lambda uri: None)
    assert {one.untold for one in replayed(found).differences} == {
        "what it saw was not kept any more when it was recorded"
    }


def test_an_outcome_that_nobody_knows_any_more_is_named(lives: list[Life], tmp_path: Path) -> None:
    def gone(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"outcome": "Begun"} if data.get("outcome") == "RunStarted" else data

    replays = [replayed(recorded(tmp_path, changed(life, gone))) for life in lives]
    told = {one.untold for replay in replays for one in replay.differences}
    assert told == {"the outcome Begun is nothing that is known now"}


def test_a_life_is_followed_to_a_gap_and_no_further(lives: list[Life], tmp_path: Path) -> None:
    life = next(life for life in lives if len(of_trainer(life)) > 8)
    missing = of_trainer(life)[4]
    replay = replayed(recorded(tmp_path, [one for one in life if one.detail != missing.detail]))
    stopped = replay.lives[Aggregate("trainer", "fees")]
    assert stopped.stopped == "the recording lacks a decision before it"
    assert stopped.untold == len(of_trainer(life)) - 5
    assert replay.decided["trainer"] == 4


def test_a_life_that_was_recorded_from_its_middle_is_left_out(
    lives: list[Life], tmp_path: Path
) -> None:
    life = next(life for life in lives if len(of_trainer(life)) > 8)
    first = of_trainer(life)[0]
    replay = replayed(recorded(tmp_path, [one for one in life if one.detail != first.detail]))
    assert replay.skipped == {("trainer", "fees"): len(of_trainer(life)) - 1}
    assert replay.decided["trainer"] == 0


def of_trainer(life: Life) -> Life:
    """Answer the trainer's decisions on one model that changed something, each once, in order."""
    found = {
        entry.detail: entry
        for entry in life
        if entry.detail_type == DecisionRecorded.detail_type()
        and '"service":"trainer","model":"fees",' in entry.detail
    }
    records = sorted(found.values(), key=lambda entry: revision(entry))
    states = [json.loads(entry.detail)["data"] for entry in records]
    return [
        entry
        for entry, data in zip(records, states, strict=True)
        if data["state_before"] != data["state_after"]
    ]


def revision(entry: Entry) -> int:
    """Answer the revision of a decision."""
    return int(json.loads(entry.detail)["metadata"]["revision"]["number"])


def test_the_same_events_are_the_same_file_each_time(lives: list[Life], tmp_path: Path) -> None:
    recorded(tmp_path, lives[0])
    once = (tmp_path / "recording.jsonl.gz").read_bytes()
    recorded(tmp_path, reversed(lives[0]))
    assert (tmp_path / "recording.jsonl.gz").read_bytes() == once

"""`modelcycle replay --spec`: whole specs, and parts of one laid over what was declared."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from ops.replay.recorded import Recorded
from ops.replay.recording import Line, read, text_of
from tests.cli.conftest import Cli
from tests.cli.world import lines
from tests.recordings.__main__ import HANDS, LOOP
from tests.replay.world import HEADER, lived, recorded

WORLD = '["world",["fees"],{"spec":'
APPROVED_BY_RULE = 17  # a schedule
FEES = Path(__file__).parents[2] / "models" / "fees.yaml"


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A part of a spec: a gate that the first version of the recorded model does not pass."""
    file = tmp_path / "part.yaml"
    file.write_text("gate: {limit_ratio: 0.5}\n")
    return file


def written(file: Path, events: Iterable[Recorded], change: tuple[str, str] = ("", "")) -> Path:
    """Write a recording; what the trainer saw of declarations at last is changed in it."""
    kept = [Line(entry=one.entry, seen=one.seen) for one in events]
    last = max(number for number, line in enumerate(kept) if WORLD in str(line.entry.detail))
    inline = kept[last].entry.detail["data"]["seen"]["inline"].replace(*change)
    detail = kept[last].entry.detail
    changed = {**detail, "data": {**detail["data"], "seen": {"inline": inline}}}
    kept[last] = kept[last].changed(entry=kept[last].entry.changed(detail=changed))
    file.write_bytes(text_of(HEADER, kept)[0])
    return file


def test_a_part_of_a_spec_is_laid_over_the_declared_one(
    bare: Cli, part: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.yaml"
    whole.write_text(FEES.read_text().replace("limit_ratio: 1.0", "limit_ratio: 0.5"))
    as_part, as_whole = (bare("replay", LOOP, "--spec", file) for file in (part, whole))
    assert as_part.exit_code == 1
    assert "would have been refused" in as_part.stdout
    assert as_part.stdout == as_whole.stdout


def test_a_part_that_says_what_was_declared_makes_no_difference(bare: Cli, tmp_path: Path) -> None:
    same = tmp_path / "same.yaml"
    same.write_text("backtest: {origins: 20}\n")
    done = bare("replay", LOOP, "--spec", same)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "no difference")


PARTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a value of the wrong type": ("gate: {limit_ratio: half}", ":1: gate.limit_ratio: must be", ()),
    "no such key": ("gates: {limit_ratio: 0.5}", ":1: gates: ", ()),
    "two limits": (
        "gate: {limit_ratio: 0.5, threshold: 0.5}",
        ":1: gate: limit_ratio and threshold exclude each other",
        (),
    ),
    "another frequency": ("frequency: 7m", "must be whole minutes that divide a day", ()),
    "no such model": (
        "gate: {limit_ratio: 0.5}",
        "the recording has no decision of the trainer on model 'feas'",
        ("--model", "feas"),
    ),
    "nothing": ("", "is empty", ()),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_does_not_fit_is_told_with_what_to_do(bare: Cli, part: Path, name: str) -> None:
    text, why, options = PARTS[name]
    part.write_text(text)
    done = bare("replay", LOOP, "--spec", part, *options)
    code, (what, fix) = lines(done)
    assert (code, done.stdout) == (2, "")
    assert why in what
    assert fix.startswith("Try: ")
    assert "written" not in fix


def test_of_which_of_several_models_a_part_is_has_to_be_said(
    bare: Cli, part: Path, tmp_path: Path
) -> None:
    both = written(tmp_path / "both.jsonl.gz", (*read(LOOP).events, *read(HANDS).events))
    code, told = lines(bare("replay", both, "--spec", part))
    assert (code, told[1]) == (2, "Try: add --model NAME")
    assert told[0].endswith("the recording has these models: fees, watched")
    done = bare("replay", both, "--spec", part, "--model", "fees")
    assert (done.exit_code, "1 version would have been refused" in done.stdout) == (1, True)


def test_a_part_is_of_one_declared_spec_and_whoever_froze_it_declared_no_other(
    bare: Cli, part: Path, tmp_path: Path
) -> None:
    events = read(LOOP).events
    strict = ('"limit_ratio":1.0', '"limit_ratio":0.9')
    code, told = lines(bare("replay", written(tmp_path / "1.gz", events, strict), "--spec", part))
    assert code == 2
    assert "model 'fees' had 2 different ones in the recorded time" in told[0]
    assert told[1].startswith("Try: give a whole spec")
    frozen = written(tmp_path / "2.gz", events, ('"frozen":false', '"frozen":true'))
    assert bare("replay", frozen, "--spec", part).exit_code == 1


def test_a_threshold_takes_the_place_of_a_ratio_that_nobody_declared(bare: Cli, part: Path) -> None:
    part.write_text("gate: {threshold: 0.2}")
    done = bare("replay", LOOP, "--spec", part)
    assert done.exit_code == 1
    assert "is above the limit 0.2 (threshold)" in done.stdout


def test_what_is_lost_through_other_words_is_shown_with_what_it_rests_on(
    bare: Cli, part: Path, tmp_path: Path
) -> None:
    recorded(tmp_path, lived(APPROVED_BY_RULE))
    part.write_text("{gate: {limit_ratio: 5}, approval: {staging: person}}")
    file = tmp_path / "recording.jsonl.gz"
    done = bare("replay", file, "--spec", part, "--model", "fees")
    told = done.stdout.splitlines()
    assert (done.exit_code, told[-1].startswith("1 approval would not have been")) == (1, True)
    rests = told.index("  then  v1 is approved by the rule")
    assert told[rests + 1] == "  now   v1 waits for approval"
    assert "  so 1 approval would not have been" in told[:rests]
    changed = next(line for line in told if line.startswith("  ModelRegistered."))
    assert changed.split()[0] == "ModelRegistered.lineage.evaluation.sha256"


def test_two_files_of_one_model_are_told(bare: Cli, part: Path) -> None:
    code, told = lines(bare("replay", LOOP, "--spec", part, "--spec", FEES))
    assert (code, told[0]) == (2, "Error: two files are of one model")

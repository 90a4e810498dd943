"""`modelcycle replay`: files of recordings, and other specs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.replay.recording import Line, read, text_of
from tests.cli.conftest import Cli
from tests.cli.world import lines
from tests.recordings.__main__ import LOOP

FEES = Path(__file__).parents[2] / "models" / "fees.yaml"
DECISIONS = "215 decisions taken again: deployer 18, evaluator 12, monitor 165, trainer 20"


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """The spec of the recorded model, with a gate that its first version does not pass."""
    file = tmp_path / "strict.yaml"
    file.write_text(FEES.read_text().replace("limit_ratio: 1.0", "limit_ratio: 0.5"))
    return file


def test_a_recording_is_replayed_without_anything_of_aws(bare: Cli) -> None:
    done = bare("replay", LOOP)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [DECISIONS, "no difference"]


def test_another_spec_tells_what_would_not_have_been(bare: Cli, strict: Path) -> None:
    done = bare("replay", LOOP, "--spec", strict)
    assert done.exit_code == 1
    told = done.stdout.splitlines()
    assert "is refused: mean wQL" in "".join(told)
    assert (
        "  so 1 degradation, 1 training, 2 registrations, 2 approvals, 4 roll-outs and "
        "2 promotions would not have been" in told
    )
    assert told[-1] == (
        "1 version would have been refused, 2 approvals would not have been, "
        "2 promotions would not have been, 1 training would not have been begun then, "
        "as far as the record tells"
    )


def test_what_rests_on_a_decision_of_before_is_reported_with_it(bare: Cli, strict: Path) -> None:
    done = bare("replay", LOOP, "--spec", strict, "--from", "2026-03-16")
    assert done.exit_code == 1
    assert "upon Evaluate of TrainingCompleted" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(
        "1 version would have been refused, 1 approval would not have been, "
        "1 promotion would not have been, 1 training would not have been begun then"
    )
    until = bare("replay", LOOP, "--spec", strict, "--to", "2026-03-15T01:30")
    assert until.exit_code == 1
    assert until.stdout.splitlines()[-1].startswith("1 version would have been refused, as far")


OF_SERVICES = {
    "trainer": "1 training",
    "evaluator": "2 registrations",
    "deployer": "2 approvals, 4 roll-outs and 2 promotions",
    "monitor": "1 degradation",
}
"""What each service would not have said under the strict spec."""


@pytest.mark.parametrize("service", OF_SERVICES)
def test_of_a_service_it_is_reported_what_another_spec_changes_through_others(
    bare: Cli, strict: Path, service: str
) -> None:
    done = bare("replay", LOOP, "--spec", strict, "--service", service)
    assert done.exit_code == 1
    assert "evaluator  fees  upon Evaluate of TrainingCompleted" in done.stdout
    assert f"  so {OF_SERVICES[service]} would not have been" in done.stdout.splitlines()
    assert "from here on the record does not tell" in done.stdout
    told = json.loads(bare("replay", LOOP, "--spec", strict, "--service", service, "--json").stdout)
    assert told["decisions"].keys() <= {service}


BOUNDED = {
    "what is of another": ("limit_ratio: 1.0", "limit_ratio: 0.999", 0, "no difference"),
    "what is not known of another": (
        "horizon: 12",
        "horizon: 6",
        1,
        "1 decision cannot be taken again",
    ),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_of_what_concerns_others_alone_it_is_reported_where_nobody_knows_what_came(
    bare: Cli, tmp_path: Path, name: str
) -> None:
    then, now, code, verdict = BOUNDED[name]
    spec = tmp_path / "spec.yaml"
    spec.write_text(FEES.read_text().replace(then, now))
    assert bare("replay", LOOP, "--spec", spec).exit_code == 1
    done = bare("replay", LOOP, "--spec", spec, "--service", "deployer")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (code, verdict)
    assert done.stdout.splitlines()[0] == "18 decisions taken again: deployer 18"


def test_the_differences_are_shown_field_by_field(bare: Cli, strict: Path) -> None:
    done = bare("replay", LOOP, "--spec", strict, "--service", "evaluator", "--diff")
    assert done.exit_code == 1
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["ModelEvaluated.verdict", "passed", "refused"] in rows


def test_programs_read_the_same_as_json(bare: Cli, strict: Path) -> None:
    assert json.loads(bare("replay", LOOP, "--json").stdout)["differences"] == []
    done = bare("replay", LOOP, "--spec", strict, "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told["would_not_have_been"]["PromotionApproved"] == 2
    assert {one["service"] for one in told["untold"]} == {"trainer", "deployer"}
    (refused,) = [one for one in told["differences"] if "ModelRefused" in one["now"]["events"]]
    assert refused["then"]["actions"] == ["Register"]
    assert {"field": "ModelEvaluated.verdict", "then": "passed", "now": "refused"} not in (
        refused["fields"]
    )
    assert {"name": "ModelEvaluated.verdict", "then": "passed", "now": "refused"} in (
        refused["fields"]
    )


def test_a_part_of_a_recording_is_reported_though_all_is_replayed(bare: Cli) -> None:
    whole = json.loads(bare("replay", LOOP, "--json").stdout)["decisions"]
    late = json.loads(bare("replay", LOOP, "--from", "2026-03-16", "--json").stdout)
    last = json.loads(bare("replay", LOOP, "--from", "3h", "--json").stdout)
    assert 0 < sum(last["decisions"].values()) < sum(late["decisions"].values())
    assert sum(late["decisions"].values()) < sum(whole.values())
    assert late["skipped"] == []


BAD: dict[str, tuple[tuple[object, ...], str]] = {
    "no such file": (("no.jsonl.gz",), "'no.jsonl.gz' does not exist"),
    "no recording": ((FEES,), "no compressed recording"),
    "a time without events": (
        (LOOP, "--from", "2026-04-01"),
        "holds no event from 2026-04-01 00:00:00 UTC",
    ),
    "the wrong way round": (
        (LOOP, "--from", "2026-03-16", "--to", "2026-03-15"),
        "--from 2026-03-16 00:00:00 is after --to 2026-03-15 00:00:00",
    ),
    "a time without decisions": (
        (LOOP, "--service", "trainer", "--from", "2026-03-15T05:00", "--to", "2026-03-15T09:00"),
        "the recording holds no decision of these services, on this model, in this time",
    ),
    "an unknown model": (
        (LOOP, "--model", "feas"),
        "the recording holds no decision of these services, on this model, in this time",
    ),
    "a service that cannot be replayed": ((LOOP, "--service", "ingest"), "'ingest' is not one of"),
    "a speed of nothing": ((LOOP, "--speed", "60"), "--speed and --yes are about sending"),
    "no speed": ((LOOP, "--live", "--speed", "nan"), "nan is not from 0 to 1,000,000"),
    "no file for a bus": (("--live",), "--live sends a recording"),
    "decisions to a bus": (
        (LOOP, "--live", "--service", "trainer"),
        "--service, --spec, --diff, --partial and --json are about decisions, --live sends events",
    ),
    "a part of decisions to a bus": ((LOOP, "--live", "--partial"), "--live sends events"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_replayed_is_told_and_nothing_is_shown(bare: Cli, name: str) -> None:
    arguments, why = BAD[name]
    done = bare("replay", *arguments)
    code, (what, fix) = lines(done)
    assert code == 2
    assert why in what
    assert fix.startswith("Try: ")
    assert done.stdout == ""


SPECS: dict[str, tuple[Callable[[str], str], str]] = {
    "no spec": (
        lambda text: text.replace("horizon: 12", "horizon: many"),
        "strict.yaml:7: horizon: must be a whole number",
    ),
    "another model": (
        lambda text: text.replace("model: fees", "model: feas"),
        "the recording has no decision of the trainer on model 'feas'",
    ),
    "another series": (
        lambda text: text.replace("series: transactions", "series: blocks"),
        "unknown series 'blocks'",
    ),
}


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_that_does_not_fit_is_told(bare: Cli, strict: Path, name: str) -> None:
    change, why = SPECS[name]
    strict.write_text(change(strict.read_text()))
    done = bare("replay", LOOP, "--spec", strict)
    code, told = lines(done)
    assert (code, done.stdout) == (2, "")
    assert why in told[0]


def lacking(file: Path, revision: int, service: str) -> Path:
    """Write the recording of the loop without one decision of a service."""
    found = read(LOOP)
    kept = (
        Line(entry=one.entry, seen=one.seen)
        for one in found.events
        if not (one.is_decision and one.revision == revision and one.record.service == service)
    )
    text, _ = text_of(found.header, kept)
    file.write_bytes(text)
    return file


def test_lives_that_were_recorded_from_the_middle_are_told(bare: Cli, tmp_path: Path) -> None:
    middle = lacking(tmp_path / "middle.jsonl.gz", 1, "trainer")
    code, told = lines(bare("replay", middle, "--service", "trainer", "--partial"))
    assert code == 2
    assert "none of 19 decisions can be taken again" in told[0]


def test_a_recording_that_lacks_a_decision_is_not_as_it_was(bare: Cli, tmp_path: Path) -> None:
    done = bare("replay", lacking(tmp_path / "gap.jsonl.gz", 6, "trainer"))
    assert done.exit_code == 1
    told = "the recording lacks a decision before it; 17 decisions after that"
    assert told in done.stdout
    assert done.stdout.endswith("no difference in what the record tells\n")


def test_a_recording_that_lacks_the_beginning_of_a_life_is_as_it_was_only_if_that_is_meant(
    bare: Cli, tmp_path: Path
) -> None:
    middle = lacking(tmp_path / "middle.jsonl.gz", 1, "trainer")
    done = bare("replay", middle)
    assert done.exit_code == 1
    assert done.stdout.endswith("no difference in what the record tells\n")
    left_out, all_of_it = done.stderr.splitlines()
    assert left_out.startswith("trainer of fees is left out: the recording begins in the middle")
    assert all_of_it.startswith("not all was taken again (exit code 1): 1 life left out, ")
    assert "--partial if that is meant" in all_of_it
    meant = bare("replay", middle, "--partial")
    assert (meant.exit_code, meant.stdout) == (0, done.stdout)
    assert meant.stderr.splitlines() == [left_out]
    assert bare("replay", middle, "--json").exit_code == 1
    assert bare("replay", middle, "--service", "deployer").exit_code == 0

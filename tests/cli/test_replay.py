"""`modelcycle replay`: files of recordings, other specs, and a running bus."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.cli.connection import Connection
from ops.replay.recording import Line, read, text_of
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import DecisionRecorded, ModelRegistered, RetrainRequested
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Entry
from shared.messaging.errors import Refused
from tests.cli.conftest import Cli, Clients
from tests.cli.world import heard, lines
from tests.fakes.messaging import envelope
from tests.recordings.__main__ import HANDS, LOOP
from tests.replay.world import recorded

FEES = Path(__file__).parents[2] / "models" / "fees.yaml"
DECISIONS = "215 decisions taken again: deployer 18, evaluator 12, monitor 165, trainer 20"


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """The spec of the recorded model, with a gate that its first version does not pass."""
    file = tmp_path / "strict.yaml"
    file.write_text(FEES.read_text().replace("limit_ratio: 1.0", "limit_ratio: 0.5"))
    return file


def said(event: Event, event_id: str, at: datetime, **metadata: Any) -> Entry:
    """Say an event at some moment."""
    producer = "trainer" if isinstance(event, DecisionRecorded) else event.producer
    metadata = {"revision": Revision(number=1, index=0)} | metadata
    made = envelope(event, event_id, producer=producer, occurred_at=at, **metadata)
    name = event.detail_type()
    return Entry(source=f"modelcycle.{producer}", detail_type=name, detail=made.detail())


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
        "2 promotions would not have been, 1 training saved, as far as the record tells"
    )


def test_what_rests_on_a_decision_of_before_is_reported_with_it(bare: Cli, strict: Path) -> None:
    done = bare("replay", LOOP, "--spec", strict, "--from", "2026-03-16")
    assert done.exit_code == 1
    assert "upon Evaluate of TrainingCompleted" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(
        "1 version would have been refused, 1 approval would not have been, "
        "1 promotion would not have been, 1 training saved"
    )
    until = bare("replay", LOOP, "--spec", strict, "--to", "2026-03-15T01:30")
    assert until.exit_code == 1
    assert until.stdout.splitlines()[-1].startswith("1 version would have been refused, as far")


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
        "--service, --spec, --diff and --json are about decisions, --live sends events",
    ),
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


def test_lives_that_were_recorded_from_the_middle_are_told(bare: Cli, tmp_path: Path) -> None:
    events = [said(DecisionRecorded.example(), "event-1", datetime.now(UTC))]
    with_revision = json.loads(events[0].detail)
    with_revision["metadata"]["revision"] = {"number": 7, "index": 1}
    recorded(tmp_path, [events[0].changed(detail=json.dumps(with_revision))])
    code, told = lines(bare("replay", tmp_path / "recording.jsonl.gz"))
    assert code == 2
    assert "none of 1 decisions can be taken again" in told[0]


def test_a_recording_that_lacks_a_decision_is_not_as_it_was(bare: Cli, tmp_path: Path) -> None:
    found = read(LOOP)
    decided = (one for one in found.events if one.is_decision)
    (missing,) = [one for one in decided if (*one.whose, one.revision) == ("trainer", "fees", 6)]
    kept = (Line(entry=one.entry, seen=one.seen) for one in found.events if one is not missing)
    text, _ = text_of(found.header, kept)
    (tmp_path / "gap.jsonl.gz").write_bytes(text)
    done = bare("replay", tmp_path / "gap.jsonl.gz")
    assert done.exit_code == 1
    told = "the recording lacks a decision before it; 17 decisions after that"
    assert told in done.stdout
    assert done.stdout.endswith("no difference in what the record tells\n")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A recording of a moment ago: a wish, a fact, and the record of a decision."""
    now = datetime.now(UTC) - timedelta(hours=1)
    events = [
        said(RetrainRequested.example(), "wish-1", now),
        said(DecisionRecorded.example(), "record-1", now + timedelta(milliseconds=1)),
        said(ModelRegistered.example(), "fact-1", now + timedelta(milliseconds=200)),
    ]
    recorded(tmp_path, events)
    return tmp_path / "recording.jsonl.gz"


def test_events_are_sent_again_with_their_ids_and_a_mark(
    cli: Cli, aws: Clients, fresh: Path
) -> None:
    heard(aws)
    done = cli("replay", "--live", fresh, "--speed", "10")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("2 events were sent to environment 'dev'")
    told = {one["detail"]["metadata"]["event_id"]: one for one in heard(aws)}
    assert told.keys() == {"wish-1", "fact-1"}
    assert all(one["detail"]["metadata"]["replayed"] is True for one in told.values())
    assert told["fact-1"]["source"] == "modelcycle.evaluator"
    assert told["fact-1"]["detail"]["data"]["version"] == ModelRegistered.example().version


def test_events_that_the_inbox_would_not_remember_are_not_sent(cli: Cli, aws: Clients) -> None:
    heard(aws)
    code, told = lines(cli("replay", "--live", HANDS))
    assert code == 2
    assert "events are older than the 45 days that the inbox remembers" in told[0]
    assert heard(aws) == []


def test_nothing_is_sent_to_an_account_unless_it_is_meant(
    cli: Cli, aws: Clients, fresh: Path, unconfigured: pytest.MonkeyPatch
) -> None:
    heard(aws)
    unconfigured.setattr(Connection, "is_local", property(lambda self: False))
    code, told = lines(cli("replay", "--live", fresh))
    assert code == 2
    assert told[0].startswith("Error: 2 events would go to environment 'dev' of ")
    assert heard(aws) == []
    assert cli("replay", "--live", fresh, "--yes").exit_code == 0
    assert len(heard(aws)) == 2


def test_what_another_environment_said_is_not_sent_unless_it_is_meant(
    cli: Cli, aws: Clients, tmp_path: Path
) -> None:
    heard(aws)
    wish = said(RetrainRequested.example(), "prod-1", datetime.now(UTC))
    recorded(tmp_path, [wish], environment="prod")
    code, told = lines(cli("replay", "--live", tmp_path / "recording.jsonl.gz"))
    assert code == 2
    assert told[0].startswith("Error: 1 event, of environment 'prod', would go to environment")
    assert heard(aws) == []
    assert cli("replay", "--live", tmp_path / "recording.jsonl.gz", "--yes").exit_code == 0
    assert len(heard(aws)) == 1


def test_where_a_bus_refuses_it_is_told_how_much_it_took(
    cli: Cli, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, taken = EventBridgeBus.publish, iter([True, False])

    def refusing(self: EventBridgeBus, entries: tuple[Entry, ...]) -> None:
        if not next(taken):
            raise Refused("AccessDeniedException", "not authorized to perform: events:PutEvents")
        publish(self, entries)

    monkeypatch.setattr(EventBridgeBus, "publish", refusing)
    done = cli("replay", "--live", fresh, "--speed", "1000")
    assert done.exit_code != 0
    assert "1 of 2 events were sent for certain: the same command" in done.stderr
    assert "events:PutEvents" in done.stderr
    assert "were sent to" not in done.stdout


def test_an_edited_recording_is_sent_nowhere(cli: Cli, aws: Clients, fresh: Path) -> None:
    heard(aws)
    text = gzip.decompress(fresh.read_bytes()).replace(b"wish-1", b"wish-2")
    fresh.write_bytes(gzip.compress(text))
    code, told = lines(cli("replay", "--live", fresh))
    assert (code, "was edited" in told[0]) == (2, True)
    assert heard(aws) == []

"""`modelcycle replay` and `events record`: files of recordings, the journal, and a running bus."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local import account
from ops.cli.connection import Connection
from ops.replay import recording
from services.journal.archive import Archive
from services.journal.aws import DynamoBook, S3Shelf
from shared.contracts import names
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import DecisionRecorded, ModelRegistered, RetrainRequested
from shared.contracts.lifecycle.monitoring import Seen
from shared.messaging.decision import Entry
from tests.cli.conftest import Cli, Clients
from tests.cli.world import heard, lines
from tests.fakes.messaging import envelope
from tests.recordings.__main__ import HANDS, LOOP
from tests.replay.test_recording import SEEN, SHA256
from tests.replay.world import kept, recorded

FEES = Path(__file__).parents[2] / "models" / "fees.yaml"
DECISIONS = "215 decisions taken again: deployer 18, evaluator 12, monitor 165, trainer 20"


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    """The spec of the recorded model, with a gate that its first version does not pass."""
    file = tmp_path / "strict.yaml"
    file.write_text(FEES.read_text().replace("limit_ratio: 1.0", "limit_ratio: 0.5"))
    return file


@pytest.fixture
def journal(aws: Clients) -> DynamoBook:
    """The journal's table."""
    return DynamoBook(aws("dynamodb"), names.table("dev", "journal"))


def said(event: Event, event_id: str, at: datetime, **metadata: Any) -> Entry:
    """Say an event at some moment."""
    producer = "trainer" if isinstance(event, DecisionRecorded) else event.producer
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
        "2 promotions would not have been, 1 training saved"
    )


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
    "an unknown model": (
        (LOOP, "--model", "feas"),
        "the recording holds no decision of these services, on this model, in this time",
    ),
    "a service that cannot be replayed": ((LOOP, "--service", "ingest"), "'ingest' is not one of"),
    "a speed of nothing": ((LOOP, "--speed", "60"), "--speed and --yes are about sending"),
    "no file for a bus": (("--live",), "--live sends a recording"),
    "decisions to a bus": (
        (LOOP, "--live", "--service", "trainer"),
        "--service and --spec are about decisions, --live sends events",
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


def test_what_the_journal_holds_is_recorded_and_replayed(
    cli: Cli, journal: DynamoBook, tmp_path: Path
) -> None:
    before = recording.read(LOOP)
    for one in before.events:
        journal.keep(one.entry)
    target = tmp_path / "again.jsonl.gz"
    assert lines(cli("events", "record", "-o", target)) == (0, [])
    again = recording.read(target)
    assert [one.entry for one in again.events] == [one.entry for one in before.events]
    done = cli("replay", target)
    assert done.stdout.splitlines() == [DECISIONS, "no difference"]
    assert cli("replay").stdout.splitlines() == [DECISIONS, "no difference"]
    assert cli("replay", "--model", "fees").stdout.endswith("no difference\n")
    assert cli("events", "record", "--model", "fees", "-o", target).exit_code == 0
    of_model = recording.read(target)
    assert {one.record.model for one in of_model.events if one.is_decision} == {"fees"}
    assert "ObservationsIngested" in {one.entry.detail_type for one in of_model.events}
    assert cli("replay", target).stdout.endswith("no difference\n")


def test_what_the_table_has_let_go_is_recorded_from_the_archive(
    cli: Cli, aws: Clients, tmp_path: Path
) -> None:
    before = recording.read(HANDS)
    bucket = account.bucket("dev")
    Archive(S3Shelf(aws("s3"), bucket)).keep(one.entry for one in before.events)
    target = tmp_path / "archived.jsonl.gz"
    until = ("--to", "2026-03-06")
    assert cli("events", "record", *until, "--model", "watched", "-o", target).exit_code == 3
    assert cli("events", "record", *until, "--archive", "-o", target).exit_code == 0
    again = {one.entry.event_id for one in recording.read(target).events}
    assert again == {one.entry.event_id for one in before.events}
    assert cli("replay", target).stdout.endswith("no difference\n")
    assert cli("replay", *until, "--archive").stdout.endswith("no difference\n")


def test_what_was_seen_in_s3_is_in_the_recording(
    cli: Cli, aws: Clients, journal: DynamoBook, tmp_path: Path
) -> None:
    bucket, key = account.bucket("dev"), f"seen/{SHA256}.json"
    aws("s3").put_object(Bucket=bucket, Key=key, Body=SEEN.encode())
    seen = Seen(uri=f"s3://{bucket}/{key}", sha256=SHA256)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    record = DecisionRecorded.example().changed(model="large", seen=seen)
    for entry in kept([said(record, "large-1", at, subject="large")]):
        journal.keep(entry)
    target = tmp_path / "large.jsonl.gz"
    cli("events", "record", "--from", "2026-05-01", "--to", "2026-05-02", "-o", target)
    (found,) = [one for one in recording.read(target).events if one.entry.subject == "large"]
    assert found.notes == json.loads(SEEN)


RECORDED_BADLY: dict[str, tuple[tuple[str, ...], int, str]] = {
    "an empty time": (
        ("--from", "2026-07-01", "--to", "2026-07-02"),
        2,
        "the journal holds no event of environment 'dev' from 2026-07-01 00:00:00 UTC to",
    ),
    "the wrong way round": (("--from", "2026-07-02", "--to", "2026-07-01"), 2, "is after --to"),
    "no such model": (("--model", "feas"), 3, "there is no model 'feas' in environment 'dev'"),
    "no such environment": (("--env", "prod"), 3, "there is no environment 'prod'"),
}


@pytest.mark.parametrize("name", RECORDED_BADLY)
def test_what_cannot_be_recorded_is_told_and_nothing_written(
    cli: Cli, tmp_path: Path, name: str
) -> None:
    arguments, code, why = RECORDED_BADLY[name]
    target = tmp_path / "none.jsonl.gz"
    ended, told = lines(cli("events", "record", "-o", target, *arguments))
    assert ended == code
    assert why in told[0]
    assert not target.exists()


def test_a_file_in_no_folder_is_told(cli: Cli) -> None:
    code, told = lines(cli("events", "record", "-o", "no/such/file.jsonl.gz"))
    assert (code, told[0]) == (2, "Error: no/such/file.jsonl.gz: there is no such folder")


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


def test_an_edited_recording_is_sent_nowhere(cli: Cli, aws: Clients, fresh: Path) -> None:
    heard(aws)
    text = gzip.decompress(fresh.read_bytes()).replace(b"wish-1", b"wish-2")
    fresh.write_bytes(gzip.compress(text))
    code, told = lines(cli("replay", "--live", fresh))
    assert (code, "was edited" in told[0]) == (2, True)
    assert heard(aws) == []

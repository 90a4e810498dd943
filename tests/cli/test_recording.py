"""`modelcycle events record`: what the journal holds, in one file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import account
from ops.replay import recording
from services.journal.archive import Archive
from services.journal.aws import DynamoBook, S3Shelf
from shared.contracts import limits, names
from shared.contracts.lifecycle import DecisionRecorded
from shared.contracts.lifecycle.monitoring import Seen
from tests.cli.conftest import Cli, Clients
from tests.cli.test_replay import DECISIONS
from tests.cli.test_replay_live import said
from tests.cli.world import lines
from tests.recordings.__main__ import HANDS, LOOP
from tests.replay.test_recording import SEEN, SHA256
from tests.replay.world import kept


@pytest.fixture
def journal(aws: Clients) -> DynamoBook:
    """The journal's table."""
    return DynamoBook(aws("dynamodb"), names.table("dev", "journal"))


def test_what_the_journal_holds_is_recorded_and_replayed(
    cli: Cli, journal: DynamoBook, tmp_path: Path
) -> None:
    before = recording.read(LOOP)
    for one in before.events:
        journal.keep(one.entry)
    target = tmp_path / "again.jsonl.gz"
    done = cli("events", "record", "-o", target)
    assert (done.exit_code, done.stderr) == (0, "")
    decided = sum(one.is_decision for one in before.events)
    listed = len(json.loads(cli("events", "list", "--limit", 400, "--json").stdout)["events"])
    assert listed + decided == len(before.events)
    held = f"{listed} events and {decided} decisions are in {target}, "
    assert done.stdout.replace("\n", "").startswith(held)
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
    of_model = ("--archive", "--model", "watched")
    assert cli("events", "record", *until, *of_model, "-o", target).exit_code == 0
    known = recording.read(target).events
    assert {one.record.model for one in known if one.is_decision} == {"watched"}
    assert "ObservationsIngested" in {one.entry.detail_type for one in known}
    assert cli("replay", target).stdout.endswith("no difference\n")


def test_more_than_a_recording_holds_is_told_and_not_read(
    cli: Cli, aws: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = recording.read(HANDS).events
    Archive(S3Shelf(aws("s3"), account.bucket("dev"))).keep(one.entry for one in events)
    target = tmp_path / "archived.jsonl.gz"
    asked = ("events", "record", "--to", "2026-03-06", "--archive", "-o", target)
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", len(events))
    assert cli(*asked).exit_code == 0
    assert len(recording.read(target).events) == len(events)
    target.unlink()
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", len(events) - 1)
    code, told = lines(cli(*asked))
    assert (code, target.exists()) == (2, False)
    assert "more than the 188 events that a recording holds" in told[0]
    monkeypatch.setattr(limits, "RECORDING_EVENTS_MAX", len(events))
    monkeypatch.setattr(limits, "RECORDING_BYTES_MAX", 100_000)
    code, told = lines(cli(*asked))
    assert (code, target.exists()) == (2, False)
    assert "is beyond the 100,000 bytes that are read at most" in told[0]


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

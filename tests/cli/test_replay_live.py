"""`modelcycle replay --live`: recorded events onto a running bus."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.cli.connection import Connection
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import DecisionRecorded, ModelRegistered, RetrainRequested
from shared.messaging.bus import EventBridgeBus
from shared.messaging.decision import Entry
from shared.messaging.errors import Refused
from tests.cli.conftest import Cli, Clients
from tests.cli.world import heard, lines
from tests.fakes.messaging import envelope
from tests.recordings.__main__ import HANDS
from tests.replay.world import recorded


def said(event: Event, event_id: str, at: datetime, **metadata: Any) -> Entry:
    """Say an event at some moment."""
    producer = "trainer" if isinstance(event, DecisionRecorded) else event.producer
    metadata = {"revision": Revision(number=1, index=0)} | metadata
    made = envelope(event, event_id, producer=producer, occurred_at=at, **metadata)
    name = event.detail_type()
    return Entry(source=f"modelcycle.{producer}", detail_type=name, detail=made.detail())


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

"""`modelcycle archive`: EventBridge's own archive and replay, with its limits said."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest
from click.testing import CliRunner

from infra.local import account
from ops.cli.archive import command
from ops.cli.archive.store import Replay
from ops.cli.errors import CliError
from ops.cli.main import main
from ops.cli.speak import envelope, on_the_bus
from shared.contracts import limits, names
from shared.contracts.door import open_event
from shared.contracts.lifecycle import EndpointInService
from tests.cli.conftest import Cli, Clients
from tests.cli.world import heard, lines

NAME = names.bus("dev")
HEARING = ("trainer", "monitor", "evaluator")


@pytest.fixture(scope="module")
def archived(url: str) -> Iterator[datetime]:
    """An archive as the platform stack makes it; the moment when its first event is said."""
    events = account.client("events", url, "operator.alice")
    bus = f"arn:aws:events:{account.REGION}:{account.ACCOUNT}:event-bus/{NAME}"
    pattern = json.dumps({"account": [account.ACCOUNT]})
    events.create_archive(
        ArchiveName=NAME, EventSourceArn=bus, EventPattern=pattern, RetentionDays=30
    )
    yield datetime.now(UTC)
    events.delete_archive(ArchiveName=NAME)


@pytest.fixture
def said(aws: Clients, archived: datetime) -> str:
    """Say an event on the bus, and take it from all queues; answer its id."""
    one = envelope(EndpointInService.example(), "arn:aws:iam::1:user/jane", datetime.now(UTC))
    event = on_the_bus(one)
    entry = {
        "EventBusName": NAME,
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
    aws("events").put_events(Entries=[entry])
    for service in (*HEARING, "journal"):
        heard(aws, service)
    return one.metadata.event_id


def test_without_an_archive_it_says_what_to_do(cli: Cli) -> None:
    assert lines(cli("archive", "list")) == (
        3,
        [
            "Error: there is no archive of environment 'dev'",
            "Try: the local AWS keeps none: `modelcycle events resend` says what the journal has "
            "again",
        ],
    )


def test_what_was_kept_comes_once_more_to_those_that_are_named_with_its_own_id(
    cli: Cli, aws: Clients, said: str
) -> None:
    begun = cli("archive", "replay", "--from", "1h", "--to", "0s", "--service", "monitor", "--yes")
    assert begun.exit_code == 0, begun.stderr
    assert "goes to monitor" in begun.stderr
    assert "in no order" in begun.stderr
    assert "of the last 10 minutes some may lack" in begun.stderr
    assert begun.stdout.endswith(" is completed\n")
    name = begun.stdout.split()[1]
    assert name.startswith(f"{NAME}-20")
    again = heard(aws, "monitor")
    assert said in [event["detail"]["metadata"]["event_id"] for event in again]
    assert {event["replay-name"] for event in again} == {name}
    opened = open_event(again[-1])
    assert opened is not None
    assert opened.metadata.replayed
    assert [heard(aws, service) for service in ("trainer", "evaluator", "journal")] == [[], [], []]
    listed = json.loads(cli("archive", "list", "--json").stdout)
    assert listed["archive"]["retention_days"] == 30
    assert listed["archive"]["events"] >= 1
    assert (listed["replays"][0]["name"], listed["replays"][0]["done"]) == (name, 1.0)
    assert name in cli("archive", "list").stdout
    assert lines(cli("archive", "cancel", name)) == (
        4,
        [f"Error: replay '{name}' is completed already", "Try: modelcycle archive list"],
    )


def test_only_the_span_that_was_asked_for_comes_and_to_all_who_listen(
    cli: Cli, aws: Clients, said: str, archived: datetime
) -> None:
    before = f"{archived - timedelta(seconds=2):%Y-%m-%dT%H:%M:%SZ}"
    events = aws("events")
    events.update_archive(ArchiveName=NAME, RetentionDays=1)
    early = cli("archive", "replay", "--from", "2h", "--to", before, "--yes")
    assert "the archive holds nothing of that time" in early.stderr
    late = cli("archive", "replay", "--from", before, "--to", "0s", "--yes", "--detach")
    assert late.exit_code == 0, late.stderr
    assert "is completed" not in late.stdout
    for service in (*HEARING, "journal"):
        assert said in [one["detail"]["metadata"]["event_id"] for one in heard(aws, service)]


def test_it_asks_before_it_begins(cli: Cli, aws: Clients, said: str) -> None:
    asked = ("archive", "replay", "--from", "1h", "--to", "0s")
    assert lines(cli(*asked))[1][-2:] == [
        "Error: nobody confirmed it: nothing was done",
        "Try: answer y, or add --yes",
    ]
    assert CliRunner().invoke(main, asked, input="n\n").exit_code == 2
    assert heard(aws, "monitor") == []


REFUSED = [
    (("--from", "1h", "--to", "2h"), 2, "the span is empty"),
    (("--from", "2126-01-01T00:00Z", "--to", "2126-01-02T00:00Z"), 2, "has not come yet"),
    (("--from", f"{limits.INBOX_DAYS + 1}d"), 4, "everything from there would be a dead letter"),
    (
        ("--from", "1h", "--to", "0s", "--service", "ingest"),
        4,
        "no rule of bus modelcycle-dev feeds ingest",
    ),
    (("--from", "2h", "--to", "1h"), 2, "the archive holds nothing of that time"),
    (("--from", "1h", "--model", "fees"), 2, "EventBridge replays whole rules, not models"),
    (("--from", "yesterday"), 2, "write a time"),
    ((), 2, "Missing option '--from'"),
]


@pytest.mark.parametrize(("given", "code", "error"), REFUSED)
def test_what_cannot_be_replayed_is_told_and_nothing_is_sent(
    cli: Cli, aws: Clients, said: str, given: tuple[str, ...], code: int, error: str
) -> None:
    answered, told = lines(cli("archive", "replay", *given, "--yes"))
    assert (answered, error in told[0], told[-1][:5]) == (code, True, "Try: "), told
    assert heard(aws, "monitor") == []


def test_a_replay_that_is_not_there_is_told(cli: Cli, said: str) -> None:
    assert lines(cli("archive", "cancel", "nothing")) == (
        3,
        ["Error: there is no replay 'nothing'", "Try: modelcycle archive list"],
    )


class Script:
    """A store whose replay goes through some states, one a look."""

    def __init__(self, *looks: Replay | type[KeyboardInterrupt]) -> None:
        self.looks = list(looks)

    def look(self, name: str) -> Replay:
        seen = self.looks.pop(0)
        if isinstance(seen, Replay):
            return seen
        raise seen


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def replay(state: str, minutes: int | None = None, why: str = "") -> Replay:
    """Answer a replay of an hour that has come so far."""
    reached = None if minutes is None else NOON + timedelta(minutes=minutes)
    return Replay("r", state, why, NOON, NOON + timedelta(hours=1), reached, NOON, None)


def followed(looks: Sequence[Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Follow a replay; answer what is said on the way."""
    store: Any = Script(*looks)
    command.follow(store, "r")
    return capsys.readouterr().err.splitlines()


def test_the_progress_of_a_replay_is_told_as_event_time_goes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LOOK_S", 0)
    states = [replay("STARTING"), replay("RUNNING", 15), replay("RUNNING", 15)]
    told = followed([*states, replay("RUNNING", 45), replay("COMPLETED")], capsys)
    assert told == ["starting, 0%", "running, 25%", "running, 75%"]
    with pytest.raises(CliError, match="replay r is failed at 50%: no permission"):
        followed([replay("FAILED", 30, "no permission")], capsys)
    with pytest.raises(click.Abort):
        followed([replay("RUNNING", 15), KeyboardInterrupt], capsys)
    assert "`modelcycle archive cancel r` ends it" in capsys.readouterr().err

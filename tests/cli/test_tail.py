"""`modelcycle events tail` and `status --watch`: what goes on, as it goes on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from ops.cli import tail
from ops.cli.causes import Causes, Reasons
from ops.cli.connecting import connect
from ops.cli.tail import Journal, line
from services.journal.aws import DynamoBook
from services.journal.domain import Entry, entry
from shared.contracts import names
from shared.contracts.envelope import SOURCE, Envelope, Event, Metadata, Revision
from shared.contracts.lifecycle import (
    AccuracyDegraded,
    DataStalled,
    DecisionRecorded,
    ModelRegistered,
    ObservationsIngested,
    RetrainRequested,
    TrainingStarted,
)
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import lines

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODELCYCLE = Path(sys.executable).with_name("modelcycle")
LIMIT_S = 60

Said = Callable[..., Envelope[Event]]


def said(
    event: Event, subject: str, event_id: str, minute: int = 0, because_of: str = ""
) -> Envelope[Event]:
    """Put an event into its envelope."""
    producer = event.producer if event.producer != "*" else "trainer"
    metadata = Metadata(
        event_id=event_id,
        occurred_at=NOON + timedelta(minutes=minute),
        subject=subject,
        correlation_id=because_of or event_id,
        causation_id=because_of or event_id,
        producer=producer,
        actor=producer,
    )
    return Envelope(metadata=metadata, data=event)


def kept(envelope: Envelope[Event]) -> Entry:
    """Answer the journal's entry of an event."""
    return entry(envelope, json.loads(envelope.detail()))


@pytest.fixture
def keep(aws: Clients) -> Said:
    """Keep an event as the journal does."""
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))

    def write(event: Event, *where: str, **more: int | str) -> Envelope[Event]:
        envelope = said(event, *where, **more)  # type: ignore[arg-type]
        book.keep(kept(envelope))
        return envelope

    return write


def test_the_latest_events_come_with_an_arrow_to_their_cause(cli: Cli, keep: Said) -> None:
    wish = RetrainRequested.example().changed(model="arrow")
    keep(wish, "arrow", "00000a1b-6d1c")
    keep(TrainingStarted.example(), "arrow", "start-0001", minute=1, because_of="00000a1b-6d1c")
    keep(ModelRegistered.example(), "arrow", "registered-1", minute=2, because_of="a-hint")
    record = DecisionRecorded.example().changed(cause_id="a-hint", cause_type="ExecutionChanged")
    keep(record, "arrow", "decision-1", minute=2, because_of="a-hint")
    result = cli("events", "tail", "--model", "arrow")
    assert result.exit_code == 0
    first, second, third = result.stdout.splitlines()
    assert first.startswith("03-01 12:00:00  operator  RetrainRequested")
    assert "←" not in first
    assert second.endswith("← RetrainRequested 00000a1b")
    assert third.endswith("← ExecutionChanged a-hint")
    assert cli("events", "tail", "--model", "arrow", "-n", "1").stdout == third + "\n"
    assert cli("events", "tail", "--model", "arrow", "-n", "0").stdout == ""


def test_programs_get_a_document_in_each_line(cli: Cli, keep: Said) -> None:
    keep(RetrainRequested.example().changed(model="json"), "json", "json-wish")
    keep(TrainingStarted.example(), "json", "json-start", minute=1, because_of="json-wish")
    told = cli("events", "tail", "--model", "json", "--json").stdout.splitlines()
    first, second = map(json.loads, told)
    assert (first["event_id"], first["cause_type"]) == ("json-wish", None)
    assert (second["causation_id"], second["cause_type"]) == ("json-wish", "RetrainRequested")
    assert second["detail"]["data"]["algorithm"] == "lightgbm"


def test_an_environment_that_is_not_there_is_named(cli: Cli) -> None:
    code, told = lines(cli("--env", "prod", "events", "tail", "--follow"))
    assert code == 3
    assert "there is no environment 'prod'" in told[0]


@pytest.mark.parametrize(
    ("event", "cause", "arrow"),
    [
        (ObservationsIngested.example(), "batch-of-records", "← records batch-of-records"),
        (AccuracyDegraded.example(), "nobody-knows", "← nobody-knows"),
    ],
)
def test_a_cause_that_is_no_event_is_named_as_well_as_can_be(
    event: Event, cause: str, arrow: str
) -> None:
    one = kept(said(event, "fees", "one", because_of=cause))
    assert line(one, Causes()).plain.endswith(arrow)


def test_the_journal_is_read_on_without_telling_anything_twice(
    cli: Cli, keep: Said, unconfigured: pytest.MonkeyPatch
) -> None:
    def told(found: Iterator[Entry] | list[Entry] | tuple[Entry, ...]) -> list[str]:
        return [one.event_id for one in found]

    journal = Journal(connect("dev"), Causes(), "polled")
    assert told(list(journal.news())) == []
    keep(TrainingStarted.example(), "polled", "p1")
    keep(ModelRegistered.example(), "other", "other-1")
    assert told(list(journal.latest(5))) == ["p1"]
    keep(ModelRegistered.example(), "polled", "p3", minute=5)
    assert told(list(journal.news())) == ["p3"]
    keep(TrainingStarted.example(), "polled", "p2-late", minute=4)
    assert told(list(journal.news())) == ["p2-late"]
    assert told(list(journal.news())) == []


def test_following_tells_what_the_bus_says_after_what_was_and_leaves_nothing_behind(
    cli: Cli, keep: Said, aws: Clients
) -> None:
    keep(TrainingStarted.example(), "bus", "bus-old")
    listening = Flag()

    def speak() -> None:
        assert listening.wait(LIMIT_S)
        for one in (
            said(TrainingStarted.example(), "no-such-subject", "bus-malformed"),
            said(TrainingStarted.example(), "fees", "bus-other"),
            said(TrainingStarted.example().changed(model="bus"), "bus", "bus-old"),
            said(ModelRegistered.example().changed(model="bus"), "bus", "bus-new"),
        ):
            source, kind = SOURCE + one.data.producer, one.data.detail_type()
            bus = names.bus("dev")
            put = {"Source": source, "DetailType": kind, "Detail": one.detail()}
            aws("events").put_events(Entries=[{**put, "EventBusName": bus}])

    speaker = Thread(target=speak)
    speaker.start()
    coming = tail.entries(connect("dev"), Causes(), "bus", 10, follow=True)
    found = [next(coming).event_id]
    listening.set()
    found.append(next(coming).event_id)
    coming.close()  # type: ignore[attr-defined]
    speaker.join()
    assert found == ["bus-old", "bus-new"]
    assert listeners(aws) == []


def listeners(aws: Clients) -> list[str]:
    """Answer what listens on the bus besides the services."""
    rules = aws("events").list_rules(EventBusName=names.bus("dev"))["Rules"]
    queues = aws("sqs").list_queues().get("QueueUrls", [])
    return [name for name in (*(one["Name"] for one in rules), *queues) if "-tail-" in name]


def decided(event: Event, key: str, number: int, why: str) -> tuple[Envelope[Event], ...]:
    """An event of the monitor, and the record of the aggregate's decision to say it."""
    record = DecisionRecorded.example().changed(
        service="monitor", model=key, why=why, events=(event.detail_type(),)
    )
    return tuple(
        Envelope(
            metadata=said(one, event.subject, f"{key}-{number}-{index}").metadata.changed(
                producer="monitor", revision=Revision(number=number, index=index)
            ),
            data=one,
        )
        for index, one in enumerate((event, record))
    )


def test_an_event_finds_its_own_reason_even_where_model_and_series_share_a_name() -> None:
    stalled = DataStalled.example().changed(series="mine")
    degraded = AccuracyDegraded.example().changed(model="mine")
    reasons = Reasons()
    of_series, its_record = decided(stalled, "series:mine", 5, "nothing came for 5 min")
    of_model, other_record = decided(degraded, "mine", 5, "three breaches")
    assert reasons.of(of_series) is None
    reasons.hear(other_record)
    assert reasons.of(of_series) is None
    reasons.hear(its_record)
    assert reasons.of(of_series) == "nothing came for 5 min"
    assert reasons.of(of_model) == "three breaches"
    wish = said(RetrainRequested.example(), "mine", "by-hand")
    assert reasons.of(wish) == ""  # a person: no decision of ours stands behind it


def test_what_is_listened_to_for_long_takes_no_more_and_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.cli.causes.REMEMBERED", 3)
    reasons, degraded = Reasons(), AccuracyDegraded.example()
    for number in range(1, 6):
        reasons.hear(decided(degraded, "fees", number, f"reason {number}")[1])
    assert len(reasons.whys) == 3
    assert reasons.of(decided(degraded, "fees", 2, "")[0]) is None
    assert reasons.of(decided(degraded, "fees", 5, "")[0]) == "reason 5"
    silent = DecisionRecorded.example().changed(events=())
    reasons.hear(Envelope(metadata=decided(degraded, "fees", 9, "")[1].metadata, data=silent))
    assert len(reasons.whys) == 3  # most decisions say nothing


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        (("events", "tail", "--follow"), "TrainingStarted"),
        (("status", "--watch"), "every 2 s, Ctrl-C ends"),
        (("status", "watched", "--watch"), "no version is registered yet"),
    ],
    ids=["tail", "watch", "watch one"],
)
def test_ctrl_c_ends_it_quietly(
    cli: Cli, keep: Said, files: Files, aws: Clients, url: str, command: tuple[str, ...], shows: str
) -> None:
    files("watched")
    cli("models", "apply", "watched.yaml")
    keep(TrainingStarted.example(), "watched", "watched-1")
    running = subprocess.Popen(
        [MODELCYCLE, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_ENDPOINT_URL": url},
    )
    assert running.stdout
    assert any(shows in said_ for said_ in running.stdout)
    running.send_signal(signal.SIGINT)
    _, complaint = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, complaint.strip()) == (130, "")
    assert listeners(aws) == []


def test_in_a_terminal_the_picture_is_drawn_in_place(
    cli: Cli, unconfigured: pytest.MonkeyPatch
) -> None:
    from io import StringIO

    from rich.console import Console

    from ops.cli import watching

    screen, drawn = StringIO(), iter(["one", "two"])
    console = Console(file=screen, force_terminal=True, width=80)
    unconfigured.setattr("ops.cli.output.console", lambda: console)
    unconfigured.setattr("ops.cli.watching.EVERY_S", 0)
    with pytest.raises(StopIteration):
        watching.watch(lambda: next(drawn))
    assert "one" in screen.getvalue()
    assert "\x1b[2K" in screen.getvalue().split("two")[0]  # the line of before is cleared


def test_a_watch_is_for_people(cli: Cli) -> None:
    assert lines(cli("status", "--watch", "--json")) == (
        2,
        ["Error: --watch is for people, --json for programs", "Try: give one of them"],
    )


def test_people_speak_by_the_clock_of_the_place(cli: Cli, url: str) -> None:
    connection = connect("dev")
    before = datetime.now(UTC)
    assert abs(connection.clock.now() - before) < timedelta(minutes=5)
    assert url in getattr(connection.clock, "url", "")

"""`modelcycle events`: what the journal kept, found again and put into words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ops.cli import story
from services.journal.aws import DynamoBook
from services.journal.domain import entry
from shared.contracts import names
from shared.contracts.envelope import Envelope, Event, Metadata
from shared.contracts.lifecycle import (
    AccuracyMeasured,
    DecisionRecorded,
    ModelEvaluated,
    ModelRegistered,
    ObservationsIngested,
    RetrainRequested,
    TrainingCompleted,
    TrainingStarted,
)
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import lines

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Keep = Callable[..., str]


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """Event ids given so far."""
    return []


@pytest.fixture
def keep(aws: Clients, ids: list[str]) -> Keep:
    """Keep an event as the journal does; answer its id."""
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))

    def write(
        event: Event, subject: str, *, minute: int = 0, because_of: str = "", trip: str = ""
    ) -> str:
        event_id = f"{len(ids):08d}-0000-0000-0000-000000000000"
        ids.append(event_id)
        producer = event.producer if event.producer != "*" else "trainer"
        metadata = Metadata(
            event_id=event_id,
            occurred_at=NOON + timedelta(minutes=minute),
            subject=subject,
            correlation_id=trip or because_of or event_id,
            causation_id=because_of or event_id,
            producer=producer,
            actor="arn:aws:iam::123456789012:user/jane" if producer == "operator" else producer,
        )
        envelope = Envelope(metadata=metadata, data=event)
        book.keep(entry(envelope, json.loads(envelope.detail())))
        return event_id

    return write


def told(cli: Cli, *arguments: str) -> list[str]:
    """Answer the detail-types that are listed."""
    document = json.loads(cli("events", "list", "--json", *arguments).stdout)
    return [event["detail_type"] for event in document["events"]]


def test_events_of_a_model_are_told_in_the_order_of_causes_without_decisions(
    cli: Cli, keep: Keep
) -> None:
    wish = keep(RetrainRequested.example().changed(model="fees"), "fees")
    keep(DecisionRecorded.example(), "fees", minute=1, because_of=wish)
    keep(TrainingStarted.example(), "fees", minute=2, because_of=wish)
    keep(ModelRegistered.example(), "other", minute=3)
    keep(ObservationsIngested.example(), "transactions", minute=4)
    assert told(cli, "--model", "fees") == ["RetrainRequested", "TrainingStarted"]
    assert told(cli, "--model", "transactions") == ["ObservationsIngested"]
    with_decisions = told(cli, "--model", "fees", "--decisions")
    assert with_decisions == ["RetrainRequested", "DecisionRecorded", "TrainingStarted"]
    assert told(cli, "--type", "ModelRegistered") == ["ModelRegistered"]
    assert told(cli, "--since", "2026-03-01T12:03Z") == ["ModelRegistered", "ObservationsIngested"]
    assert told(cli, "--since", "1h") == []
    shown = cli("events", "list", "--model", "fees").stdout
    assert "fees-r0123456789ab with lightgbm, asked for by person" in shown
    assert "03-01 12:02:00" in shown


def test_a_limit_counts_what_is_shown_not_what_was_sifted_out(cli: Cli, keep: Keep) -> None:
    for minute in range(3):
        keep(TrainingStarted.example(), "sifted", minute=minute)
    for minute in range(10, 30):
        keep(DecisionRecorded.example(), "sifted", minute=minute)
    assert told(cli, "--model", "sifted", "--limit", "2") == ["TrainingStarted"] * 2


def test_one_event_is_shown_with_what_followed_from_it(cli: Cli, keep: Keep) -> None:
    wish = keep(RetrainRequested.example(), "story")
    started = keep(TrainingStarted.example(), "story", minute=1, because_of=wish)
    keep(ModelRegistered.example(), "story", minute=2, because_of=started)
    last = keep(ModelRegistered.example(), "story", minute=3)
    document = json.loads(cli("events", "show", wish, "--json").stdout)
    assert document["detail_type"] == "RetrainRequested"
    assert document["detail"]["metadata"]["actor"] == "arn:aws:iam::123456789012:user/jane"
    followed = [event["detail_type"] for event in document["followed"]]
    assert followed == ["TrainingStarted", "ModelRegistered"]
    shown = cli("events", "show", started[:8]).stdout
    assert f"because of  {wish}" in shown
    assert "what followed" in shown
    assert "nothing followed from it yet" in cli("events", "show", last).stderr


def test_what_a_series_event_brought_about_in_its_models_is_shown(cli: Cli, keep: Keep) -> None:
    windows = keep(ObservationsIngested.example(), "transactions")
    verdict = keep(AccuracyMeasured.example(), "watched", minute=1, because_of=windows)
    document = json.loads(cli("events", "show", windows, "--json").stdout)
    assert [event["event_id"] for event in document["followed"]] == [verdict]


def test_what_followed_long_ago_is_told_and_how_much_was_read(
    cli: Cli, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = keep(RetrainRequested.example().changed(model="old"), "old")
    started = keep(TrainingStarted.example().changed(model="old"), "old", because_of=wish)
    for minute in (2, 3, 4):
        decision = DecisionRecorded.example().changed(model="old")
        keep(decision, "old", minute=minute, because_of=started)
    whole = json.loads(cli("events", "show", wish, "--json").stdout)
    assert (len(whole["followed"]), whole["followed_since"]) == (4, None)
    monkeypatch.setattr(story, "READ_AT_MOST", 2)
    part = json.loads(cli("events", "show", wish, "--json").stdout)
    assert [one["event_id"] for one in part["followed"]][0] == started
    assert (len(part["followed"]), part["followed_since"]) == (3, "2026-03-01T12:03:00Z")
    said = cli("events", "show", wish).stderr
    assert said.startswith("before 2026-03-01 12:03:00 UTC, decisions, and ")


def test_what_followed_is_the_whole_trip_also_behind_hints_of_aws(cli: Cli, keep: Keep) -> None:
    keep(ModelRegistered.example(), "trip", minute=0, trip="another")
    wish = keep(RetrainRequested.example(), "trip", minute=1)
    keep(TrainingStarted.example(), "trip", minute=2, because_of=wish)
    keep(TrainingCompleted.example(), "trip", minute=3, because_of="a hint", trip=wish)
    keep(ModelEvaluated.example(), "trip", minute=4, because_of="another hint", trip=wish)
    keep(ObservationsIngested.example(), "trip", minute=5)
    document = json.loads(cli("events", "show", wish, "--json").stdout)
    followed = [event["detail_type"] for event in document["followed"]]
    assert followed == ["TrainingStarted", "TrainingCompleted", "ModelEvaluated"]


def test_an_event_of_a_later_version_is_shown_all_the_same(
    cli: Cli, keep: Keep, aws: Clients
) -> None:
    known = keep(TrainingStarted.example(), "later")
    book = DynamoBook(aws("dynamodb"), names.table("dev", "journal"))
    one = book.find(known)
    assert one
    book.keep(
        one.changed(
            event_id="later-one", detail_type="TrainingStarted.v9", position=one.position + "9"
        )
    )
    assert told(cli, "--model", "later") == ["TrainingStarted", "TrainingStarted.v9"]
    assert "TrainingStarted.v9" in cli("events", "show", "later-one").stdout


def test_what_cannot_be_found_is_told(cli: Cli, files: Files, keep: Keep) -> None:
    files("fees")
    cli("models", "apply", "fees.yaml")
    assert lines(cli("events", "show", "nothing")) == (
        3,
        [
            "Error: the journal knows no event 'nothing'",
            "Try: `modelcycle events list` shows the latest; an older one needs its whole id",
        ],
    )
    keep(TrainingStarted.example(), "twins")
    keep(TrainingStarted.example(), "twins")
    code, said = lines(cli("events", "show", "0000"))
    assert code == 2
    assert " events begin with '0000': 0000" in said[0]
    assert said[1] == "Try: give more of it"
    assert lines(cli("events", "list", "--model", "fes")) == (
        3,
        [
            "Error: there is no model or series 'fes' in environment 'dev'",
            "Try: did you mean 'fees'?",
        ],
    )
    assert lines(cli("events", "list", "--type", "ModelRegisterd")) == (
        3,
        ["Error: there is no event 'ModelRegisterd'", "Try: did you mean 'ModelRegistered'?"],
    )
    code, said = lines(cli("events", "list", "--since", "yesterday"))
    assert (code, said[0]) == (
        2,
        "Error: Invalid value for '--since': 'yesterday': write a time, as 2026-03-01T12:00Z, or "
        "30m, 2h, 3d",
    )


def test_where_nothing_happened_it_says_so(cli: Cli, files: Files) -> None:
    files("quiet")
    cli("models", "apply", "quiet.yaml")
    result = cli("events", "list", "--model", "quiet")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "nothing happened yet\n"
    assert told(cli, "--model", "quiet") == []

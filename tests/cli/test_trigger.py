"""`modelcycle events trigger` and `resend`: events by hand, and who may say which."""

import json
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from ops.cli import trigger
from ops.cli.errors import CliError, ExitCode
from ops.cli.making import Change, changed, make
from ops.cli.speak import envelope, on_the_bus
from services.journal.aws import DynamoBook
from services.journal.domain import entry
from shared.contracts import limits, names
from shared.contracts.complaints import SpecError
from shared.contracts.door import open_event
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import (
    EVENTS,
    DecisionRecorded,
    EndpointInService,
    ModelEvaluated,
    ModelRegistered,
    RetrainRequested,
    RollbackRequested,
    TrainingCompleted,
    TrainingStarted,
)
from shared.messaging.clock import WallClock
from tests.cli.conftest import Cli, Clients, Files
from tests.cli.world import heard, lines

NOW = WallClock().now()
JANE = "arn:aws:iam::123456789012:user/jane"


class Good(NamedTuple):
    """One change of an example, and what becomes of it."""

    kind: type[Event]
    change: str
    expected: Any


GOOD = [
    Good(RetrainRequested, "reason=a text = with signs", "a text = with signs"),
    Good(RetrainRequested, "note=5", "5"),
    Good(RetrainRequested, "note=", ""),
    Good(RollbackRequested, "version=7", 7),
    Good(TrainingCompleted, "dataset.points=500", 500),
    Good(TrainingCompleted, "dataset.cutoff=2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"),
    Good(ModelEvaluated, "metrics.wql.0.5=0.25", 0.25),
    Good(ModelEvaluated, "metrics.mase=null", None),
    Good(ModelEvaluated, "champion.version=null", None),
    Good(ModelEvaluated, "reasons.0=another", "another"),
    Good(ModelEvaluated, 'reasons=["one", "two"]', ["one", "two"]),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.change) for case in GOOD])
def test_a_value_is_read_as_its_field_wants_it(case: Good) -> None:
    path, _, text = case.change.partition("=")
    made: Any = make(case.kind, [Change(path, text)]).model_dump(mode="json")
    parts = ["metrics", "wql", "0.5"] if path.startswith("metrics.wql") else path.split(".")
    for part in parts:
        made = made[int(part)] if isinstance(made, list) else made[part]
    assert made == case.expected


BAD = [
    (TrainingCompleted, "dataset.pionts=5", "there is no field 'pionts'; did you mean 'points'?"),
    (TrainingCompleted, "points=5", "there is no field 'points'; known:"),
    (TrainingCompleted, "dataset.points=many", "dataset.points: must be a whole number"),
    (TrainingCompleted, "dataset.points=-1", "dataset.points: must be >= 0, got -1"),
    (TrainingCompleted, "dataset.points=1.5", "must be a whole number >= 0, got 1.5"),
    (TrainingCompleted, "dataset.points.more=1", "dataset.points is a value, nothing is inside"),
    (TrainingCompleted, "dataset.cutoff=yesterday", "dataset.cutoff: input should be a valid"),
    (TrainingCompleted, "model=Fees!", "model name 'Fees!': use 1 to 24"),
    (ModelEvaluated, "reasons.x=a", "reasons is a list: write reasons.0, or its JSON"),
    (ModelEvaluated, "reasons.9=a", "reasons is a list: write reasons.0, or its JSON"),
    (ModelEvaluated, f"reasons.{'9' * 5_000}=a", "reasons is a list: write reasons.0"),
    (ModelEvaluated, "metrics.wql.0.5=NaN", "must be a finite number, got NaN"),
]


@pytest.mark.parametrize(("kind", "change", "expected"), BAD, ids=[row[1] for row in BAD])
def test_a_mistake_is_told_with_its_path_and_what_is_expected(
    kind: type[Event], change: str, expected: str
) -> None:
    path, _, text = change.partition("=")
    with pytest.raises(SpecError) as refused:
        make(kind, [Change(path, text)])
    (complaint,) = refused.value.complaints
    assert complaint.key == path
    assert expected in str(complaint)


NOT_OPEN = [
    (TrainingCompleted, "dataset=5", "dataset.points=3"),
    (TrainingCompleted, "dataset=text", "dataset.points=3"),
    (TrainingCompleted, "dataset=[1]", "dataset.points=3"),
    (TrainingCompleted, 'duration_s={"a": 1}', "duration_s.a=2"),
    (ModelEvaluated, "reasons=5", "reasons.0=a"),
    (ModelEvaluated, "reasons=text", "reasons.0=a"),
    (ModelEvaluated, 'reasons={"a": 1}', "reasons.0=a"),
    (ModelEvaluated, "metrics.wql=5", "metrics.wql.0.5=1"),
    (ModelEvaluated, "metrics.wql=[1]", "metrics.wql.0.5=1"),
]


@pytest.mark.parametrize(("kind", "first", "then"), NOT_OPEN, ids=[row[1] for row in NOT_OPEN])
def test_nothing_is_put_inside_of_what_a_change_before_has_made_a_value(
    kind: type[Event], first: str, then: str
) -> None:
    with pytest.raises(SpecError) as refused:
        make(kind, [changed(first), changed(then)])
    (complaint,) = refused.value.complaints
    assert complaint.key == then.partition("=")[0]
    assert complaint.problem.endswith("is a value, nothing is inside")


def test_all_mistakes_are_told_at_once(cli: Cli) -> None:
    wrong = ("--set", "versoin=1", "--set", "stagee=x")
    code, said = lines(cli("events", "trigger", "RollbackRequested", *wrong, "--dry-run"))
    assert code == 2
    assert said[:2] == [
        "Error: RollbackRequested: versoin: there is no field 'versoin'; did you mean 'version'?",
        "Error: RollbackRequested: stagee: there is no field 'stagee'; did you mean 'stage'?",
    ]
    assert said[2].startswith("Try: docs/contracts/index.html has all fields")


def test_where_it_is_no_test_nothing_is_taken_from_the_example() -> None:
    given = [Change("model", "fees"), Change("version", "7")]
    with pytest.raises(CliError) as refused:
        trigger.filled(RollbackRequested, given, of_example=False)
    assert [line.partition(", for")[0] for line in refused.value.what.splitlines()] == [
        "RollbackRequested: stage: is missing: add it",
        "RollbackRequested: reason: is missing: add it",
    ]
    wish = [Change("model", "fees"), Change("reason", "a new market")]
    made = trigger.filled(RetrainRequested, wish, of_example=False)
    assert made == RetrainRequested(model="fees", reason="a new market")


@pytest.mark.parametrize("env", ["dev", "dev-jane", "staging2", "test"])
def test_environments_for_tests_are_known_by_how_their_names_begin(env: str) -> None:
    account: Any = Account(env)
    assert trigger.is_for_tests(account)


@pytest.mark.parametrize("env", ["prod", "live", "dev-prod", "testprod", "staging-production-eu"])
def test_no_other_is_for_tests_and_none_whose_name_holds_prod(env: str) -> None:
    account: Any = Account(env)
    assert not trigger.is_for_tests(account)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=list(EVENTS))
def test_what_is_made_of_an_example_comes_through_the_door(kind: type[Event]) -> None:
    speaker = "trainer" if kind.producer == "*" else None
    opened = open_event(on_the_bus(envelope(make(kind, []), JANE, NOW, producer=speaker)))
    assert opened is not None
    assert opened.data == kind.example()


def test_a_wish_is_said_in_the_callers_name_and_a_dry_run_says_nothing(
    cli: Cli, aws: Clients, files: Files
) -> None:
    files("fees")
    cli("models", "apply", "fees.yaml")
    heard(aws, "trainer")
    wish = ("events", "trigger", "RetrainRequested", "--set", "reason=try it")
    shown = json.loads(cli(*wish, "--dry-run").stdout)
    assert shown["detail"]["data"] == {"model": "fees", "reason": "try it", "note": ""}
    noted = json.loads(cli(*wish, "--set", "note=why not", "--dry-run").stdout)
    assert noted["detail"]["data"]["note"] == "why not"
    assert heard(aws, "trainer") == []
    told = json.loads(cli(*wish, "--json").stdout)
    (event,) = heard(aws, "trainer")
    assert event["detail"] == told["detail"]
    assert event["detail"]["metadata"]["actor"] == JANE
    assert told["heard_by"] == ["trainer", "journal"]
    code, said = lines(cli(*wish, "--set", "model=nobody"))
    assert (code, said[0]) == (3, "Error: there is no model 'nobody' in environment 'dev'")


def test_a_fact_is_said_in_a_services_place_only_when_that_is_meant(cli: Cli, aws: Clients) -> None:
    heard(aws, "evaluator")
    fact = ("events", "trigger", "TrainingCompleted", "--set", "dataset.points=7")
    assert lines(cli(*fact)) == (
        2,
        [
            "Error: TrainingCompleted is said by trainer; people say ModelSpecApplied, "
            "RetrainRequested, RollbackRequested, DeploymentRequested",
            "Try: for a test, where nothing real depends on it, add --as trainer",
        ],
    )
    assert cli(*fact, "--as", "trainer").exit_code == 0
    (event,) = heard(aws, "evaluator")
    assert event["source"] == "modelcycle.trainer"
    assert event["detail"]["metadata"]["actor"] == JANE
    assert event["detail"]["data"]["dataset"]["points"] == 7


REFUSED = [
    ("production", "TrainingStarted", "trainer", ExitCode.STATE, "is no environment for tests"),
    ("devjane", "TrainingStarted", "trainer", None, ""),
    ("staging", "TrainingStarted", "trainer", None, ""),
    ("prod", "RetrainRequested", None, None, ""),
    ("prod", "DecisionRecorded", "monitor", ExitCode.STATE, "a fact that every service states"),
    ("dev", "TrainingStarted", "monitor", ExitCode.USAGE, "said by trainer, not by monitor"),
    ("dev", "RetrainRequested", "trainer", ExitCode.USAGE, "said by people, not by trainer"),
    ("dev", "DeadLetterDecided", None, ExitCode.USAGE, "what `modelcycle dlq` says"),
    ("dev", "DecisionRecorded", "monitor", None, ""),
]


class Account:
    """A connection to an account."""

    is_local = False

    def __init__(self, env: str) -> None:
        self.env = env


@pytest.mark.parametrize(("env", "kind", "speaker", "code", "error"), REFUSED)
def test_in_an_account_facts_are_said_only_where_tests_are(
    env: str, kind: str, speaker: str | None, code: ExitCode | None, error: str
) -> None:
    account: Any = Account(env)
    if code is None:
        trigger.check_speaker(account, EVENTS[kind], speaker)
        return
    with pytest.raises(CliError) as refused:
        trigger.check_speaker(account, EVENTS[kind], speaker)
    assert refused.value.code is code
    assert error in refused.value.what


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("RetrainRequest",), 3, "there is no event 'RetrainRequest'"),
        (("EndpointChanged",), 2, "is an event of AWS"),
        (("SageMaker Endpoint State Change",), 2, "is an event of AWS"),
        (("RetrainRequested", "--set", "reason"), 2, "'reason' is no PATH=VALUE"),
        (("RetrainRequested", "--set", "=1"), 2, "'=1' is no PATH=VALUE"),
        (("RetrainRequested", "--as", "nobody"), 2, "'nobody' is not one of"),
        (("RetrainRequested", "--set", f"note={'x' * 300_000}"), 2, "at most 245760 fit in an"),
        (("TrainingStarted", "--as", "trainer", "--set", f"run_id={'x' * 300_000}"), 2, "at most"),
    ],
)
def test_what_cannot_be_said_is_told(
    cli: Cli, arguments: tuple[str, ...], code: int, error: str
) -> None:
    answered, said = lines(cli("events", "trigger", *arguments))
    assert (answered, error in said[0], said[-1][:5]) == (code, True, "Try: "), said


def kept(aws: Clients, event: Event, producer: str | None = None, days_ago: float = 0) -> str:
    """Let the journal keep an event with a field of tomorrow; answer its id."""
    said = envelope(event, JANE, NOW - timedelta(days=days_ago), producer=producer)
    detail = json.loads(said.detail())
    detail["data"]["of_tomorrow"] = 1
    DynamoBook(aws("dynamodb"), names.table("dev", "journal")).keep(entry(said, detail))
    return said.metadata.event_id


def test_an_event_is_said_again_with_its_own_id_to_all_or_to_one(cli: Cli, aws: Clients) -> None:
    event_id = kept(aws, EndpointInService.example().changed(model="again"))
    services = ("trainer", "monitor", "evaluator")
    for service in services:
        heard(aws, service)
    done = cli("events", "resend", event_id)
    assert done.stdout == f"EndpointInService of again is sent to the bus again: {event_id}\n"
    on_bus = [heard(aws, service) for service in services]
    assert [len(found) for found in on_bus] == [1, 1, 1]
    cli("events", "resend", event_id, "--to", "monitor")
    alone = [heard(aws, service) for service in services]
    assert [len(found) for found in alone] == [0, 1, 0]
    by_bus, by_hand = on_bus[1][0], alone[1][0]
    assert by_hand.keys() == by_bus.keys()
    assert by_hand["detail"] == by_bus["detail"]
    assert by_hand["account"] == by_bus["account"]
    assert by_hand["detail"]["metadata"]["event_id"] == event_id
    assert by_hand["detail"]["data"]["of_tomorrow"] == 1
    opened = open_event(by_hand)
    assert opened is not None
    assert opened.metadata.replayed


def test_what_would_be_rejected_is_not_sent_again(cli: Cli, aws: Clients) -> None:
    old = kept(aws, TrainingStarted.example(), days_ago=limits.INBOX_DAYS + 0.1)
    code, said = lines(cli("events", "resend", old))
    assert (code, "services remember 45 days" in said[0]) == (4, True)
    young = kept(aws, ModelRegistered.example(), days_ago=limits.INBOX_DAYS - 0.1)
    assert lines(cli("events", "resend", young, "--to", "monitor")) == (
        4,
        [
            "Error: monitor does not hear ModelRegistered: it would reject it",
            "Try: send it to trainer or deployer or journal",
        ],
    )
    decision = kept(aws, DecisionRecorded.example(), producer="trainer")
    heard(aws)
    assert cli("events", "resend", decision).exit_code == 0
    assert len(heard(aws)) == 1
    assert lines(cli("events", "resend", "nothing"))[0] == 3

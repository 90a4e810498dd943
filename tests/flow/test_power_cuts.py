"""Every service dies after each kind of action; the end is the same, and each fact is said once."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.faults import Fault
from infra.local.stack import LocalStack
from ops.cli.connecting import connect
from ops.cli.listening import Heard, Listener, listening
from shared.contracts.lifecycle import EndpointInService, ModelRegistered, PromotionRequested
from tests.flow.local_aws import local_aws
from tests.flow.typing_in import import_history, run, simulated, write

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

START = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT_S = 60.0
CUTS: dict[str, list[Fault]] = {
    "trainer": [
        Fault("after", "StartPipelineExecution"),
        Fault("after", "StartRun"),
        Fault("before", "CollectRun"),
        Fault("after", "CollectRun"),
    ],
    "evaluator": [
        Fault("after", "Evaluate"),
        Fault("after", "CreateModelPackage"),
        Fault("after", "Register"),
        Fault("after", "publish"),
    ],
    "deployer": [
        Fault("after", "commit"),
        Fault("after", "CreateEndpoint"),
        Fault("after", "RollOut"),
        Fault("after", "SmokeTest"),
        Fault("after", "OfferPromotion"),
        Fault("before", "publish"),
    ],
    "journal": [
        Fault("after", "PutItem"),
        Fault("before", "PutObject"),
        Fault("after", "PutObject"),
    ],
}
TRIPS = max(map(len, CUTS.values()))
ONE_TRIP = Counter(
    {
        "ModelSpecApplied": 1,
        "TrainingStarted": 1,
        "TrainingCompleted": 1,
        "ModelEvaluated": 1,
        "ModelRegistered": 1,
        "ModelApproved": 1,
        "PromotionRequested": 1,
        "PromotionApproved": 1,
        "DeploymentStarted": 2,
        "EndpointInService": 2,
    }
)


def test_a_power_cut_after_any_action_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with local_aws(tmp_path / "aws", function_limit_s=4.0) as stack:
        for name, value in stack.environment("operator.alice").items():
            monkeypatch.setenv(name, value)
        connection = connect("dev")
        with listening(connection, "test") as listener:
            stack.supervisor.arm("ingest", Fault("after", "PublishWindows"))
            import_history(tmp_path, simulated(START, 3 * 288))
            stack.supervisor.arm("ingest", Fault("after", "FillOnline"))
            trips = [trip(stack, listener, tmp_path, number) for number in range(TRIPS)]
            stack.supervisor.arm("deployer", Fault("after", "DeleteEndpoint"))
            taken_back = revoke(stack, listener, "model-0")
        stack.wait_until_quiet(60)
        deaths = stack.supervisor.deaths()
        assert stack.watch.dead_letters() == {}
        journaled = events_in_journal()
        compared = json.loads(run("journal", "check", "--to", "now", "--json"))
    cuts_made = {service: len(cuts) for service, cuts in CUTS.items()}
    cuts_made |= {"ingest": 2, "deployer": cuts_made["deployer"] + 1}
    # a busy machine adds deaths at the time limit, which are power cuts as well
    assert all(deaths[service] >= cuts for service, cuts in cuts_made.items()), deaths
    for heard in trips:
        told = Counter(one.envelope.data.detail_type() for one in heard)
        del told["TrainingSuppressed"]  # by chance: a backfill may still be settling
        assert told == ONE_TRIP
    assert taken_back == {"ApprovalRevoked": 1, "DeploymentRolledBack": 2}
    said = {one.envelope.metadata.event_id for heard in trips for one in heard}
    assert said <= journaled
    assert compared["events"] >= len(journaled)
    assert compared["differences"] == []


def trip(stack: LocalStack, listener: Listener, folder: Path, number: int) -> list[Heard]:
    """Take a model to production while each service dies once on the way, at its next point."""
    model = f"model-{number}"
    document = {
        "model": model,
        "series": "history",
        "target": "mean",
        "frequency": "5m",
        "horizon": 6,
        "quantiles": [0.1, 0.5, 0.9],
        "backtest": {"origins": 10, "stride": 6},
        "gate": {"limit_ratio": 3.0},
        "hyperparameters": {"num_boost_round": 10},
        "training": {"min_points": 800},
    }
    for service, cuts in CUTS.items():
        if number < len(cuts):
            stack.supervisor.arm(service, cuts[number])
    run("models", "apply", write(folder / f"{model}.yaml", document))
    heard: dict[str, Heard] = {}
    for one in until_in_production(listener, model):
        if heard.setdefault(one.envelope.metadata.event_id, one) is not one:
            continue  # delivered again under the same id: said once all the same
        match one.envelope.data:
            case ModelRegistered(version=version):
                run("approve", model, version, "--note", "fine")
            case PromotionRequested(version=version):
                run("promote", model, version, "--note", "fine")
    stack.wait_until_quiet(30)
    for one in listener.listen():
        if one.envelope.metadata.subject == model:
            heard.setdefault(one.envelope.metadata.event_id, one)
    return list(heard.values())


def revoke(stack: LocalStack, listener: Listener, model: str) -> Counter[str]:
    """Take the approval of the only version back: both endpoints go; answer what was said."""
    run("decline", model, 1, "--revoke", "--note", "no longer")
    heard: dict[str, str] = {}
    deadline = time.monotonic() + LIMIT_S
    while list(heard.values()).count("DeploymentRolledBack") < 2 and time.monotonic() < deadline:
        for one in listener.listen():
            if one.envelope.metadata.subject == model:
                heard[one.envelope.metadata.event_id] = one.envelope.data.detail_type()
    stack.wait_until_quiet(30)
    endpoints = stack.client("sagemaker").list_endpoints(NameContains=f"mc-dev-{model}-")
    assert endpoints["Endpoints"] == []
    return Counter(heard.values())


def until_in_production(listener: Listener, model: str) -> Iterator[Heard]:
    """Answer what is said of a model, until it is in production."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        for one in listener.listen():
            if one.envelope.metadata.subject != model:
                continue
            yield one
            event = one.envelope.data
            if isinstance(event, EndpointInService) and event.stage == "production":
                return
    raise AssertionError(f"{model} did not reach production within {LIMIT_S:g} s")


def events_in_journal() -> set[str]:
    """Answer the ids of all events that the journal tells."""
    answer = json.loads(run("events", "list", "--limit", 1000, "--json"))
    return {event["event_id"] for event in answer["events"]}

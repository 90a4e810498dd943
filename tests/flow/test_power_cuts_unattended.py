"""What is done without a person dies in its midst, too: the rule's verdict, the monitor's scoring,
the end of waiting, the end of a version's time in staging, and cleaning up."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.local.faults import Fault
from infra.local.stack import LocalStack
from shared.contracts import names
from shared.contracts.lifecycle import DeploymentRolledBack, PromotionDeclined
from shared.contracts.limits import VERSIONS_KEPT
from tests.flow.local_aws import wait_for
from tests.flow.streaming import streamed
from tests.flow.typing_in import run, simulated

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

START = datetime(2026, 3, 1, tzinfo=UTC)
HISTORY, HOURS, AGED_AFTER_HOURS = 3 * 288, 8, 2
HORIZON = 6
SPEC: dict[str, Any] = {
    "series": "history",
    "target": "mean",
    "frequency": "5m",
    "horizon": HORIZON,
    "quantiles": [0.1, 0.5, 0.9],
    "backtest": {"origins": 10, "stride": 6},
    "gate": {"limit_ratio": 3.0},
    "hyperparameters": {"num_boost_round": 10},
    "training": {"min_points": 800, "cool_down": "0s"},
}
BY_RULE = {
    "approval": {"staging": "rule", "production": "rule"},
    "deployment": {"staging_ttl": "2h"},
}
STAGED_BY_RULE = {"approval": {"staging": "rule", "expires_after": "3h"}}
ONCE_EACH = {
    "ModelApproved": 1,
    "PromotionRequested": 1,
    "PromotionApproved": 1,
    "DeploymentStarted": 2,
    "EndpointInService": 2,
}
STAGED = VERSIONS_KEPT + 2
"""One is live, as many as are kept are ready for a return, and one is surplus."""


def test_what_is_done_without_a_person_survives_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = simulated(START, HISTORY + 12 * HOURS)
    history, stream = observed[:HISTORY], observed[HISTORY:]
    with streamed(tmp_path, monkeypatch, history, stream, function_limit_s=4.0) as scene:
        stack = scene.stack
        die(stack, "deployer", "WriteRuleVerdict")
        scene.declare({"model": "alone", **SPEC, **BY_RULE})
        wait_for("production by the rule", lambda: scene.serves("alone", "production", 1))
        scene.driver.settle()
        scene.listen()
        assert stack.supervisor.deaths()["deployer"] >= 1
        assert scene.told("alone").items() >= ONCE_EACH.items()

        scene.declare({"model": "crowded", **SPEC, **STAGED_BY_RULE})
        for version in range(1, STAGED + 1):
            if version == STAGED:
                die(stack, "deployer", "CleanUp")
            wait_for("staging", partial(scene.serves, "crowded", "staging", version))
            if version < STAGED:
                run("retrain", "crowded", "--reason", f"after v{version}")
        scene.driver.settle()
        assert versions_ready(stack, "crowded") == list(range(2, STAGED + 1))

        die(stack, "deployer", "DeleteEndpoint")
        before = stack.supervisor.deaths()
        scene.driver.drive(AGED_AFTER_HOURS)
        scene.listen()
        assert stack.supervisor.deaths()["deployer"] > before["deployer"]
        (left,) = scene.each("alone", DeploymentRolledBack)
        assert (left.stage, left.version, left.aged_out) == ("staging", 1, True)
        assert endpoints(stack, "alone") == ["mc-dev-alone-production"]
        assert versions_ready(stack, "alone") == [1]

        die(stack, "monitor", "ScoreOrigins")
        die(stack, "deployer", "WriteExpiry")
        before = stack.supervisor.deaths()
        scene.driver.drive(HOURS - AGED_AFTER_HOURS)
        scene.listen()
        after = stack.supervisor.deaths()
        assert after["monitor"] > before["monitor"]
        assert after["deployer"] > before["deployer"]
        declined = [one.version for one in scene.each("crowded", PromotionDeclined)]
        assert sorted(declined) == list(range(1, STAGED + 1))
        scored = [forecast.start for forecast in scene.forecasts_kept("alone")]
        span = timedelta(minutes=5 * HORIZON)
        assert scored == [scored[0] + number * span for number in range(len(scored))]
        assert len(scored) >= 10


def die(stack: LocalStack, service: str, action: str) -> None:
    """Let a service die right after it has done an action, before anybody knows."""
    stack.supervisor.arm(service, Fault("after", action))


def endpoints(stack: LocalStack, model: str) -> list[str]:
    """Answer the endpoints of a model."""
    found = stack.client("sagemaker").list_endpoints(NameContains=f"mc-dev-{model}-")["Endpoints"]
    return sorted(each["EndpointName"] for each in found)


def versions_ready(stack: LocalStack, model: str) -> list[int]:
    """Answer the versions of which SageMaker models are left, ready for a return."""
    found = stack.client("sagemaker").list_models(NameContains=f"mc-dev-{model}-")["Models"]
    read = [names.read_sagemaker_model(each["ModelName"]) for each in found]
    return sorted(each.version for each in read if each)

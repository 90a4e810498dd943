"""What is done without a person dies in its midst, too: the rule's verdict, the monitor's scoring,
the end of waiting, and cleaning up."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.local import account
from infra.local.driver import Driver
from infra.local.faults import Fault
from infra.local.feeds import Tape
from infra.local.stack import LocalStack
from ops.cli.connecting import connect
from ops.cli.listening import Listener, listening
from shared.contracts import names
from shared.contracts.lifecycle import EndpointInService, PromotionDeclined
from shared.contracts.limits import VERSIONS_KEPT
from shared.contracts.scoring import ScoredForecasts
from tests.flow.local_aws import local_aws, wait_for
from tests.flow.typing_in import import_history, run, simulated, write

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

START = datetime(2026, 3, 1, tzinfo=UTC)
HISTORY = 3 * 288
STREAMED = 8 * 12
NOW = START + HISTORY * timedelta(minutes=5)
SPEC: dict[str, Any] = {
    "series": "history",
    "target": "mean",
    "frequency": "5m",
    "horizon": 6,
    "quantiles": [0.1, 0.5, 0.9],
    "backtest": {"origins": 10, "stride": 6},
    "gate": {"limit_ratio": 3.0},
    "hyperparameters": {"num_boost_round": 10},
    "training": {"min_points": 800, "cool_down": "0s"},
}
BY_RULE = {"approval": {"staging": "rule", "production": "rule"}}
STAGED_BY_RULE = {"approval": {"staging": "rule", "expires_after": "3h"}}
ONCE_EACH = {
    "ModelApproved": 1,
    "PromotionRequested": 1,
    "PromotionApproved": 1,
    "DeploymentStarted": 2,
    "EndpointInService": 2,
}
STAGED = (
    VERSIONS_KEPT + 2
)  # one is live, as many as are kept are ready for a return, one is surplus


class Scene(NamedTuple):
    """A local AWS, and what was heard of it."""

    stack: LocalStack
    driver: Driver
    listener: Listener
    folder: Path
    heard: dict[str, Any]

    def declare(self, model: str, **more: Any) -> None:
        """Apply a model's spec: its first training follows."""
        run(
            "models",
            "apply",
            write(self.folder / f"{model}.yaml", {"model": model, **SPEC, **more}),
        )

    def listen(self) -> None:
        """Take what was said by now."""
        while (said := list(self.listener.listen())) or self.listener.waiting:
            self.heard.update({one.envelope.metadata.event_id: one.envelope for one in said})

    def said(self, model: str) -> list[Any]:
        """Answer what was said of a model, each fact once."""
        return [one.data for one in self.heard.values() if one.metadata.subject == model]

    def serves(self, model: str, stage: str, version: int) -> bool:
        """Tell whether it was said that a version serves."""
        self.listen()
        return any(
            isinstance(event, EndpointInService)
            and (event.stage, event.version) == (stage, version)
            for event in self.said(model)
        )


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with local_aws(
        tmp_path / "aws", function_limit_s=4.0, clock_start=NOW, rules_allowed=True
    ) as stack:
        for name, value in stack.environment("operator.alice").items():
            monkeypatch.setenv(name, value)
        observed = simulated(START, HISTORY + STREAMED)
        records = [
            {"id": time.isoformat(), "time": time.isoformat(), "value": value, "count": count}
            for time, value, count in observed[HISTORY:]
        ]
        tape = Tape(stack, "history", records, [time for time, _, _ in observed[HISTORY:]])
        with listening(connect("dev"), "test") as listener:
            import_history(tmp_path, observed[:HISTORY])
            yield Scene(stack, Driver(stack, tape), listener, tmp_path, {})
        assert stack.watch.dead_letters() == {}


def test_what_is_done_without_a_person_survives_power_cuts(scene: Scene) -> None:
    stack = scene.stack
    die(scene, "deployer", "WriteRuleVerdict")
    scene.declare("alone", **BY_RULE)
    wait_for("production by the rule", lambda: scene.serves("alone", "production", 1))
    scene.driver.settle()
    scene.listen()
    assert stack.supervisor.deaths()["deployer"] >= 1
    assert told(scene, "alone").items() >= ONCE_EACH.items()

    scene.declare("crowded", **STAGED_BY_RULE)
    for version in range(1, STAGED + 1):
        if version == STAGED:
            die(scene, "deployer", "CleanUp")
        wait_for("staging", partial(scene.serves, "crowded", "staging", version))
        if version < STAGED:
            run("retrain", "crowded", "--reason", f"after v{version}")
    scene.driver.settle()
    assert versions_ready(stack, "crowded") == list(range(2, STAGED + 1))

    die(scene, "monitor", "ScoreOrigins")
    die(scene, "deployer", "WriteExpiry")
    before = stack.supervisor.deaths()
    scene.driver.drive(STREAMED // 12)
    scene.listen()
    after = stack.supervisor.deaths()
    assert after["monitor"] > before["monitor"]
    assert after["deployer"] > before["deployer"]
    declined = (one.version for one in scene.said("crowded") if isinstance(one, PromotionDeclined))
    assert sorted(declined) == list(range(1, STAGED + 1))
    horizon = timedelta(minutes=5 * SPEC["horizon"])
    scored = forecasts_kept(stack, "alone")
    assert scored == [scored[0] + number * horizon for number in range(len(scored))]
    assert len(scored) >= 10


def die(scene: Scene, service: str, action: str) -> None:
    """Let a service die right after it has done an action, before anybody knows."""
    scene.stack.supervisor.arm(service, Fault("after", action))


def told(scene: Scene, model: str) -> Counter[str]:
    """Count what was said of a model, by its type."""
    return Counter(event.detail_type() for event in scene.said(model))


def versions_ready(stack: LocalStack, model: str) -> list[int]:
    """Answer the versions of which SageMaker models are left, ready for a return."""
    found = stack.client("sagemaker").list_models(NameContains=f"mc-dev-{model}-")["Models"]
    read = [names.read_sagemaker_model(each["ModelName"]) for each in found]
    return sorted(each.version for each in read if each)


def forecasts_kept(stack: LocalStack, model: str) -> list[datetime]:
    """Answer the first steps of all forecasts that were scored, in order."""
    s3, bucket = stack.client("s3"), account.bucket(stack.env)
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"monitor/{model}/").get("Contents", [])
    objects = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
    kept = [ScoredForecasts.model_validate_json(content) for content in objects]
    return [forecast.start for one in kept for forecast in one.forecasts]

"""A model that fell short is replaced on the local AWS, whatever is restarted meanwhile."""

import math
import os
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any, NamedTuple

import pytest

from infra.local.stack import LocalStack
from shared.contracts import names
from shared.contracts.lifecycle import AccuracyRecovered
from shared.contracts.subscriptions import SERVICES
from tests.flow.calling import refused, seldom
from tests.flow.local_aws import wait_for
from tests.flow.streaming import POINTS_AN_HOUR, WATCHED, Streamed, followed, streamed
from tests.flow.typing_in import Observation
from tests.infra_aws import calls
from tests.infra_aws.calls import Call

pytestmark = [pytest.mark.flow, pytest.mark.timeout(400)]

CHANGE_HOUR = 4
LOOP_HOURS = 48
RESTARTED_EVERY_S = 8.0
LOOK_S = 0.1
EAGER: dict[str, Any] = {
    "backtest": {"origins": 8, "stride": 6},
    "gate": {"limit_ratio": 1.5, "min_points": 48},
    "monitor": {"points": 30, "consecutive": 2},
}
BY_THE_HOUR = {"AccuracyMeasured", "TrainingSuppressed"}
"""Where a lease outlives its process the next sweep goes on, an hour later."""


class Closed(NamedTuple):
    """How the loop ended, and what the services called."""

    ended: dict[str, Any]
    made: frozenset[Call]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return close_the_loop(tmp_path_factory.mktemp("loop"), monkeypatch, restarted=False)


def test_the_loop_ends_the_same_though_everything_is_restarted_again_and_again(
    undisturbed: Closed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = undisturbed.ended
    assert ended["serves"] == {"staging": 2, "production": 2}
    assert ended["facts"]["AccuracyDegraded"] == ended["facts"]["AccuracyRecovered"] == 1
    restarted = close_the_loop(tmp_path, monkeypatch, restarted=True)
    assert restarted.ended == ended
    assert refused(restarted.made) == []


def test_whatever_services_call_is_in_the_list_and_allowed(
    undisturbed: Closed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = undisturbed.made | seldom(tmp_path, monkeypatch)
    if os.environ.get(calls.WRITE):
        calls.write(made)
    assert refused(made) == []
    listed = calls.read()
    again = f"if that is meant, run this test with {calls.WRITE}=1, which writes the list"
    assert sorted(map(str, made - listed)) == [], f"not in {calls.FILE.name}: {again}"
    gone = {call[:2] for call in listed} - {call[:2] for call in made}
    assert sorted(gone) == [], f"in {calls.FILE.name}, but nobody calls it: {again}"


def close_the_loop(folder: Path, monkeypatch: pytest.MonkeyPatch, *, restarted: bool) -> Closed:
    """Let the regime change, until a new version has recovered; answer how that ended."""
    history, stream = with_a_change()
    with (
        streamed(folder, monkeypatch, history, stream, record_calls=True) as scene,
        ExitStack() as ending,
    ):
        if restarted:
            restarter = ending.enter_context(Restarter(scene.stack))
        scene.declare(WATCHED | EAGER)
        wait_for("production", lambda: scene.serves("watched", "production", 1))
        for _ in range(LOOP_HOURS):
            scene.driver.step()
            scene.listen()
            if scene.each("watched", AccuracyRecovered):
                break
        scene.stack.wait_until_quiet(60)
        if restarted:
            assert restarter.rounds_with_jobs >= 2
        scored = [one.start for one in scene.forecasts_kept("watched")]
        assert scored == sorted(set(scored))  # each window once, whoever served
        facts = scene.told("watched")
        ended = {
            "facts": {kind: count for kind, count in facts.items() if kind not in BY_THE_HOUR},
            "serves": serving(scene),
            "registry": registry(scene),
        }
        return Closed(ended, calls.of_services(scene.stack.watch.calls()))


class Restarter(Thread):
    """Ends every process of every service, whatever it does: whenever a job has begun, and every
    few seconds. The supervisor starts them again. That they die while they are at it, is for
    `test_power_cuts` to see to: here it is left to chance."""

    def __init__(self, stack: LocalStack) -> None:
        super().__init__(name="restarter", daemon=True)
        self.stack = stack
        self.rounds_with_jobs = 0
        self.ending = Event()

    def run(self) -> None:
        """Look for jobs, and end everything."""
        had_jobs, ended_at = False, monotonic()
        while not self.ending.wait(LOOK_S):
            has_jobs = bool(self.stack.watch.health()["jobs_running"])
            if (has_jobs and not had_jobs) or monotonic() - ended_at > RESTARTED_EVERY_S:
                self.rounds_with_jobs += has_jobs
                ended_at = monotonic()
                for service in SERVICES:
                    self.stack.supervisor.kill(service)
            had_jobs = has_jobs

    def __enter__(self) -> "Restarter":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ending.set()
        self.join()


def serving(scene: Streamed) -> dict[str, int]:
    """Answer the version at each stage, as the endpoints say."""
    sagemaker = scene.stack.client("sagemaker")
    found = {}
    for stage in ("staging", "production"):
        name = names.endpoint("dev", "watched", stage)
        config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        owned = names.read_endpoint_config(config)
        found[stage] = owned.version if owned else 0
    return found


def registry(scene: Streamed) -> list[tuple[int, str, str]]:
    """Answer each version with what was decided upon it, as the registry says."""
    sagemaker = scene.stack.client("sagemaker")
    group = names.package_group("dev", "watched")
    packages = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    described = [
        sagemaker.describe_model_package(ModelPackageName=package["ModelPackageArn"])
        for package in packages
    ]
    return sorted(
        (
            one["ModelPackageVersion"],
            one["ModelApprovalStatus"],
            one.get("ModelLifeCycle", {}).get("StageStatus", ""),
        )
        for one in described
    )


def with_a_change() -> tuple[list[Observation], list[Observation]]:
    """Answer a history, and a stream that begins to beat, every 23 points, after some hours."""
    history, stream = followed(LOOP_HOURS)
    changed = CHANGE_HOUR * POINTS_AN_HOUR
    beating = [
        (time, value * math.exp(1.5 * math.sin(2 * math.pi * number / 23)), count)
        for number, (time, value, count) in enumerate(stream[changed:])
    ]
    return history, stream[:changed] + beating

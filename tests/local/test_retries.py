"""Steps with retry policies: what is tried again, when, and when it is given up."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.processes import Children
from infra.local.sagemaker import retries
from infra.local.sagemaker.core import ServiceError
from infra.local.sagemaker.definition import parse
from infra.local.sagemaker.retries import Policy
from tests.local.test_pipelines import ALICE, Works, definition, model, prepare, train

THROTTLED = ServiceError("ThrottlingException", "Rate exceeded")
BROKEN = ServiceError("InternalFailure", "We are sorry", status=500)
NO_MACHINE = ServiceError("ResourceLimitExceeded", "The account-level service limit is 0 Instances")


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with Children() as children:
        works = Works(tmp_path, children)
        yield works
        works.jobs.close()


def policy(*exceptions: str, interval_s: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "ExceptionType": list(exceptions),
        "IntervalSeconds": interval_s,
        "BackoffRate": 2.0,
        **more,
    }


def trying(made: dict[str, Any], *policies: dict[str, Any]) -> dict[str, Any]:
    return {**made, "RetryPolicies": list(policies)}


def attempts(works: Works, arn: str, step: str = "Prepare") -> tuple[str, int]:
    seen = works.steps(arn)[step]
    return seen["StepStatus"], seen["AttemptCount"]


def jobs(works: Works) -> int:
    return len(works.jobs.list_processing_jobs({}, ALICE)["ProcessingJobSummaries"])


@pytest.mark.parametrize(
    ("retried", "since_s", "pause_s"),
    [(0, 0, 10), (1, 10, 20), (2, 30, 40), (3, 70, None)],
)
def test_pauses_grow_until_the_attempts_are_used_up(
    retried: int, since_s: float, pause_s: float | None
) -> None:
    given = Policy(frozenset({retries.THROTTLING}), 10, 2.0, attempts=3, expires_s=None)
    assert given.pause_s(retried, since_s) == pause_s


@pytest.mark.parametrize(("since_s", "pause_s"), [(0, 20), (40, 20), (41, None)])
def test_no_retry_begins_after_the_expiry(since_s: float, pause_s: float | None) -> None:
    given = Policy(frozenset({retries.THROTTLING}), 10, 2.0, attempts=None, expires_s=60)
    assert given.pause_s(1, since_s) == pause_s


def test_a_policy_that_says_little_retries_five_times_from_one_second_on() -> None:
    given = retries.read("Model", {"ExceptionType": ["Step.THROTTLING"]})
    assert [given.pause_s(retried, 0) for retried in range(6)] == [1, 2, 4, 8, 16, None]


@pytest.mark.parametrize(
    ("refusal", "exception"),
    [
        (THROTTLED, retries.THROTTLING),
        (BROKEN, retries.SERVICE_FAULT),
        (NO_MACHINE, retries.RESOURCE_LIMIT),
        (ServiceError("ValidationException", "Rate exceeded"), None),
    ],
)
def test_a_refused_call_is_known_by_its_code_and_status(
    refusal: ServiceError, exception: str | None
) -> None:
    assert retries.of_refusal(refusal) == exception


@pytest.mark.parametrize(
    ("reason", "exception"),
    [
        ("InternalServerError: We encountered an internal error.", retries.INTERNAL_ERROR),
        ("CapacityError: Unable to provision requested ML compute.", retries.CAPACITY_ERROR),
        ("ResourceLimitExceeded: limit is 0 Instances", retries.RESOURCE_LIMIT),
        ("AlgorithmError: InternalServerError: said the program, exit code: 1", None),
        (None, None),
    ],
)
def test_a_failed_job_is_known_by_the_first_word_of_its_reason(
    reason: str | None, exception: str | None
) -> None:
    assert retries.of_reason(reason) == exception


@pytest.mark.parametrize("refusal", [THROTTLED, BROKEN])
def test_a_refused_call_is_made_again_after_its_pause(works: Works, refusal: ServiceError) -> None:
    works.refusals = [refusal, refusal]
    calls = policy("Step.THROTTLING", "Step.SERVICE_FAULT")
    works.create(definition(trying(prepare(), calls)))
    arn = works.start()
    works.tick()
    assert (attempts(works, arn), jobs(works)) == (("Starting", 1), 0)
    works.seconds = 9.9
    works.tick()
    assert attempts(works, arn) == ("Starting", 1)
    works.seconds = 10
    works.tick()
    assert (attempts(works, arn), jobs(works)) == (("Starting", 2), 0)
    works.seconds = 29.9
    works.tick()
    assert attempts(works, arn) == ("Starting", 2)
    works.seconds = 30
    assert works.finish(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert (attempts(works, arn), jobs(works)) == (("Succeeded", 3), 1)


def test_a_step_fails_with_the_last_refusal_when_its_retries_are_used_up(works: Works) -> None:
    works.refusals = [THROTTLED, THROTTLED]
    works.create(definition(trying(prepare(), policy("Step.THROTTLING", MaxAttempts=1))))
    arn = works.start()
    works.tick()
    works.seconds = 10
    assert works.finish(arn)["PipelineExecutionStatus"] == "Failed"
    assert attempts(works, arn) == ("Failed", 2)
    assert works.steps(arn)["Prepare"]["FailureReason"].endswith("Error Details: Rate exceeded")


@pytest.mark.parametrize(
    "policies", [[], [policy("Step.SERVICE_FAULT"), policy("SageMaker.RESOURCE_LIMIT")]]
)
def test_what_no_policy_names_fails_at_once(works: Works, policies: list[dict[str, Any]]) -> None:
    works.refusals = [THROTTLED]
    _, arn = works.run(definition(trying(prepare(), *policies)))
    assert attempts(works, arn) == ("Failed", 1)


def test_a_job_that_sagemaker_has_lost_is_begun_anew_and_used_by_the_next_step(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("the machine is gone")

    monkeypatch.setattr("infra.local.sagemaker.processing._prepare", lose)
    lost = policy("SageMaker.JOB_INTERNAL_ERROR", MaxAttempts=2)
    works.create(definition(trying(prepare(), lost), train()))
    arn = works.start()
    while jobs(works) == 0 or works.jobs.running():
        works.tick()
    works.tick()
    assert attempts(works, arn) == ("Executing", 1)
    works.seconds = 10
    assert works.finish(arn)["PipelineExecutionStatus"] == "Succeeded"
    assert (attempts(works, arn), jobs(works)) == (("Succeeded", 2), 2)
    assert attempts(works, arn, "Train") == ("Succeeded", 1)


def test_each_policy_counts_its_own_retries(works: Works) -> None:
    works.refusals = [THROTTLED, NO_MACHINE, THROTTLED]
    once = [policy(name, MaxAttempts=1) for name in ("Step.THROTTLING", "SageMaker.RESOURCE_LIMIT")]
    works.create(definition(trying(prepare(), *once)))
    arn = works.start()
    for works.seconds in (0, 10, 20):
        works.tick()
    assert works.finish(arn)["PipelineExecutionStatus"] == "Failed"
    assert attempts(works, arn) == ("Failed", 3)


def test_an_execution_can_be_stopped_while_a_step_waits(works: Works) -> None:
    works.refusals = [THROTTLED]
    works.create(definition(trying(prepare(), policy("Step.THROTTLING"))))
    arn = works.start()
    works.tick()
    works.pipelines.stop_pipeline_execution({"PipelineExecutionArn": arn}, ALICE)
    assert works.finish(arn)["PipelineExecutionStatus"] == "Stopped"
    assert works.statuses(arn) == {"Prepare": "Stopped"}


@pytest.mark.parametrize(
    ("step", "given", "problem"),
    [
        (train(), policy("Step.FAULT"), "ExceptionType is"),
        (train(), policy(), "ExceptionType is"),
        (model(), policy("SageMaker.CAPACITY_ERROR"), "a Model step knows Step.SERVICE_FAULT"),
        (train(), policy("Step.THROTTLING", MaxAttempts=21), "MaxAttempts must be from 1 to 20"),
        (train(), policy("Step.THROTTLING", MaxAttempts=0), "MaxAttempts must be from 1 to 20"),
        (train(), policy("Step.THROTTLING", MaxAttempts="2"), "MaxAttempts must be a number"),
        (train(), policy("Step.THROTTLING", interval_s=43_201), "IntervalSeconds must be"),
        (train(), policy("Step.THROTTLING", BackoffRate=-1.0), "BackoffRate must be"),
        (train(), policy("Step.THROTTLING", MaxAttempts=2, ExpireAfterMin=5), "not both"),
        (train(), policy("Step.THROTTLING", Jitter=True), "unknown Jitter"),
        (
            {"Name": "No", "Type": "Fail", "Arguments": {}},
            policy("Step.THROTTLING"),
            "a Fail step has no retry policies",
        ),
    ],
)
def test_a_policy_that_the_service_would_not_take_is_refused_with_the_definition(
    step: dict[str, Any], given: dict[str, Any], problem: str
) -> None:
    text = json.dumps({"Version": "2020-12-01", "Steps": [trying(step, given)]})
    with pytest.raises(ServiceError, match=f"step {step['Name']}: .*{problem}"):
        parse(text)

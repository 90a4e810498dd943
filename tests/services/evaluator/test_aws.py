"""The ports in boto3, against the local AWS over HTTP."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.local.account import client
from infra.local.front import Front
from services.evaluator import effects
from services.evaluator.aws import AwsLook, SageMakerRegistry
from services.evaluator.domain.actions import Evaluate, Register
from services.evaluator.domain.evaluation import evaluated
from services.evaluator.domain.seen import Declared, World
from services.evaluator.domain.state import Evaluations
from services.evaluator.ports import Ports
from shared.contracts.evaluation import Evaluation
from shared.contracts.lifecycle import TrainingCompleted
from shared.contracts.names import ModelParameter
from shared.contracts.registration import Registration
from shared.contracts.specs import Gate, ModelSpec, Target
from shared.forecasting import deepar_json
from shared.forecasting.deepar_json import FormatError, Prediction, Series
from shared.messaging.errors import Refused, Retryable
from shared.messaging.parameters import Parameters
from shared.messaging.runtime import S3Blobs
from shared.messaging.serving import SageMakerEndpoints
from tests.services.evaluator.world import MODEL, START, run_left

BUCKET = "evaluator-tests"
Connect = Callable[[str], Any]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Plain boto3 clients of one local AWS."""
    with Front(0, tmp_path_factory.mktemp("front")) as front:
        client("s3", front.url, "modelcycle-evaluator").create_bucket(Bucket=BUCKET)
        yield lambda service: client(service, front.url, "modelcycle-evaluator", attempts=1)


@pytest.fixture(scope="module")
def ports(connect: Connect) -> Ports:
    return Ports(
        env="dev",
        blobs=S3Blobs(connect("s3"), BUCKET),
        registry=SageMakerRegistry(connect("sagemaker")),
        endpoints=SageMakerEndpoints(connect("sagemaker"), connect("sagemaker-runtime")),
    )


def passed(ports: Ports, number: int) -> Register:
    """Judge a run whose files are in S3; answer the registration that follows."""
    run: TrainingCompleted = run_left(ports.blobs, number)
    judging = Evaluate(run=run, champion=None, min_points=8)
    state = Evaluations(env="dev", model=MODEL)
    (action,) = evaluated(state, judging, effects.evaluate(judging, ports), START).actions
    assert isinstance(action, Register)
    return action


def versions(connect: Connect) -> list[int]:
    listed = connect("sagemaker").list_model_packages(ModelPackageGroupName="mc-dev-fees")
    return sorted(one["ModelPackageVersion"] for one in listed["ModelPackageSummaryList"])


def test_a_version_stands_in_the_registry_as_people_and_the_deployer_read_it(
    ports: Ports, connect: Connect
) -> None:
    action = passed(ports, 1)
    done = effects.register(action, ports)
    seen = connect("sagemaker").describe_model_package(ModelPackageName=done.package_arn)
    assert seen["ModelPackageGroupName"] == "mc-dev-fees"
    assert seen["ModelPackageVersion"] == done.version
    assert seen["ModelApprovalStatus"] == "PendingManualApproval"
    assert seen["ModelLifeCycle"] == {"Stage": "Staging", "StageStatus": "PendingApproval"}
    assert seen["ModelPackageDescription"].startswith(action.run.run_id)
    assert seen["InferenceSpecification"]["Containers"][0]["Image"] == action.run.image
    statistics = seen["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"] == done.evaluation.uri
    assert statistics["ContentDigest"] == f"sha256:{done.evaluation.sha256}"
    kept = Evaluation.model_validate_json(ports.blobs.get(statistics["S3Uri"]))
    assert kept == action.evaluation
    registration = Registration.read(seen["CustomerMetadataProperties"])
    assert registration is not None
    assert registration.run_id == action.run.run_id
    assert registration.cutoff == action.run.dataset.cutoff


def test_a_registration_that_is_repeated_is_one_version(ports: Ports, connect: Connect) -> None:
    action = passed(ports, 2)
    first = effects.register(action, ports)
    before = versions(connect)
    assert effects.register(action, ports) == first
    assert versions(connect) == before


def test_a_repeat_that_did_not_see_the_first_is_recognised_by_its_token(
    ports: Ports, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = passed(ports, 3)
    monkeypatch.setattr(ports.registry, "find", lambda group, run_id: None)
    first = effects.register(action, ports)
    before = versions(connect)
    assert effects.register(action, ports) == first
    assert versions(connect) == before


def test_a_version_that_people_named_like_a_run_is_not_taken_for_it(
    ports: Ports, connect: Connect
) -> None:
    action = passed(ports, 4)
    ports.registry.ensure_group("mc-dev-fees")
    connect("sagemaker").create_model_package(
        ModelPackageGroupName="mc-dev-fees",
        ModelPackageDescription=f"{action.run.run_id}: mine",
    )
    assert ports.registry.find("mc-dev-fees", action.run.run_id) is None


def test_a_group_that_cannot_be_made_is_refused(ports: Ports) -> None:
    with pytest.raises(Refused):
        ports.registry.ensure_group("no_such_name")


def test_an_endpoint_that_is_not_there_serves_no_configuration(ports: Ports) -> None:
    assert ports.endpoints.config("mc-dev-fees-production") is None


class Hosting:
    """Answers as SageMaker's two clients do."""

    def __init__(self, body: bytes = b"", **described: Any) -> None:
        self.body = body
        self.described = described
        self.requests: list[dict[str, Any]] = []

    def describe_endpoint(self, **request: Any) -> dict[str, Any]:
        return self.described

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Body": io.BytesIO(self.body)}


@pytest.mark.parametrize(
    ("described", "config"),
    [
        ({"EndpointStatus": "InService", "EndpointConfigName": "one"}, "one"),
        ({"EndpointStatus": "Updating", "EndpointConfigName": "one"}, None),
        (
            {
                "EndpointStatus": "InService",
                "EndpointConfigName": "one",
                "PendingDeploymentSummary": {"EndpointConfigName": "two"},
            },
            None,
        ),
    ],
)
def test_a_configuration_serves_only_while_nothing_is_under_way(
    described: dict[str, Any], config: str | None
) -> None:
    hosting: Any = Hosting(**described)
    assert SageMakerEndpoints(hosting, hosting).config("mc-dev-fees-production") == config


def test_the_champion_is_asked_in_deepar_s_words() -> None:
    forecast = Prediction(quantiles={0.1: (1.0,), 0.5: (2.0,)})
    hosting: Any = Hosting(deepar_json.write_response([forecast]).encode())
    asked = Series(datetime(2026, 2, 1), (1.0, 2.0))  # noqa: DTZ001 (the contract has no zones)
    endpoints = SageMakerEndpoints(hosting, hosting)
    assert endpoints.forecast("mc-dev-fees-production", [asked], (0.1, 0.5)) == (forecast,)
    request = deepar_json.read_request(hosting.requests[0]["Body"])
    assert request.instances == (asked,)
    assert request.configuration.quantiles == (0.1, 0.5)
    assert request.configuration.output_types == ("quantiles",)
    hosting.body = b"<html>"
    with pytest.raises(FormatError):
        endpoints.forecast("mc-dev-fees-production", [asked], (0.1, 0.5))


def spec(model: str, gate: Gate) -> ModelSpec:
    return ModelSpec(
        model=model,
        series="transactions",
        target=Target.MEAN,
        frequency=timedelta(minutes=5),
        horizon=12,
        gate=gate,
    )


@pytest.fixture
def look(connect: Connect) -> AwsLook:
    return AwsLook(Parameters(connect("ssm"), "dev"))


def write(connect: Connect, path: str, value: str) -> None:
    connect("ssm").put_parameter(Name=path, Value=value, Type="String", Overwrite=True)


def test_what_people_declare_is_read_from_spec_and_threshold(
    look: AwsLook, connect: Connect
) -> None:
    assert look.world("seen") is None
    declared = spec("seen", Gate(threshold=0.5))
    write(connect, "/modelcycle/dev/seen/spec", declared.compact())
    assert look.world("seen") == World(gate=declared.gate, bake_s=300)
    for revision, value in enumerate(("0.4", "0.4", " 0.35 "), start=1):
        write(connect, "/modelcycle/dev/seen/threshold", value)
        at_run_time = Declared(
            value=float(value), where=ModelParameter.THRESHOLD, revision=revision
        )
        world = look.world("seen")
        assert world is not None
        assert world.declared == at_run_time
    assert look.author("seen", ModelParameter.THRESHOLD) == "unknown"  # moto does not know


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-1", "0", "0,4"])
def test_a_threshold_that_is_no_number_above_0_is_a_fault_with_its_path(
    look: AwsLook, connect: Connect, text: str
) -> None:
    write(connect, "/modelcycle/dev/broken/spec", spec("broken", Gate()).compact())
    write(connect, "/modelcycle/dev/broken/threshold", text)
    world = look.world("broken")
    assert world is not None
    assert world.declared is None
    assert world.fault == (
        f"/modelcycle/dev/broken/threshold holds {text!r}: write a number above 0"
    )


def test_nothing_is_judged_while_the_spec_cannot_be_read() -> None:
    class Scribbled(Parameters):
        def model_spec(self, model: str) -> ModelSpec | None:
            return ModelSpec.parse("{")

    with pytest.raises(Retryable, match="the spec of fees cannot be read"):
        AwsLook(Scribbled(client("ssm", "http://localhost:1", "x"), "dev")).world(MODEL)


def test_whoever_wrote_a_threshold_is_named_where_aws_says_so() -> None:
    alice = "arn:aws:iam::123456789012:user/alice"

    class Ssm:
        def describe_parameters(self, **request: Any) -> dict[str, Any]:
            assert request["ParameterFilters"][0]["Values"] == ["/modelcycle/dev/fees/threshold"]
            return {"Parameters": [{"LastModifiedUser": alice}]}

    ssm: Any = Ssm()
    assert AwsLook(Parameters(ssm, "dev")).author("fees", ModelParameter.THRESHOLD) == alice

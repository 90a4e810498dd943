"""SageMaker's hosting in boto3."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from services.deployer.aws.answers import ensured
from services.deployer.domain.seen import Endpoint, Package, Serving
from services.deployer.ports import Quantiles
from shared.contracts import names
from shared.contracts.specs import Strategy
from shared.forecasting import deepar_json
from shared.forecasting.strict_json import FormatError
from shared.messaging.aws_errors import described, translated
from shared.messaging.errors import Refused, Retryable

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

VARIANT = "all"  # guardrails want a constant variant name
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
STATUSES = {
    "InService": Serving.READY,
    "Failed": Serving.FAILED,
    "UpdateRollbackFailed": Serving.STUCK,
}


class Premises(NamedTuple):
    """Where instances of our own are, for versions that do not serve serverless."""

    subnets: tuple[str, ...] = ()
    """Of a VPC; none: in SageMaker's own network."""
    security_groups: tuple[str, ...] = ()
    key: str = ""
    """Encrypts their disks; empty: SageMaker's own key."""


class SageMakerEndpoints:
    """SageMaker's hosting."""

    def __init__(
        self,
        sagemaker: "SageMakerClient",
        runtime: "SageMakerRuntimeClient",
        env: str,
        role_arn: str,
        premises: Premises = Premises(),  # noqa: B008  # frozen
    ) -> None:
        self.sagemaker = sagemaker
        self.runtime = runtime
        self.env = env
        self.role_arn = role_arn
        self.premises = premises

    def describe(self, endpoint: str) -> Endpoint | None:
        """Answer an endpoint as it is now."""
        found = described(lambda: self.sagemaker.describe_endpoint(EndpointName=endpoint))
        if found is None:
            return None
        pending = found.get("PendingDeploymentSummary", {})
        return Endpoint(
            name=found["EndpointName"],
            status=STATUSES.get(found["EndpointStatus"], Serving.CHANGING),
            config=found.get("EndpointConfigName", ""),
            pending_config=pending.get("EndpointConfigName"),
            modified_at=found["LastModifiedTime"],
            reason=found.get("FailureReason", ""),
            on_instances=any(
                "CurrentServerlessConfig" not in one for one in found.get("ProductionVariants", ())
            ),
        )

    def ensure_model(self, name: str, package: Package, dedicated: bool) -> None:
        """Have a SageMaker model of exactly this image and artifact; one that is dedicated to
        instances of its own reaches no network but that of our VPC, if there is one."""
        container = {"Image": package.image, "ModelDataUrl": package.artifact_uri}
        seclusion: dict[str, Any] = {}
        if dedicated:
            seclusion["EnableNetworkIsolation"] = True
        if dedicated and self.premises.subnets:
            seclusion["VpcConfig"] = {
                "Subnets": list(self.premises.subnets),
                "SecurityGroupIds": list(self.premises.security_groups),
            }

        def same() -> bool:
            found = described(lambda: self.sagemaker.describe_model(ModelName=name))
            there = found.get("PrimaryContainer", {}) if found else {}
            return {key: there.get(key) for key in container} == container

        ensured(
            lambda: self.sagemaker.create_model(
                ModelName=name,
                PrimaryContainer=container,  # type: ignore[arg-type]
                ExecutionRoleArn=self.role_arn,
                **seclusion,
            ),
            same,
        )

    def ensure_config(self, name: str, model: str, instance: str | None) -> None:
        """Have a configuration with one variant: serverless, or two instances where traffic
        shifts."""
        capacity: dict[str, Any] = {"ServerlessConfig": SERVERLESS}
        if instance:
            capacity = {"InstanceType": instance, "InitialInstanceCount": 2}
        variant = {"VariantName": VARIANT, "ModelName": model, **capacity}
        disks: dict[str, Any] = (
            {"KmsKeyId": self.premises.key} if instance and self.premises.key else {}
        )

        def same() -> bool:
            found = described(
                lambda: self.sagemaker.describe_endpoint_config(EndpointConfigName=name)
            )
            return found is not None and found["ProductionVariants"][0]["ModelName"] == model

        ensured(
            lambda: self.sagemaker.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[variant],  # type: ignore[list-item]
                **disks,
            ),
            same,
        )

    def create(self, endpoint: str, config: str) -> None:
        """Create an endpoint."""

        def same() -> bool:
            seen = self.describe(endpoint)
            return seen is not None and seen.config == config

        ensured(
            lambda: self.sagemaker.create_endpoint(
                EndpointName=endpoint, EndpointConfigName=config
            ),
            same,
        )

    def update(self, endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        """Move an endpoint to another configuration.

        A call whose answer was lost is repeated by boto3, and the repeat refused as busy.

        Raises
        ------
        Retryable
            If it is busy with something else.
        """

        def same() -> bool:
            seen = self.idle(endpoint, config)
            return seen is not None and config in (seen.config, seen.pending_config)

        guardrails = deployment_config(strategy, bake_s)
        ensured(
            lambda: self.sagemaker.update_endpoint(
                EndpointName=endpoint, EndpointConfigName=config, **guardrails
            ),
            same,
        )

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint, if it is there.

        Raises
        ------
        Retryable
            If it is busy.
        """
        ensured(
            lambda: self.sagemaker.delete_endpoint(EndpointName=endpoint),
            lambda: self.idle(endpoint) is None,
        )

    def idle(self, endpoint: str, config: str = "") -> Endpoint | None:
        """Answer an endpoint that is not busy, or only with `config`; else raise Retryable."""
        seen = self.describe(endpoint)
        if seen and seen.status is Serving.CHANGING and seen.pending_config != config:
            raise Retryable(f"{endpoint} is busy")
        return seen

    def delete_config(self, name: str) -> None:
        """Delete a configuration, if it is there."""
        described(lambda: self.sagemaker.delete_endpoint_config(EndpointConfigName=name))

    def delete_model(self, model: str, version: int) -> None:
        """Delete the SageMaker models of a version, if there are any."""
        group = names.package_group(self.env, model)
        with translated():
            pages = self.sagemaker.get_paginator("list_models").paginate(
                NameContains=f"{group}-v{version}-"
            )
            found = [one["ModelName"] for page in pages for one in page["Models"]]
        for name in found:
            owned = names.read_sagemaker_model(name)
            if owned and (owned.model, owned.version) == (model, version):
                described(lambda name=name: self.sagemaker.delete_model(ModelName=name))  # type: ignore[misc]

    def forecast(self, endpoint: str, instance: str, quantiles: Sequence[float]) -> Quantiles:
        """Ask an endpoint for one series.

        Raises
        ------
        Refused
            If it does not answer, or not as the contract says.
        """
        request = deepar_json.Request(
            instances=(deepar_json.read_series(instance),),
            configuration=deepar_json.Configuration(
                output_types=("quantiles",), quantiles=tuple(quantiles)
            ),
        )
        with translated():
            answer = self.runtime.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                Body=deepar_json.write_request(request),
            )
            body = answer["Body"].read()
        try:
            return deepar_json.read_response(body)[0].quantiles or {}
        except FormatError as error:
            raise Refused("NotAForecast", str(error)) from error


def deployment_config(strategy: str, bake_s: int) -> Any:
    """Answer UpdateEndpoint's guardrails; none where all traffic moves at once."""
    if strategy not in (Strategy.CANARY, Strategy.LINEAR):
        return {}
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    key = "CanarySize" if strategy == Strategy.CANARY else "LinearStepSize"
    routing = {"Type": strategy.upper(), "WaitIntervalInSeconds": bake_s, key: size}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": bake_s}
    return {"DeploymentConfig": {"BlueGreenUpdatePolicy": policy}}

"""The deployer's ports in boto3: translation only."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from services.deployer.domain.seen import Endpoint, Package, Serving, Verdict, World
from services.deployer.ports import Quantiles
from shared.contracts import names
from shared.contracts.manifest import Manifest
from shared.contracts.names import Stage
from shared.contracts.registration import Registration
from shared.contracts.specs import Approver, Strategy
from shared.forecasting import deepar_json
from shared.forecasting.strict_json import FormatError
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused
from shared.messaging.parameters import Parameters
from shared.messaging.runtime import S3Blobs

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

VARIANT = "all"  # guardrails want a constant variant name
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
PRODUCTION, STAGING = "Production", "Staging"
PENDING = "PendingApproval"
PERHAPS_THERE = frozenset({"ValidationException", "ResourceInUse", "ConflictException"})
ABSENT = frozenset({"ValidationException", "ResourceNotFound"})
VERDICTS = {
    "PendingManualApproval": Verdict.PENDING,
    "Approved": Verdict.APPROVED,
    "Rejected": Verdict.DECLINED,
}
STATUSES = {
    "InService": Serving.READY,
    "Failed": Serving.FAILED,
    "UpdateRollbackFailed": Serving.STUCK,
}


def described(describe: Callable[[], Any]) -> Any | None:
    """Answer what Describe shows; None where there is nothing."""
    try:
        with translated():
            return describe()
    except Refused as refusal:
        if refusal.code in ABSENT:
            return None
        raise


def ensured(create: Callable[[], Any], same: Callable[[], bool]) -> None:
    """Create something whose name says what it is: present and equal is success.

    SageMaker answers ValidationException for "exists" and "not found" alike, so only a look tells.

    Raises
    ------
    Refused
        If it could not be created, or is there and different.
    """
    try:
        with translated():
            create()
    except Refused as refusal:
        if refusal.code not in PERHAPS_THERE or not same():
            raise


class SageMakerRegistry:
    """The model registry."""

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self.sagemaker = sagemaker

    def package(self, arn: str) -> Package | None:
        """Answer a version as it is now."""
        found = described(lambda: self.sagemaker.describe_model_package(ModelPackageName=arn))
        registration = (
            Registration.read(found.get("CustomerMetadataProperties", {})) if found else None
        )
        if found is None or registration is None:
            return None
        life_cycle = found.get("ModelLifeCycle", {})
        container = found["InferenceSpecification"]["Containers"][0]
        return Package(
            arn=found["ModelPackageArn"],
            version=found["ModelPackageVersion"],
            approval=VERDICTS.get(found["ModelApprovalStatus"], Verdict.PENDING),
            approval_note=found.get("ApprovalDescription", ""),
            production=production_verdict(life_cycle),
            production_note=life_cycle.get("StageDescription", ""),
            last_modified_by=who(found.get("LastModifiedBy") or found.get("CreatedBy") or {}),
            image=container["Image"],
            artifact_uri=container["ModelDataUrl"],
            registration=registration,
        )

    def offer(self, arn: str, evidence: str) -> bool:
        """Write {Production, PendingApproval}, if the life cycle still shows Staging."""
        with translated():
            seen = self.sagemaker.describe_model_package(ModelPackageName=arn)
        life_cycle = seen.get("ModelLifeCycle", {})
        if life_cycle.get("Stage") == PRODUCTION:
            return life_cycle.get("StageStatus") == PENDING  # our own words, said before
        with translated():
            self.sagemaker.update_model_package(
                ModelPackageArn=arn,
                ModelLifeCycle={
                    "Stage": PRODUCTION,
                    "StageStatus": PENDING,
                    "StageDescription": evidence[:1024],
                },
            )
        return True

    def approve(self, arn: str, stage: Stage, note: str) -> None:
        """Approve for a stage, if it is still pending."""
        package = self.package(arn)
        if package is None:
            return
        if stage is Stage.STAGING and package.approval is Verdict.PENDING:
            with translated():
                self.sagemaker.update_model_package(
                    ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription=note
                )
        if stage is Stage.PRODUCTION and package.production is Verdict.PENDING:
            with translated():
                self.sagemaker.update_model_package(
                    ModelPackageArn=arn,
                    ModelLifeCycle={
                        "Stage": PRODUCTION,
                        "StageStatus": "Approved",
                        "StageDescription": note,
                    },
                )


def production_verdict(life_cycle: Any) -> Verdict | None:
    """Read the life cycle: its words are free strings, ours are in DESIGN §6."""
    if life_cycle.get("Stage") != PRODUCTION:
        return None
    return VERDICTS.get(life_cycle.get("StageStatus", ""), Verdict.PENDING)


def who(context: Any) -> str:
    """Name a person as the registry knows them."""
    profile: str | None = context.get("UserProfileName")
    arn: str | None = context.get("IamIdentity", {}).get("Arn")
    return profile or arn or "unknown"


class SageMakerEndpoints:
    """SageMaker's hosting."""

    def __init__(
        self,
        sagemaker: "SageMakerClient",
        runtime: "SageMakerRuntimeClient",
        env: str,
        role_arn: str,
    ) -> None:
        self.sagemaker = sagemaker
        self.runtime = runtime
        self.env = env
        self.role_arn = role_arn

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
        )

    def ensure_model(self, name: str, package: Package) -> None:
        """Have a SageMaker model of exactly this image and artifact."""
        container = {"Image": package.image, "ModelDataUrl": package.artifact_uri}

        def same() -> bool:
            found = described(lambda: self.sagemaker.describe_model(ModelName=name))
            there = found.get("PrimaryContainer", {}) if found else {}
            return {key: there.get(key) for key in container} == container

        ensured(
            lambda: self.sagemaker.create_model(
                ModelName=name,
                PrimaryContainer=container,  # type: ignore[arg-type]
                ExecutionRoleArn=self.role_arn,
            ),
            same,
        )

    def ensure_config(self, name: str, model: str, strategy: str, instance: str) -> None:
        """Have a configuration with one variant: serverless, or an instance where traffic
        shifts."""
        capacity: dict[str, Any] = {"ServerlessConfig": SERVERLESS}
        if strategy in (Strategy.CANARY, Strategy.LINEAR):  # guardrails do not know serverless
            capacity = {"InstanceType": instance, "InitialInstanceCount": 2}
        variant = {"VariantName": VARIANT, "ModelName": model, **capacity}

        def same() -> bool:
            found = described(
                lambda: self.sagemaker.describe_endpoint_config(EndpointConfigName=name)
            )
            return found is not None and found["ProductionVariants"][0]["ModelName"] == model

        ensured(
            lambda: self.sagemaker.create_endpoint_config(
                EndpointConfigName=name,
                ProductionVariants=[variant],  # type: ignore[list-item]
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
        """Move an endpoint to another configuration."""
        guardrails = deployment_config(strategy, bake_s)
        with translated():
            self.sagemaker.update_endpoint(
                EndpointName=endpoint, EndpointConfigName=config, **guardrails
            )

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint, if it is there."""
        described(lambda: self.sagemaker.delete_endpoint(EndpointName=endpoint))

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


class S3Artifacts:
    """What training left in S3."""

    def __init__(self, blobs: S3Blobs) -> None:
        self.blobs = blobs

    def sha256(self, uri: str) -> str:
        """Answer the digest of an artifact as it is now."""
        return hashlib.sha256(self.blobs.get(uri)).hexdigest()

    def manifest(self, uri: str, sha256: str) -> Manifest:
        """Read a manifest and check its digest.

        Raises
        ------
        Refused
            If it is not what was registered.
        """
        body = self.blobs.get(uri)
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Refused("DigestDiffers", f"{uri} is not what was registered")
        return Manifest.model_validate_json(body)

    def last_window(self, manifest_uri: str, manifest: Manifest) -> str:
        """Answer the backtest's last instance."""
        above = manifest_uri.removesuffix("/manifest/manifest.json")
        return self.blobs.get(f"{above}/backtest/backtest.jsonl").decode().splitlines()[-1]

    def last_forecast(self, forecasts_uri: str) -> Quantiles:
        """Answer the batch forecast of the backtest's last window."""
        lines = self.blobs.get(forecasts_uri).decode().splitlines()
        return deepar_json.read_prediction(lines[-1]).quantiles or {}


class AwsLook:
    """The world as it is now."""

    def __init__(
        self,
        registry: SageMakerRegistry,
        endpoints: SageMakerEndpoints,
        parameters: Parameters,
        rules_allowed: bool,
    ) -> None:
        self.registry = registry
        self.endpoints = endpoints
        self.parameters = parameters
        self.rules_allowed = rules_allowed

    def package(self, arn: str) -> Package | None:
        """Answer a version as it is now."""
        return self.registry.package(arn)

    def world(self, model: str) -> World:
        """Answer the model's endpoints, and what its spec says of deployments."""
        spec = self.parameters.model_spec(model)
        env = self.parameters.env
        by_rule = {
            Stage.STAGING: spec and spec.approval.staging is Approver.RULE,
            Stage.PRODUCTION: spec and spec.approval.production is Approver.RULE,
        }
        return World(
            endpoints={
                stage: self.endpoints.describe(names.endpoint(env, model, stage)) for stage in Stage
            },
            strategy=spec.deployment.strategy if spec else Strategy.ALL_AT_ONCE,
            bake_s=int(spec.deployment.bake.total_seconds()) if spec else 0,
            frozen=spec.frozen if spec else False,
            rule_for=tuple(stage for stage in Stage if by_rule[stage] and self.rules_allowed),
        )

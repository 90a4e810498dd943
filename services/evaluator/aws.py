"""The evaluator's ports in boto3: translation only."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from services.evaluator.domain.limit import UNKNOWN
from services.evaluator.domain.seen import Declared, World, of_spec
from services.evaluator.ports import Package, Proposal
from shared.contracts import names
from shared.contracts.complaints import SpecError
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.names import ModelParameter
from shared.contracts.registration import Registration
from shared.messaging import registry
from shared.messaging.aws_errors import described, translated
from shared.messaging.errors import Refused, Retryable
from shared.messaging.parameters import Parameters

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

CONTENT_TYPES = ["application/json", "application/jsonlines"]


class SageMakerRegistry:
    """The model registry."""

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self.sagemaker = sagemaker

    def ensure_group(self, group: str) -> None:
        """Have a group of this name; SageMaker has one code for "exists" and for "malformed"."""
        if self.has_group(group):
            return
        try:
            with translated():
                self.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        except Refused:
            if not self.has_group(group):
                raise

    def has_group(self, group: str) -> bool:
        """Tell whether there is a group of this name."""
        look = self.sagemaker.describe_model_package_group
        return described(lambda: look(ModelPackageGroupName=group)) is not None

    def find(self, group: str, run_id: str) -> Package | None:
        """Answer the version that a run became: our descriptions begin with the run."""
        for summary in registry.newest(self.sagemaker, group):
            if summary.get("ModelPackageDescription", "").startswith(f"{run_id}:"):
                found = self.described(summary["ModelPackageArn"])
                registration = Registration.read(found.get("CustomerMetadataProperties", {}))
                if registration and registration.run_id == run_id:
                    return self.package(found)
        return None

    def register(self, proposal: Proposal) -> Package:
        """Write a version that waits for approval."""
        with translated():
            arn = self.sagemaker.create_model_package(
                ModelPackageGroupName=proposal.group,
                ClientToken=proposal.token,
                ModelPackageDescription=proposal.description,
                ModelApprovalStatus="PendingManualApproval",
                ModelLifeCycle={"Stage": "Staging", "StageStatus": "PendingApproval"},
                InferenceSpecification=inference(proposal),
                ModelMetrics=metrics(proposal.evaluation),
                CustomerMetadataProperties=proposal.registration.properties(),
            )["ModelPackageArn"]
        return self.package(self.described(arn))

    def described(self, arn: str) -> Any:
        """Describe a version that is there."""
        with translated():
            return self.sagemaker.describe_model_package(ModelPackageName=arn)

    @staticmethod
    def package(found: Any) -> Package:
        """Read what Describe shows."""
        return Package(arn=found["ModelPackageArn"], version=found["ModelPackageVersion"])


def inference(proposal: Proposal) -> Any:
    """Write how a version is served."""
    return {
        "Containers": [{"Image": proposal.image, "ModelDataUrl": proposal.artifact_uri}],
        "SupportedContentTypes": CONTENT_TYPES,
        "SupportedResponseMIMETypes": CONTENT_TYPES,
        "SupportedRealtimeInferenceInstanceTypes": [proposal.endpoint_instance],
        "SupportedTransformInstanceTypes": [proposal.transform_instance],
    }


def metrics(evaluation: Blob) -> Any:
    """Write where the evidence is, and how to know that it is unchanged."""
    source = {
        "ContentType": "application/json",
        "ContentDigest": f"sha256:{evaluation.sha256}",
        "S3Uri": evaluation.uri,
    }
    return {"ModelQuality": {"Statistics": source}}


class AwsLook:
    """The world as it is now."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters

    def world(self, model: str) -> World | None:
        """Answer what people declare of a model; None when nobody declared it.

        Raises
        ------
        Retryable
            If its spec cannot be read: nothing is judged by a gate that nobody asked for.
        """
        try:
            spec = self.parameters.model_spec(model)
        except SpecError as error:
            raise Retryable(f"the spec of {model} cannot be read: {error}") from error
        if spec is None:
            return None
        at_run_time, fault = self.threshold(model)
        return World(**of_spec(spec), at_run_time=at_run_time, fault=fault)

    def threshold(self, model: str) -> tuple[Declared | None, str]:
        """Answer the run-time threshold, or why it cannot be used: any text may be in there."""
        path = self.path(model, ModelParameter.THRESHOLD)
        found = described(lambda: self.parameters.client.get_parameter(Name=path))
        if found is None:
            return None, ""
        text, revision = found["Parameter"]["Value"], found["Parameter"]["Version"]
        try:
            value = float(text)
            declared = Declared(value=value, where=ModelParameter.THRESHOLD, revision=revision)
        except (ValueError, ValidationError):
            return None, f"{path} holds {text[:40]!r}: write a number above 0"
        return declared, ""

    def author(self, model: str, parameter: ModelParameter) -> str:
        """Answer who wrote a model's parameter last."""
        path = self.path(model, parameter)
        with translated():
            answer = self.parameters.client.describe_parameters(
                ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [path]}]
            )
        users = [found.get("LastModifiedUser", "") for found in answer["Parameters"]]
        return next((user for user in users if user.startswith("arn:")), UNKNOWN)

    def path(self, model: str, parameter: ModelParameter) -> str:
        """Answer a parameter's path."""
        return names.parameter(self.parameters.env, model, parameter)

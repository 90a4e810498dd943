"""The trainer's ports in boto3: translation only."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from services.trainer.domain.seen import Execution, Finished, Job, Progress, World
from shared.contracts.complaints import SpecError
from shared.contracts.manifest import Manifest
from shared.contracts.windows import SeriesSummary, summary_key
from shared.messaging.aws_errors import translated
from shared.messaging.errors import Refused
from shared.messaging.parameters import Parameters
from shared.messaging.runtime import S3Blobs

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

NO_EXECUTION = frozenset({"ResourceNotFound", "ValidationException"})
NO_OBJECT = "NoSuchKey"
PROGRESS = {
    "Executing": Progress.RUNNING,
    "Stopping": Progress.RUNNING,
    "Succeeded": Progress.SUCCEEDED,
    "Failed": Progress.FAILED,
    "Stopped": Progress.FAILED,
}


class SageMakerPipelines:
    """Pipelines and their executions."""

    def __init__(self, sagemaker: "SageMakerClient") -> None:
        self.sagemaker = sagemaker

    def find(self, pipeline: str, run_id: str, since: datetime) -> str | None:
        """Answer the execution of a run; None also where there is no such pipeline."""
        pages = self.sagemaker.get_paginator("list_pipeline_executions").paginate(
            PipelineName=pipeline, CreatedAfter=since
        )
        try:
            with translated():
                for page in pages:
                    for one in page["PipelineExecutionSummaries"]:
                        if one.get("PipelineExecutionDisplayName") == run_id:
                            return one["PipelineExecutionArn"]
        except Refused as refusal:
            if refusal.code not in NO_EXECUTION:
                raise
        return None

    def start(self, pipeline: str, run_id: str, parameters: Mapping[str, str]) -> str:
        """Start a run's execution; its token derives from the run."""
        with translated():
            answer = self.sagemaker.start_pipeline_execution(
                PipelineName=pipeline,
                PipelineExecutionDisplayName=run_id,
                ClientRequestToken=hashlib.sha256(f"{pipeline}/{run_id}".encode()).hexdigest(),
                PipelineParameters=[
                    {"Name": name, "Value": value} for name, value in parameters.items()
                ],
            )
        return answer["PipelineExecutionArn"]

    def execution(self, arn: str) -> Execution | None:
        """Answer an execution, and why it failed."""
        try:
            with translated():
                found = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        except Refused as refusal:
            if refusal.code in NO_EXECUTION:
                return None
            raise
        progress = PROGRESS[found["PipelineExecutionStatus"]]
        step, reason = self.failure(found) if progress is Progress.FAILED else ("", "")
        return Execution(progress=progress, failed_step=step, reason=reason)

    def failure(self, execution: Any) -> tuple[str, str]:
        """Answer which step failed, and why: the program's own sentence where there is one."""
        if execution["PipelineExecutionStatus"] == "Stopped":
            return "", "somebody stopped the execution"
        steps = self.steps(execution["PipelineExecutionArn"])
        failed = next((step for step in steps if step.get("StepStatus") == "Failed"), None)
        if failed is None:
            return "", execution.get("FailureReason", "SageMaker does not say why")
        said = failed.get("FailureReason", "SageMaker does not say why")
        return failed["StepName"], self.exit_message(failed) or said

    def exit_message(self, step: Any) -> str:
        """Answer what a processing program left as its last word: the step does not repeat it."""
        arn = step.get("Metadata", {}).get("ProcessingJob", {}).get("Arn")
        if arn is None:
            return ""
        with translated():
            job = self.sagemaker.describe_processing_job(ProcessingJobName=last_part(arn))
        return job.get("ExitMessage", "")

    def steps(self, arn: str) -> list[Any]:
        """Answer the steps of an execution, as far as they have begun."""
        pages = self.sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=arn
        )
        with translated():
            return [step for page in pages for step in page["PipelineExecutionSteps"]]

    def finished(self, arn: str) -> Finished:
        """Answer what an execution that succeeded has made."""
        with translated():
            found = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        jobs = {
            step["StepName"]: step["Metadata"]["TrainingJob"]["Arn"]
            for step in self.steps(arn)
            if "TrainingJob" in step.get("Metadata", {})
        }
        return Finished(
            started_at=found["CreationTime"],
            ended_at=found["LastModifiedTime"],
            jobs=tuple(self.job(step, job) for step, job in jobs.items()),
        )

    def job(self, step: str, arn: str) -> Job:
        """Answer the training job of a step."""
        with translated():
            found = self.sagemaker.describe_training_job(TrainingJobName=last_part(arn))
        return Job(
            step=step,
            artifact_uri=found["ModelArtifacts"]["S3ModelArtifacts"],
            image=found["AlgorithmSpecification"].get("TrainingImage", ""),
        )


def last_part(arn: str) -> str:
    """Answer the name in a job's ARN."""
    return arn.rsplit("/", 1)[-1]


class SageMakerFeatures:
    """The environment's feature group."""

    def __init__(self, sagemaker: "SageMakerClient", group: str) -> None:
        self.sagemaker = sagemaker
        self.group = group

    def offline_store_uri(self) -> str:
        """Answer the prefix of the offline store's Parquet.

        Raises
        ------
        Refused
            If there is no such group, or it has no offline store.
        """
        with translated():
            found = self.sagemaker.describe_feature_group(FeatureGroupName=self.group)
        uri = found.get("OfflineStoreConfig", {}).get("S3StorageConfig", {})
        if "ResolvedOutputS3Uri" not in uri:
            raise Refused("NoOfflineStore", f"feature group {self.group} has no offline store")
        return uri["ResolvedOutputS3Uri"]


class S3Artifacts:
    """What training left in S3."""

    def __init__(self, blobs: S3Blobs) -> None:
        self.blobs = blobs

    def sha256(self, uri: str) -> str:
        """Answer the digest of an artifact."""
        return hashlib.sha256(self.blobs.get(uri)).hexdigest()

    def manifest(self, uri: str) -> tuple[Manifest, str]:
        """Read a manifest.

        Raises
        ------
        Refused
            If it is missing, or is not shaped as the contract says.
        """
        body = self.blobs.get(uri)
        try:
            return Manifest.model_validate_json(body), hashlib.sha256(body).hexdigest()
        except ValidationError as error:
            raise Refused(
                "NotAManifest", f"{uri}: {error.error_count()} fields are wrong"
            ) from error


class AwsLook:
    """The world as it is now."""

    def __init__(
        self,
        pipelines: SageMakerPipelines,
        parameters: Parameters,
        blobs: S3Blobs,
        offline_lag_s: float,
    ) -> None:
        self.pipelines = pipelines
        self.parameters = parameters
        self.blobs = blobs
        self.offline_lag_s = offline_lag_s

    def world(self, model: str) -> World:
        """Answer what is declared of a model, and how much data there is.

        People write parameters by hand, too: what cannot be read is told, and hurts no other model.
        """
        try:
            return self.declared(model)
        except ValueError as error:
            return World(unreadable=str(error))

    def declared(self, model: str) -> World:
        """Read the declarations.

        Raises
        ------
        ValueError
            If one of them cannot be read.
        """
        spec = self.parameters.model_spec(model)
        if spec is None:
            return World()
        return World(
            spec=spec,
            series=self.parameters.series_spec(spec.series),
            summary=self.summary(spec.series),
            offline_lag_s=self.offline_lag_s,
            **self.at_run_time(model),
        )

    def at_run_time(self, model: str) -> Mapping[str, Any]:
        """Answer the hyperparameters that people set at run time, or why they cannot be read."""
        try:
            return {"hyperparameters": self.parameters.hyperparameters(model)}
        except SpecError as error:
            return {"settings_fault": str(error)}

    def execution(self, arn: str) -> Execution | None:
        """Answer an execution."""
        return self.pipelines.execution(arn)

    def summary(self, series: str) -> SeriesSummary | None:
        """Answer what ingest published of a series; None before its first window."""
        try:
            body = self.blobs.get(f"s3://{self.blobs.bucket}/{summary_key(series)}")
        except Refused as refusal:
            if refusal.code == NO_OBJECT:
                return None
            raise
        return SeriesSummary.model_validate_json(body)

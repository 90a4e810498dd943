"""The events of jobs, with the fields that SageMaker documents for each.

Times are milliseconds since 1970 and tags a map, as in real events; what a request left out is
left out here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.local.sagemaker.core import Response
from infra.local.sagemaker.events import epoch_ms
from infra.local.sagemaker.job import Job

TRAINING_FIELDS = (
    "HyperParameters",
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "StoppingCondition",
)
PROCESSING_FIELDS = (
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "StoppingCondition",
    "AppSpecification",
    "NetworkConfig",
    "RoleArn",
    "ExperimentConfig",
)
TRANSFORM_FIELDS = (
    "ModelName",
    "MaxConcurrentTransforms",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
)
# Processing events alone spell the enums inside in capitals.
CAPITALS = {
    "ManifestFile": "MANIFEST_FILE",
    "S3Prefix": "S3_PREFIX",
    "File": "FILE",
    "Pipe": "PIPE",
    "FullyReplicated": "FULLYREPLICATED",
    "ShardedByS3Key": "SHARDEDBYS3KEY",
    "Continuous": "CONTINUOUS",
    "EndOfJob": "END_OF_JOB",
}
ENUMS = frozenset({"S3DataType", "S3InputMode", "S3DataDistributionType", "S3UploadMode"})


def training(job: Job) -> Response:
    """Answer the detail of SageMaker Training Job State Change."""
    return {
        **_common(job, TRAINING_FIELDS),
        "LastModifiedTime": epoch_ms(job.modified_at),
        "SecondaryStatus": job.secondary,
        "SecondaryStatusTransitions": [
            {
                name: epoch_ms(value) if isinstance(value, datetime) else value
                for name, value in transition.items()
            }
            for transition in job.transitions
        ],
        "Tags": _tags(job),
    }


def processing(job: Job) -> Response:
    """Answer the detail of SageMaker Processing Job State Change."""
    common: Response = _in_capitals(_common(job, PROCESSING_FIELDS))
    return {**common, "LastModifiedTime": epoch_ms(job.modified_at)}


def transform(job: Job) -> Response:
    """Answer the detail of SageMaker Transform Job State Change."""
    return {**_common(job, TRANSFORM_FIELDS), "Tags": _tags(job)}


def _common(job: Job, fields: tuple[str, ...]) -> Response:
    word = job.kind.word
    detail = {
        f"{word}JobName": job.name,
        f"{word}JobArn": job.arn,
        f"{word}JobStatus": job.status,
        "FailureReason": job.reason,  # null unless it failed, as real events have it
        **{field: job.request[field] for field in fields if field in job.request},
        "CreationTime": epoch_ms(job.created_at),
    }
    for name, moment in (("StartTime", job.started_at), ("EndTime", job.ended_at)):
        if moment is not None:
            detail[f"{word}{name}"] = epoch_ms(moment)
    return detail


def _tags(job: Job) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in job.request.get("Tags", ())}


def _in_capitals(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {inner: _in_capitals(part, inner) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_in_capitals(part) for part in value]
    return CAPITALS.get(value, value) if name in ENUMS else value

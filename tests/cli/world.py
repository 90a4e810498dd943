"""What services would do around the CLI, done by plain boto3."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from click.testing import Result

from infra.local import account
from shared.contracts import names
from shared.contracts.evaluation import Evaluation, evaluation_key
from shared.contracts.lifecycle import ModelEvaluated
from shared.contracts.registration import Registration

CUTOFF = datetime(2026, 3, 1, tzinfo=UTC)


class Evaluator:
    """Registers versions as the evaluator does."""

    def __init__(self, aws: Callable[[str], Any]) -> None:
        self.aws = aws

    def register(self, model: str, *, ours: bool = True, evidence: bool = True) -> str:
        """Register the next version of a model; answer its ARN."""
        sagemaker, group = self.aws("sagemaker"), names.package_group("dev", model)
        groups = sagemaker.list_model_package_groups(NameContains=group)
        if group not in {
            one["ModelPackageGroupName"] for one in groups["ModelPackageGroupSummaryList"]
        }:
            sagemaker.create_model_package_group(ModelPackageGroupName=group)
        run_id = names.run_id(model, "cause")
        package: dict[str, Any] = {
            "ModelPackageGroupName": group,
            "ModelApprovalStatus": "PendingManualApproval",
            "ModelLifeCycle": {"Stage": "Staging", "StageStatus": "PendingApproval"},
            "InferenceSpecification": {
                "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://b/model.tar.gz"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        }
        if ours:
            package["CustomerMetadataProperties"] = registration(run_id).properties()
        if evidence:
            package["ModelMetrics"] = {
                "ModelQuality": {
                    "Statistics": {
                        "ContentType": "application/json",
                        "S3Uri": self.write_evidence(model, run_id),
                    }
                }
            }
        return str(sagemaker.create_model_package(**package)["ModelPackageArn"])

    def write_evidence(self, model: str, run_id: str) -> str:
        """Write evaluation.json; answer its URI."""
        evaluated = ModelEvaluated.example().changed(model=model, run_id=run_id)
        body = Evaluation(evaluated=evaluated, windows=()).model_dump_json()
        bucket, key = account.bucket("dev"), evaluation_key(run_id)
        self.aws("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
        return f"s3://{bucket}/{key}"

    def offer(self, arn: str) -> None:
        """Offer a version for production, as the deployer does after the smoke test."""
        self.life_cycle(arn, "PendingApproval")

    def life_cycle(self, arn: str, status: str) -> None:
        """Write the production status."""
        self.aws("sagemaker").update_model_package(
            ModelPackageArn=arn,
            ModelLifeCycle={"Stage": "Production", "StageStatus": status},
        )

    def package(self, arn: str) -> Any:
        """Describe a version."""
        return self.aws("sagemaker").describe_model_package(ModelPackageName=arn)


def registration(run_id: str) -> Registration:
    """Answer what the evaluator writes into a package."""
    return Registration(
        run_id=run_id,
        algorithm="lightgbm",
        artifact_sha256="0" * 64,
        manifest_uri="s3://b/manifest.json",
        manifest_sha256="0" * 64,
        forecasts_uri="s3://b/out",
        cutoff=CUTOFF,
    )


def heard(aws: Callable[[str], Any], service: str = "journal") -> Sequence[dict[str, Any]]:
    """Take all events that a service's queue holds."""
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=names.queue("dev", service))["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def lines(result: Result) -> tuple[int, list[str]]:
    """Answer the exit code and what was said on stderr."""
    return result.exit_code, result.stderr.splitlines()

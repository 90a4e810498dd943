"""A plain boto3 client, and nothing of ours: train, follow, read, register, approve, invoke."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pandas
import pytest

from infra.local.simulation import observations
from tests.flow.local_aws import local_aws, wait_for

pytestmark = pytest.mark.flow

START = datetime(2026, 3, 1, tzinfo=UTC)
BUCKET = "modelcycle-dev-123456789012-us-east-1"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
RUN = "fees-r000000000001"
RUN_URI = f"s3://{BUCKET}/runs/{RUN}"
GROUP = "mc-dev-fees"
PARAMETERS = {
    "Model": "fees",
    "RunId": RUN,
    "RoleArn": "arn:aws:iam::123456789012:role/modelcycle-dev-execution",
    "Image": f"{REGISTRY}/modelcycle/lightgbm:1",
    "DatasetImage": f"{REGISTRY}/modelcycle/dataset:1",
    "OutputUri": RUN_URI,
    "Series": "transactions",
    "WindowSeconds": "300",
    "FrequencySeconds": "300",
    "TimeFreq": "5min",
    "Horizon": "6",
    "Season": "288",
    "Origins": "10",
    "Stride": "6",
    "ContextPoints": "576",
    "num_boost_round": "10",
}


def window(index: int, total: float, count: int) -> dict[str, Any]:
    """Write one window as the feature store takes it."""
    start = START + timedelta(minutes=5 * index)
    text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "record_id": f"transactions#{text}",
        "event_time": (start + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "series": "transactions",
        "window_start": text,
        "count": str(count),
        "total": str(total),
        "mean": str(total / count),
        "revision": "1",
    }
    return {
        "FeatureGroupName": "mc-dev-windows",
        "Record": [{"FeatureName": name, "ValueAsString": text} for name, text in values.items()],
    }


def test_whoever_has_boto3_can_run_and_steer_the_loop(tmp_path: Path) -> None:
    with local_aws(tmp_path, services=("deployer",)) as stack:

        def client(service: str, who: str = "operator.alice") -> Any:
            return boto3.client(  # type: ignore[call-overload]
                service,
                endpoint_url=stack.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id=who,
                aws_secret_access_key="any",
            )

        sagemaker, s3 = client("sagemaker"), client("s3")
        offline = write_history(client("sagemaker-featurestore-runtime"), sagemaker)
        read_history(s3, offline)
        follow_execution(sagemaker, offline)
        package = register(sagemaker, s3)
        sagemaker.update_model_package(
            ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="good"
        )
        wait_for("an offer", lambda: life_cycle(sagemaker, package) == "Production/PendingApproval")
        sagemaker.update_model_package(
            ModelPackageArn=package,
            ModelLifeCycle={"Stage": "Production", "StageStatus": "Approved"},
        )
        wait_for("production", lambda: in_service(sagemaker, "mc-dev-fees-production"))
        answer = client("sagemaker-runtime").invoke_endpoint(
            EndpointName="mc-dev-fees-production",
            ContentType="application/json",
            Body=json.dumps(
                {
                    "instances": [
                        {"start": "2026-03-01 00:00:00", "target": [1000.0 + i for i in range(576)]}
                    ],
                    "configuration": {"output_types": ["quantiles"], "quantiles": ["0.1", "0.9"]},
                }
            ),
        )
        quantiles = json.load(answer["Body"])["predictions"][0]["quantiles"]
        assert {level: len(values) for level, values in quantiles.items()} == {"0.1": 6, "0.9": 6}
        assert sagemaker.describe_model_package(ModelPackageName=package)["LastModifiedBy"][
            "IamIdentity"
        ]["Arn"].endswith("user/alice")
        stack.wait_until_quiet(30)
        assert stack.watch.dead_letters() == {}


def write_history(featurestore: Any, sagemaker: Any) -> str:
    """Write five days of windows, and answer where the offline store keeps them."""
    simulated = observations(seed=3, start=START, minutes=1_500)
    for first in range(0, 1_500, 25):
        entries = [
            window(i, float(simulated.values[i]), int(simulated.counts[i]))
            for i in range(first, first + 25)
        ]
        answer = featurestore.batch_write_record(Entries=entries)
        assert not answer["Errors"]
        assert not answer["UnprocessedEntries"]
    group = sagemaker.describe_feature_group(FeatureGroupName="mc-dev-windows")
    uri: str = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    return uri


def read_history(s3: Any, uri: str) -> None:
    """Read the offline store's Parquet as any analyst would."""

    def rows() -> Any:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        frames = [
            pandas.read_parquet(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            for key in keys
            if key.endswith(".parquet")
        ]
        return frames if sum(map(len, frames)) == 1_500 else None

    table = pandas.concat(wait_for("the offline store", rows))
    assert table["record_id"].nunique() == 1_500
    assert {"count", "total", "mean", "write_time", "is_deleted"} <= set(table.columns)


def follow_execution(sagemaker: Any, offline: str) -> None:
    """Start the pipeline and see each of its steps end."""
    parameters = {**PARAMETERS, "OfflineStoreUri": offline}
    execution = sagemaker.start_pipeline_execution(
        PipelineName="mc-dev-lightgbm",
        PipelineExecutionDisplayName=RUN,
        ClientRequestToken=f"{RUN}-{'0' * 32}",
        PipelineParameters=[{"Name": n, "Value": v} for n, v in parameters.items()],
    )["PipelineExecutionArn"]
    wait_for(
        "the execution",
        lambda: (
            sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)[
                "PipelineExecutionStatus"
            ]
            != "Executing"
        ),
    )
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)
    ended = {one["StepName"]: one["StepStatus"] for one in steps["PipelineExecutionSteps"]}
    assert ended == dict.fromkeys(
        ("Prepare", "Train", "Refit", "CreateJudgedModel", "Forecast"), "Succeeded"
    )


def register(sagemaker: Any, s3: Any) -> str:
    """Register what the run left, as our evaluator would."""
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"runs/{RUN}/shipped/")["Contents"]
    artifact = next(one["Key"] for one in found if one["Key"].endswith("model.tar.gz"))
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    answer = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelApprovalStatus="PendingManualApproval",
        ModelLifeCycle={"Stage": "Staging", "StageStatus": "PendingApproval"},
        InferenceSpecification={
            "Containers": [
                {"Image": PARAMETERS["Image"], "ModelDataUrl": f"s3://{BUCKET}/{artifact}"}
            ],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        CustomerMetadataProperties={
            "run_id": RUN,
            "algorithm": "lightgbm",
            "artifact_sha256": sha256(s3, artifact),
            "manifest_uri": f"{RUN_URI}/dataset/manifest/manifest.json",
            "manifest_sha256": sha256(s3, f"runs/{RUN}/dataset/manifest/manifest.json"),
            "forecasts_uri": f"{RUN_URI}/forecasts/backtest.jsonl.out",
            "cutoff": "2026-03-06T04:55:00Z",
        },
    )
    arn: str = answer["ModelPackageArn"]
    return arn


def sha256(s3: Any, key: str) -> str:
    return hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()


def life_cycle(sagemaker: Any, package: str) -> str:
    shown = sagemaker.describe_model_package(ModelPackageName=package)["ModelLifeCycle"]
    return f"{shown['Stage']}/{shown['StageStatus']}"


def in_service(sagemaker: Any, endpoint: str) -> bool:
    listed = sagemaker.list_endpoints(NameContains=endpoint, StatusEquals="InService")
    return bool(listed["Endpoints"])

"""What the platform stack promises, looked up in its template."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.aws import definitions
from infra.aws.environments import ROOT, Environment, Journal
from infra.aws.platform import end_of_journal
from services.journal.pages import FOLDER
from shared.contracts import limits, names, windows
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.tables import TABLES, TTL_ATTRIBUTE, Table
from tests.infra_aws.synthesis import Template, resources, synthesized

KEY = "arn:aws:kms:eu-central-1:123456789012:alias/modelcycle-dev"


@pytest.fixture(scope="module")
def platform(templates: Mapping[str, Template]) -> Template:
    """The platform's template."""
    return templates["platform"]


def only(template: Template, kind: str) -> dict[str, Any]:
    """Answer the properties of the one resource of a kind."""
    (found,) = resources(template, kind)
    return found


def test_events_are_archived_no_longer_than_repeats_are_recognised(platform: Template) -> None:
    archive = only(platform, "AWS::Events::Archive")
    assert archive["RetentionDays"] <= limits.INBOX_DAYS
    assert archive["SourceArn"] == {"Fn::GetAtt": ["BusEA82B648", "Arn"]}
    assert only(platform, "AWS::Events::EventBus")["Name"] == names.bus("dev")


def test_the_bucket_is_versioned_encrypted_closed_and_speaks_tls_only(platform: Template) -> None:
    bucket = only(platform, "AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    policy = only(platform, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        statement.get("Condition") for statement in policy if statement["Effect"] == "Deny"
    ]


def test_what_was_replaced_goes_and_the_journals_pages_go_when_the_environment_says(
    platform: Template, environment: Environment
) -> None:
    replaced, journal = only(platform, "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert replaced["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert not replaced.keys() & {"ExpirationInDays", "Prefix"}
    days = environment.journal.keep_days
    assert journal == {"Prefix": f"{FOLDER}/", "ExpirationInDays": days, "Status": "Enabled"}


def test_the_journals_pages_stay_for_ever_where_nothing_is_said() -> None:
    assert end_of_journal(Journal().keep_days) == ()


def test_the_key_is_used_by_services_that_send_for_this_account_only(platform: Template) -> None:
    key = only(platform, "AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    users = {
        statement["Principal"]["Service"]: statement["Condition"]
        for statement in key["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    }
    of_us = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    services = ("events", "cloudwatch")
    assert users == {f"{service}.amazonaws.com": of_us for service in services}
    assert only(platform, "AWS::KMS::Alias")["AliasName"] == names.key_alias("dev")


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.service)
def test_a_table_is_its_row_with_a_way_back_an_expiry_and_the_key(
    platform: Template, row: Table
) -> None:
    (table,) = (
        one
        for one in resources(platform, "AWS::DynamoDB::Table")
        if one["TableName"] == names.table("dev", row.service)
    )
    assert [key["AttributeName"] for key in table["KeySchema"]] == list(row.keys.attributes())
    is_kept_twice = row.service == "journal"  # the other time in S3, by which it is rebuilt
    recovery = {"PointInTimeRecoveryEnabled": not is_kept_twice}
    assert table["PointInTimeRecoverySpecification"] == recovery
    assert table["TimeToLiveSpecification"] == {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())] == [
        index.name for index in row.indexes
    ]


def test_the_journals_table_has_a_way_back_of_its_own_where_that_is_asked_for(
    environment: Environment, tmp_path: Path
) -> None:
    asked = environment.changed(journal=environment.journal.changed(recovery=True))
    for table in resources(synthesized(asked, tmp_path)["platform"], "AWS::DynamoDB::Table"):
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_feature_group_can_be_read_as_files(platform: Template) -> None:
    group = only(platform, "AWS::SageMaker::FeatureGroup")
    assert group["FeatureGroupName"] == names.feature_group("dev")
    assert group["OfflineStoreConfig"]["TableFormat"] == "Glue"
    assert "KmsKeyId" in group["OfflineStoreConfig"]["S3StorageConfig"]
    assert "KmsKeyId" in group["OnlineStoreConfig"]["SecurityConfig"]
    assert [feature["FeatureName"] for feature in group["FeatureDefinitions"]] == [
        feature.name for feature in windows.FEATURES
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_algorithms_pipeline_is_the_committed_one_and_what_the_environment_adds(
    platform: Template, environment: Environment, algorithm: str
) -> None:
    (pipeline,) = (
        one
        for one in resources(platform, "AWS::SageMaker::Pipeline")
        if one["PipelineName"] == names.pipeline("dev", algorithm)
    )
    committed = json.loads((ROOT / "algorithms" / algorithm / "pipeline.json").read_text())
    deployed = json.loads(pipeline["PipelineDefinition"]["PipelineDefinitionBody"])
    assert deployed == definitions.of_environment(committed, environment)
    assert deployed["Parameters"] == committed["Parameters"]
    assert [step["Name"] for step in deployed["Steps"]] == [
        step["Name"] for step in committed["Steps"]
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_job_is_isolated_bounded_encrypted_and_in_the_network(
    environment: Environment, algorithm: str
) -> None:
    committed = json.loads((ROOT / "algorithms" / algorithm / "pipeline.json").read_text())
    steps = definitions.of_environment(committed, environment)["Steps"]
    network = {"Subnets": ["subnet-0a1b2c3d"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    for step in steps:
        arguments = step["Arguments"]
        match step["Type"]:
            case "Processing":
                isolated = {"EnableNetworkIsolation": True, "VpcConfig": network}
                assert arguments["NetworkConfig"] == isolated
                cluster = arguments["ProcessingResources"]["ClusterConfig"]
                assert cluster["VolumeKmsKeyId"] == KEY
                assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == KEY
                assert arguments["StoppingCondition"]["MaxRuntimeInSeconds"] > 0
            case "Training":
                assert arguments["EnableNetworkIsolation"] is True
                assert arguments["VpcConfig"] == network
                assert arguments["OutputDataConfig"]["KmsKeyId"] == KEY
                assert arguments["ResourceConfig"]["VolumeKmsKeyId"] == KEY
                assert arguments["EnableManagedSpotTraining"] is True
                stopping = arguments["StoppingCondition"]
                assert stopping["MaxWaitTimeInSeconds"] > stopping["MaxRuntimeInSeconds"] > 0
            case "Model":
                assert arguments["EnableNetworkIsolation"] is True
                assert arguments["VpcConfig"] == network
            case "Transform":
                assert arguments["TransformOutput"]["KmsKeyId"] == KEY
                assert arguments["TransformResources"]["VolumeKmsKeyId"] == KEY
            case other:
                raise AssertionError(f"{other}: say in definitions.py what an environment adds")


def test_without_spot_and_network_nothing_of_them_is_added(environment: Environment) -> None:
    plain = environment.changed(spot=False, vpc=None)
    committed = json.loads((ROOT / "algorithms" / "lightgbm" / "pipeline.json").read_text())
    text = json.dumps(definitions.of_environment(committed, plain))
    assert "VpcConfig" not in text
    assert "EnableManagedSpotTraining" not in text

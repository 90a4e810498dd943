"""SageMaker's side of the platform: the feature group, the pipelines, the role of its jobs."""

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker

from infra.aws import definitions, execution
from infra.aws.environments import ROOT, Environment
from infra.aws.roles import add_role
from shared.contracts import names, windows
from shared.contracts.algorithms import ALGORITHMS


def add_sagemaker(
    stack: cdk.Stack, environment: Environment, key: kms.Key, bucket: s3.Bucket
) -> None:
    """Add the roles, the feature group, and one pipeline per algorithm."""
    parts = {
        part: add_role(stack, f"{part.capitalize()}Role", role, environment.account)
        for part, role in execution.roles(environment).items()
    }
    group = _feature_group(stack, environment, key, parts[execution.FEATURES])
    group.node.add_dependency(bucket)
    for algorithm in ALGORITHMS:
        _pipeline(stack, environment, algorithm, parts[execution.PIPELINES])


def _feature_group(
    stack: cdk.Stack, environment: Environment, key: kms.Key, role: iam.Role
) -> sagemaker.CfnFeatureGroup:
    """Add the one group that holds all windows: Glue's table format, whose Parquet files can be
    read directly."""
    group = sagemaker.CfnFeatureGroup(
        stack,
        "FeatureGroup",
        feature_group_name=names.feature_group(environment.name),
        record_identifier_feature_name=windows.RECORD_IDENTIFIER,
        event_time_feature_name=windows.EVENT_TIME,
        feature_definitions=[
            sagemaker.CfnFeatureGroup.FeatureDefinitionProperty(
                feature_name=feature.name, feature_type=feature.type
            )
            for feature in windows.FEATURES
        ],
        online_store_config={
            "EnableOnlineStore": True,
            "SecurityConfig": {"KmsKeyId": key.key_arn},
            "TtlDuration": {"Unit": "Days", "Value": windows.ONLINE_DAYS},
        },
        offline_store_config={
            "S3StorageConfig": {
                "S3Uri": f"s3://{environment.bucket}/{windows.OFFLINE_PREFIX}",
                "KmsKeyId": key.key_arn,
            },
            "DisableGlueTableCreation": False,
            "TableFormat": "Glue",
        },
        role_arn=role.role_arn,
    )
    group.apply_removal_policy(
        cdk.RemovalPolicy.RETAIN if environment.keep_data else cdk.RemovalPolicy.DESTROY
    )
    return group


def _pipeline(stack: cdk.Stack, environment: Environment, algorithm: str, role: iam.Role) -> None:
    definition = definitions.of_environment(definitions.read(ROOT, algorithm), environment)
    sagemaker.CfnPipeline(
        stack,
        f"{algorithm.capitalize()}Pipeline",
        pipeline_name=names.pipeline(environment.name, algorithm),
        pipeline_definition={
            "PipelineDefinitionBody": json.dumps(definition, separators=(",", ":"))
        },
        role_arn=role.role_arn,
    )

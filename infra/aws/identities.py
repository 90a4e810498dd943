"""What a template's resources are called, and what `Ref` and `Fn::GetAtt` of each stand for."""

from collections.abc import Mapping
from typing import NamedTuple


class Identity(NamedTuple):
    """How a kind of resource is called, and what it stands for: texts with places for ``name``,
    ``account``, ``region`` and ``partition``."""

    name: str
    """The property that holds its name."""
    ref: str
    attributes: Mapping[str, str]


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


IDENTITIES: Mapping[str, Identity] = {
    "AWS::CloudWatch::Alarm": Identity(
        "AlarmName", "{name}", {"Arn": _arn("cloudwatch", "alarm:{name}")}
    ),
    "AWS::CloudWatch::Dashboard": Identity("DashboardName", "{name}", {}),
    "AWS::DynamoDB::Table": Identity(
        "TableName", "{name}", {"Arn": _arn("dynamodb", "table/{name}")}
    ),
    "AWS::Events::EventBus": Identity(
        "Name", "{name}", {"Arn": _arn("events", "event-bus/{name}"), "Name": "{name}"}
    ),
    "AWS::IAM::ManagedPolicy": Identity(
        "ManagedPolicyName", "arn:{partition}:iam::{account}:policy/{name}", {}
    ),
    "AWS::IAM::Role": Identity(
        "RoleName", "{name}", {"Arn": "arn:{partition}:iam::{account}:role/{name}"}
    ),
    "AWS::KMS::Key": Identity(
        "KeyId", "{name}", {"Arn": _arn("kms", "key/{name}"), "KeyId": "{name}"}
    ),
    "AWS::Lambda::Function": Identity(
        "FunctionName", "{name}", {"Arn": _arn("lambda", "function:{name}")}
    ),
    "AWS::Logs::LogGroup": Identity(
        "LogGroupName", "{name}", {"Arn": _arn("logs", "log-group:{name}:*")}
    ),
    "AWS::S3::Bucket": Identity("BucketName", "{name}", {"Arn": "arn:{partition}:s3:::{name}"}),
    "AWS::SNS::Topic": Identity(
        "TopicName",
        _arn("sns", "{name}"),
        {"TopicArn": _arn("sns", "{name}"), "TopicName": "{name}"},
    ),
    "AWS::SQS::Queue": Identity(
        "QueueName",
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        {"Arn": _arn("sqs", "{name}"), "QueueName": "{name}"},
    ),
}
"""What resources that others refer to are; a kind that is missing is an error where one does."""

"""A function that makes one AWS call, for the tests of sudden deaths."""

from typing import Any

import boto3


def handler(event: dict[str, Any], context: Any) -> None:
    """Make a call for each message."""
    sqs = boto3.client(
        "sqs",
        region_name="us-east-1",
        aws_access_key_id="modelcycle-fixture",
        aws_secret_access_key="local",
    )
    for _ in event["Records"]:
        sqs.list_queues()

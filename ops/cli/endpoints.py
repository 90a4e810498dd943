"""What serves a model in each stage, read from its endpoints."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from ops.cli.connection import Connection
from shared.contracts import names
from shared.contracts.names import Stage
from shared.messaging.aws_errors import code_of

ABSENT = frozenset({"ValidationException", "ResourceNotFound"})


@dataclass(frozen=True)
class Serving:
    """An endpoint, as it is now."""

    endpoint: str
    status: str
    """SageMaker's word: ``InService``, ``Updating``, …"""
    config: str
    version: int | None
    """What answers; None where the configuration is not ours, or nothing answers yet."""
    coming: int | None
    """The version of a roll-out under way."""
    modified_at: datetime
    reason: str


def serving(connection: Connection, model: str, stage: Stage) -> Serving | None:
    """Answer what serves a model in a stage; None where there is no endpoint."""
    endpoint = names.endpoint(connection.env, model, stage)
    try:
        found = connection.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if code_of(error) in ABSENT:
            return None
        raise
    return read(found)


def read(found: Any) -> Serving:
    """Read a description: the configuration's name says which version it is for."""
    config = found.get("EndpointConfigName", "")
    status = found["EndpointStatus"]
    version = version_of(config)
    pending = version_of(found.get("PendingDeploymentSummary", {}).get("EndpointConfigName", ""))
    first = status == "Creating"
    return Serving(
        endpoint=found["EndpointName"],
        status=status,
        config=config,
        version=None if first or status == "Failed" else version,
        coming=version if first else pending,
        modified_at=found["LastModifiedTime"],
        reason=found.get("FailureReason", ""),
    )


def version_of(config: str) -> int | None:
    """Answer the version that a configuration was made for."""
    owned = names.read_endpoint_config(config)
    return owned.version if owned else None

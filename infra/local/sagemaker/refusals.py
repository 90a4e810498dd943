"""What SageMaker can do and the local AWS cannot, refused by name before a job begins."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from infra.local.sagemaker.core import invalid
from infra.local.sagemaker.runner import ML_ROOT


def one_instance(resources: Mapping[str, Any]) -> None:
    """Refuse a job that wants more than one instance."""
    if resources.get("InstanceCount", 1) != 1:
        raise invalid("The local AWS runs a job on one instance: set InstanceCount to 1")


def s3_prefix(source: Mapping[str, Any]) -> None:
    """Refuse a data source that is no S3 prefix."""
    kind, uri = source.get("S3DataType", "S3Prefix"), source.get("S3Uri", "")
    if kind != "S3Prefix" or not uri.startswith("s3://"):
        raise invalid(
            "The local AWS reads inputs of S3DataType S3Prefix with an S3Uri s3://bucket/prefix,"
            f" got {json.dumps(dict(source))}"
        )


def processing_path(where: str, path: str) -> None:
    """Refuse a LocalPath of a processing job outside of the folder made for such."""
    if ".." in PurePosixPath(path).parts or not path.startswith(f"{ML_ROOT}/processing/"):
        raise invalid(f"{where}: LocalPath must lie below {ML_ROOT}/processing, got '{path}'")


def only(where: str, given: str, known: tuple[str, ...]) -> None:
    """Refuse a choice that the local AWS does not know."""
    if given not in known:
        raise invalid(f"{where}: the local AWS knows {' and '.join(known)}, got '{given}'")

"""Looking for a version in the model registry: one way for all who do."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.contracts import limits
from shared.messaging.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import ModelPackageSummaryTypeDef


def newest(sagemaker: "SageMakerClient", group: str) -> Iterator["ModelPackageSummaryTypeDef"]:
    """Yield the versions of a package group, the newest first; pages are asked for as they are
    needed.

    Raises
    ------
    Refused
        If there is no such group, or it may not be listed.
    Retryable
        If SageMaker does not answer now.
    """
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={
            "PageSize": limits.LIST_PAGE_ITEMS_MAX,
            "MaxItems": limits.VERSIONS_SEARCHED_MAX,
        },
    )
    with translated():
        for page in pages:
            yield from page["ModelPackageSummaryList"]

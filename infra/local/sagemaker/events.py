"""The AWS events that the engine emits, with the fields and the spelling that AWS documents.

Source: the SageMaker Developer Guide, "Amazon SageMaker events in EventBridge". The envelope
(source, account, region, time) is made by whoever delivers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

PACKAGE_FIELDS = (  # of DescribeModelPackage, shown as they are, where the package has them
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "InferenceSpecification",
    "SourceAlgorithmSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "CertifyForMarketplace",
    "ModelApprovalStatus",
    "MetadataProperties",
    "ModelMetrics",
    "ModelLifeCycle",
)

GROUP_FIELDS = (
    "FeatureGroupArn",
    "FeatureGroupName",
    "RecordIdentifierFeatureName",
    "EventTimeFeatureName",
    "FeatureDefinitions",
    "OnlineStoreConfig",
    "OfflineStoreConfig",
    "RoleArn",
    "FeatureGroupStatus",
)


class AwsEvent(NamedTuple):
    """What `core.Emit` takes."""

    detail_type: str
    resources: tuple[str, ...]
    detail: dict[str, Any]


def model_package_changed(package: Mapping[str, Any], updated: Sequence[str]) -> AwsEvent:
    """Tell of a model package that was registered, changed or deleted.

    Parameters
    ----------
    package : Mapping
        As DescribeModelPackage shows it.
    updated : sequence of str
        The fields that an update named; empty at registration, where AWS leaves the list out.
    """
    detail = {field: package[field] for field in PACKAGE_FIELDS if field in package}
    detail["CreationTime"] = iso(package["CreationTime"])
    detail["LastModifiedTime"] = iso(package["LastModifiedTime"])
    if updated:
        detail["UpdatedModelPackageFields"] = list(updated)
    arn = package["ModelPackageArn"]
    return AwsEvent("SageMaker Model Package State Change", (arn,), detail)


def endpoint_changed(endpoint: Mapping[str, Any], status: str, tags: Mapping[str, str]) -> AwsEvent:
    """Tell of an endpoint's new status.

    Parameters
    ----------
    endpoint : Mapping
        As DescribeEndpoint shows it.
    status : str
        In the API's spelling, such as ``InService``; or ``Deleted``, which only events know.
    tags : Mapping
        The endpoint's tags.
    """
    detail = {
        **_endpoint_head(endpoint, status, tags),
        "ProductionVariants": [
            {key: variant[key] for key in ("DesiredWeight", "DesiredInstanceCount")}
            for variant in endpoint.get("ProductionVariants", ())
        ],
    }
    return AwsEvent("SageMaker Endpoint State Change", (endpoint["EndpointArn"],), detail)


def endpoint_deployment_changed(endpoint: Mapping[str, Any], tags: Mapping[str, str]) -> AwsEvent:
    """Tell how far a roll-out is; the summary of what is pending is there only during one."""
    detail = {
        **_endpoint_head(endpoint, endpoint["EndpointStatus"], tags),
        "ProductionVariants": [_counted(v) for v in endpoint.get("ProductionVariants", ())],
    }
    pending = endpoint.get("PendingDeploymentSummary")
    if pending:
        detail["PendingDeploymentSummary"] = {
            "EndpointConfigName": pending["EndpointConfigName"],
            "StartTime": epoch_ms(pending["StartTime"]),
            "ProductionVariants": [_counted(v) for v in pending["ProductionVariants"]],
        }
    return AwsEvent(
        "SageMaker Endpoint Deployment State Change", (endpoint["EndpointArn"],), detail
    )


def feature_group_changed(group: Mapping[str, Any], tags: Mapping[str, str]) -> AwsEvent:
    """Tell of a feature group, as DescribeFeatureGroup shows it."""
    detail = {field: group[field] for field in GROUP_FIELDS if field in group}
    detail["CreationTime"] = epoch_ms(group["CreationTime"])
    detail["Tags"] = dict(tags)
    return AwsEvent("SageMaker Feature Group State Change", (group["FeatureGroupArn"],), detail)


def upper_snake(status: str) -> str:
    """Answer ``IN_SERVICE`` for ``InService``: endpoint events shout what the API says."""
    return "".join(f"_{c}" if c.isupper() else c.upper() for c in status).lstrip("_")


def iso(moment: datetime) -> str:
    """Answer a UTC moment as ``2026-01-31T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_ms(moment: datetime) -> int:
    """Answer a moment in milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def _endpoint_head(
    endpoint: Mapping[str, Any], status: str, tags: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "EndpointName": endpoint["EndpointName"],
        "EndpointArn": endpoint["EndpointArn"],
        "EndpointConfigName": endpoint["EndpointConfigName"],
        "EndpointStatus": upper_snake(status),
        "CreationTime": epoch_ms(endpoint["CreationTime"]),
        "LastModifiedTime": epoch_ms(endpoint["LastModifiedTime"]),
        "Tags": dict(tags),
    }


def _counted(variant: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        key: variant[key]
        for key in (
            "VariantName",
            "CurrentWeight",
            "DesiredWeight",
            "CurrentInstanceCount",
            "DesiredInstanceCount",
        )
    }
    if "VariantStatus" in variant:
        shown["VariantStatus"] = [
            {**status, "StartTime": epoch_ms(status["StartTime"])}
            for status in variant["VariantStatus"]
        ]
    return shown

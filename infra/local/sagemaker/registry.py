"""The model registry: packages, their versions, approval and life-cycle stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.sagemaker import events
from infra.local.sagemaker.core import (
    Caller,
    Request,
    Response,
    Surroundings,
    conflict,
    invalid,
    moment,
)
from infra.local.sagemaker.listing import listing
from infra.local.sagemaker.package_groups import PackageGroups
from infra.local.sagemaker.tags import Tags

PROPERTIES_LIMIT = 50

CREATED_AS_GIVEN = (
    "ModelPackageDescription",
    "InferenceSpecification",
    "ValidationSpecification",
    "SourceAlgorithmSpecification",
    "MetadataProperties",
    "ModelMetrics",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
    "ManagedStorageType",
)
REPLACED_BY_UPDATE = (
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
MERGED_BY_UPDATE = {  # request member → the package's field
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "CustomerMetadataPropertiesToRemove": "CustomerMetadataProperties",
    "AdditionalInferenceSpecificationsToAdd": "AdditionalInferenceSpecifications",
}
SUMMARY = (
    "ModelPackageName",
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


@dataclass
class Remembered:
    """What a client token was used for."""

    request: Mapping[str, Any]
    arn: str


@dataclass
class Registry:
    """CreateModelPackage, UpdateModelPackage, DeleteModelPackage, and what reads packages.

    A package is Completed as soon as it is created: nothing here scans images.
    """

    surroundings: Surroundings
    tags: Tags
    groups: PackageGroups
    packages: dict[str, Response] = field(default_factory=dict)
    tokens: dict[str, Remembered] = field(default_factory=dict)

    def create_model_package(self, request: Request, caller: Caller) -> Response:
        """Register a version in a group, or a package of its own; once per client token."""
        if known := self._repeated(request):
            return {"ModelPackageArn": known}
        package = {**self._identity(request), **self._initial(request, caller)}
        arn = package["ModelPackageArn"]
        self.packages[arn] = package
        self.tags.put(arn, request.get("Tags", ()))
        self._remember(request, arn)
        self.surroundings.emit(*events.model_package_changed(package, ()))
        return {"ModelPackageArn": arn}

    def update_model_package(self, request: Request, caller: Caller) -> Response:
        """Change what the request names; a status that is there already is accepted, as in AWS."""
        if known := self._repeated(request):
            return {"ModelPackageArn": known}
        package = self.package(request["ModelPackageArn"])
        updated = [name for name in (*REPLACED_BY_UPDATE, *MERGED_BY_UPDATE) if name in request]
        if not updated:
            raise invalid("UpdateModelPackage names no field to update")
        if "ModelApprovalStatus" in request and "ModelPackageVersion" not in package:
            raise invalid("ModelApprovalStatus does not apply to unversioned model packages")
        changed = {name: request[name] for name in REPLACED_BY_UPDATE if name in request}
        package |= _merged(package, request) | changed
        package["LastModifiedTime"] = moment(self.surroundings.now(), package["LastModifiedTime"])
        package["LastModifiedBy"] = caller.context(self.surroundings.account)
        self._remember(request, package["ModelPackageArn"])
        fields = dict.fromkeys(MERGED_BY_UPDATE.get(name, name) for name in updated)
        self.surroundings.emit(*events.model_package_changed(package, tuple(fields)))
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def describe_model_package(self, request: Request, _caller: Caller) -> Response:
        """Describe a package by ARN, or by name; ValidationException if there is none."""
        return dict(self.package(request["ModelPackageName"]))

    def list_model_packages(self, request: Request, _caller: Caller) -> Response:
        """List versions of a group, or packages of a type; oldest first unless asked otherwise."""
        group = request.get("ModelPackageGroupName", "").rpartition("/")[2]
        kind = request.get("ModelPackageType", "Versioned" if group else "Unversioned")
        rows = [
            {"ModelPackageName": "", **{k: package[k] for k in SUMMARY if k in package}}
            for package in self.packages.values()
            if group in ("", package.get("ModelPackageGroupName"))
            and kind in ("Both", "Versioned" if "ModelPackageVersion" in package else "Unversioned")
        ]
        page = listing(
            request,
            rows,
            into="ModelPackageSummaryList",
            name="ModelPackageName",
            order="Ascending",
            equals={"ModelApprovalStatus": "ModelApprovalStatus"},
        )
        for row in page["ModelPackageSummaryList"]:
            if not row["ModelPackageName"]:
                del row["ModelPackageName"]  # versions have none; it was there to be sorted by
        return page

    def delete_model_package(self, request: Request, _caller: Caller) -> Response:
        """Delete a package; its version number is not given again."""
        package = self.package(request["ModelPackageName"])
        arn = package["ModelPackageArn"]
        package["ModelPackageStatus"] = "Deleting"
        package["LastModifiedTime"] = moment(self.surroundings.now(), package["LastModifiedTime"])
        self.surroundings.emit(*events.model_package_changed(package, ()))
        del self.packages[arn]
        self.tags.drop(arn)
        if "ModelPackageGroupName" in package:
            self.groups.forget_version(package["ModelPackageGroupName"])
        return {}

    def package(self, name_or_arn: str) -> Response:
        """Answer a package by ARN or name; ValidationException if there is none."""
        is_arn = name_or_arn.startswith("arn:")
        arn = name_or_arn if is_arn else self.surroundings.arn(f"model-package/{name_or_arn}")
        found = self.packages.get(arn) or self.packages.get(arn.lower())
        if found is None:
            raise invalid(f"ModelPackage {arn} does not exist")
        return found

    def _identity(self, request: Request) -> Response:
        if ("ModelPackageName" in request) == ("ModelPackageGroupName" in request):
            raise invalid("Give one of ModelPackageName and ModelPackageGroupName, and not both")
        if "ModelPackageGroupName" in request:
            name, version = self.groups.next_version(request["ModelPackageGroupName"])
            return {
                "ModelPackageGroupName": name,
                "ModelPackageVersion": version,
                "ModelPackageArn": self.surroundings.arn(f"model-package/{name.lower()}/{version}"),
                "ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval"),
            }
        name = request["ModelPackageName"]
        arn = self.surroundings.arn(f"model-package/{name.lower()}")
        if arn in self.packages:
            raise conflict(f"Model Package already exists: {arn}")
        return {"ModelPackageName": name, "ModelPackageArn": arn}

    def _initial(self, request: Request, caller: Caller) -> Response:
        now = moment(self.surroundings.now())
        context = caller.context(self.surroundings.account)
        return {
            **{name: request[name] for name in CREATED_AS_GIVEN if name in request},
            "ModelPackageRegistrationType": request.get(
                "ModelPackageRegistrationType", "Registered"
            ),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CertifyForMarketplace": request.get("CertifyForMarketplace", False),
            "CreationTime": now,
            "CreatedBy": context,
            "LastModifiedTime": now,
            "LastModifiedBy": context,
        }

    def _repeated(self, request: Request) -> str | None:
        known = self.tokens.get(request.get("ClientToken", ""))
        if known is None:
            return None
        if known.request != request:
            raise conflict("This ClientToken was used for another request: take a new token")
        return known.arn

    def _remember(self, request: Request, arn: str) -> None:
        if "ClientToken" in request:
            self.tokens[request["ClientToken"]] = Remembered(dict(request), arn)


def _merged(package: Response, request: Request) -> Response:
    """Answer the fields that an update adds to and removes from."""
    merged: Response = {}
    if "CustomerMetadataProperties" in request or "CustomerMetadataPropertiesToRemove" in request:
        gone = request.get("CustomerMetadataPropertiesToRemove", ())
        before = package.get("CustomerMetadataProperties", {})
        kept = {key: value for key, value in before.items() if key not in gone}
        properties = kept | request.get("CustomerMetadataProperties", {})
        if len(properties) > PROPERTIES_LIMIT:
            raise invalid(f"At most {PROPERTIES_LIMIT} CustomerMetadataProperties are allowed")
        merged["CustomerMetadataProperties"] = properties
    if added := request.get("AdditionalInferenceSpecificationsToAdd"):
        before = package.get("AdditionalInferenceSpecifications", [])
        merged["AdditionalInferenceSpecifications"] = [*before, *added]
    return merged

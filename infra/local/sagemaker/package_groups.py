"""Model package groups: the names under which versions of a model are registered."""

from dataclasses import dataclass

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
from infra.local.sagemaker.tags import Tags


@dataclass
class Group:
    """A model package group; version numbers are never given twice, not even after a delete."""

    described: Response
    packages: int = 0
    next_version: int = 1


class PackageGroups:
    """CreateModelPackageGroup, and what reads and deletes groups."""

    def __init__(self, surroundings: Surroundings, tags: Tags) -> None:
        self._surroundings = surroundings
        self._tags = tags
        self._groups: dict[str, Group] = {}

    def create_model_package_group(self, request: Request, caller: Caller) -> Response:
        """Create a group; ValidationException if it exists."""
        name = request["ModelPackageGroupName"]
        arn = self._surroundings.arn(f"model-package-group/{name.lower()}")
        if name in self._groups:
            raise invalid(f"Model Package Group already exists: {arn}")
        described: Response = {
            "ModelPackageGroupName": name,
            "ModelPackageGroupArn": arn,
            "CreationTime": moment(self._surroundings.now()),
            "CreatedBy": caller.context(self._surroundings.account),
            "ModelPackageGroupStatus": "Completed",
        }
        for given in ("ModelPackageGroupDescription", "ManagedConfiguration"):
            if given in request:
                described[given] = request[given]
        self._groups[name] = Group(described)
        self._tags.put(arn, request.get("Tags", ()))
        return {"ModelPackageGroupArn": arn}

    def describe_model_package_group(self, request: Request, _caller: Caller) -> Response:
        """Describe a group by name or ARN; ValidationException if there is none."""
        return dict(self._group(request["ModelPackageGroupName"]).described)

    def list_model_package_groups(self, request: Request, _caller: Caller) -> Response:
        """List groups, oldest first unless asked otherwise."""
        return listing(
            request,
            [group.described for group in self._groups.values()],
            into="ModelPackageGroupSummaryList",
            name="ModelPackageGroupName",
            order="Ascending",
        )

    def delete_model_package_group(self, request: Request, _caller: Caller) -> Response:
        """Delete an empty group; ConflictException while it holds packages."""
        group = self._group(request["ModelPackageGroupName"])
        name, arn = (group.described[k] for k in ("ModelPackageGroupName", "ModelPackageGroupArn"))
        if group.packages:
            raise conflict(f"{arn} cannot be deleted: it holds model packages, delete them first")
        del self._groups[name]
        self._tags.drop(arn)
        return {}

    def next_version(self, name_or_arn: str) -> tuple[str, int]:
        """Count a new package in a group; answers the group's name and the version's number."""
        group = self._group(name_or_arn)
        version = group.next_version
        group.next_version += 1
        group.packages += 1
        return group.described["ModelPackageGroupName"], version

    def forget_version(self, name: str) -> None:
        """Count a package less in a group."""
        self._groups[name].packages -= 1

    def _group(self, name_or_arn: str) -> Group:
        name = name_or_arn.rpartition("/")[2]
        for known, group in self._groups.items():
            if name in (known, known.lower()):  # ARNs are in lower case
                return group
        raise invalid(f"Model Package Group {name} does not exist")

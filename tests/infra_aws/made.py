"""What the templates make, looked up by kind and name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.aws.templates import Resource

Policies = Mapping[str, dict[str, Any]]
"""Role or managed policy → its document."""


class Account:
    """What the templates make, by kind and name."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = resources

    def all(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Answer the properties of all resources of a kind."""
        return (one.properties for one in self.resources if one.kind == f"AWS::{kind}")

    def one(self, kind: str, key: str, name: str) -> Mapping[str, Any]:
        """Answer the properties of the one of a name."""
        (found,) = (each for each in self.all(kind) if each[key] == name)
        return found

    def policy_of_queue(self, name: str) -> Mapping[str, Any]:
        """Answer who may send to a queue."""
        (found,) = (
            each["PolicyDocument"]
            for each in self.all("SQS::QueuePolicy")
            if each["Queues"][0].rsplit("/", 1)[-1] == name
        )
        return found  # type: ignore[no-any-return]

    def key_policy(self) -> Mapping[str, Any]:
        """Answer who may use the key."""
        (key,) = self.all("KMS::Key")
        return key["KeyPolicy"]  # type: ignore[no-any-return]

    def policy_of_role(self, name: str) -> Mapping[str, Any]:
        """Answer what a role may do."""
        (inline,) = self.one("IAM::Role", "RoleName", name)["Policies"]
        return inline["PolicyDocument"]  # type: ignore[no-any-return]

    def takes(self, role: str, service: str) -> bool:
        """Tell whether a service, and only it, takes a role."""
        (trust,) = self.one("IAM::Role", "RoleName", role)["AssumeRolePolicyDocument"]["Statement"]
        return bool(trust["Principal"] == {"Service": f"{service}.amazonaws.com"})


def policies_in(resources: Sequence[Resource]) -> Policies:
    """Answer each role's policy, and each managed policy, by its name."""
    found = {}
    for one in resources:
        if one.kind == "AWS::IAM::Role":
            (inline,) = one.properties["Policies"]
            found[one.properties["RoleName"]] = inline["PolicyDocument"]
        if one.kind == "AWS::IAM::ManagedPolicy":
            found[one.properties["ManagedPolicyName"]] = one.properties["PolicyDocument"]
    return found

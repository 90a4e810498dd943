"""The words of the permission tables: who may do what, on which resources, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.aws import arns
from infra.aws.environments import Environment
from shared.contracts import names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.names import ModelParameter, Stage

Conditions = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Operator → key → values, as in a policy."""

APPROVAL = "sagemaker:ModelApprovalStatus"
LIFE_CYCLE = ("sagemaker:ModelLifeCycle:", "sagemaker:ModelLifeCycle/")
"""What the keys ``stage`` and ``stageStatus`` begin with. AWS's pages spell them in two ways: who
may write a life cycle may in either, who may not must not in either."""
OTHER_SPELLING = "the local AWS spells the condition keys in the other way"

EVERYTHING: Mapping[str, str] = {
    "cloudtrail:LookupEvents": "has no resources",
    "cloudwatch:DescribeAlarms": "the console asks about all alarms; it answers no data",
    "cloudwatch:GetMetricData": "has no resources; numbers without any content",
    "cloudwatch:ListDashboards": "has no resources; it answers names only",
    "cloudwatch:ListMetrics": "has no resources; it answers names only",
    "cloudwatch:PutMetricData": "has no resources; the namespace is a condition",
    "ec2:CreateNetworkInterface": "what is made has no name yet; only where jobs live in a VPC",
    "ec2:CreateNetworkInterfacePermission": "as CreateNetworkInterface",
    "ec2:DeleteNetworkInterface": "as CreateNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission": "as CreateNetworkInterface",
    "ec2:DescribeDhcpOptions": "has no resources",
    "ec2:DescribeNetworkInterfaces": "has no resources",
    "ec2:DescribeSecurityGroups": "has no resources",
    "ec2:DescribeSubnets": "has no resources",
    "ec2:DescribeVpcs": "has no resources",
    "ecr:GetAuthorizationToken": "has no resources; what it opens is limited by the other actions",
    "events:ListReplays": "has no resources; it answers names and spans",
    "events:ListRules": "has no resources; it answers names and patterns",
    "lambda:GetAccountSettings": "has no resources",
    "logs:DescribeLogGroups": "the console asks about all groups; it answers names only",
    "sagemaker:ListModels": "has no resources; it answers names only",
    "ssm:DescribeParameters": "has no resources; it answers names and authors, no values",
    "xray:BatchGetTraces": "has no resources",
    "xray:GetTraceSummaries": "has no resources",
    "xray:PutTelemetryRecords": "has no resources",
    "xray:PutTraceSegments": "has no resources",
}
"""Action → why its resource is ``*``; nothing else may have that."""


@dataclass(frozen=True)
class Grant:
    """One row: these actions on these resources.

    Parameters
    ----------
    on : tuple of str
        ARNs, with ``*`` for what is in a name besides the environment.
    why : str
        What it is for.
    when : Conditions
        What must hold besides.
    unseen : str
        Why the recorded loop makes none of these calls, where it makes none.
    """

    actions: tuple[str, ...]
    on: tuple[str, ...]
    why: str
    when: Conditions = field(default_factory=dict)
    unseen: str = ""


@dataclass(frozen=True)
class Role:
    """A role, or a managed policy for people, and all that it may.

    Parameters
    ----------
    name : str
        Its name in the account.
    taken_by : str
        The AWS service that takes it; empty: people do, it is a policy to attach.
    """

    name: str
    taken_by: str
    why: str
    grants: tuple[Grant, ...]


class Places:
    """The resources of one environment, as ARNs.

    Parameters
    ----------
    environment : Environment
        Which account, region and name.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.env = environment.name

    def of(self, service: str, resource: str) -> str:
        """Answer an ARN in the account and region."""
        return arns.of(self.environment, service, resource)

    def function(self, service: str) -> str:
        """Name a service's function."""
        return names.function(self.env, service)

    def log_group(self, above: str) -> str:
        """Answer the log streams of a group."""
        return self.of("logs", f"log-group:{above}:*")

    def queue(self, name: str) -> str:
        """Answer a queue."""
        return self.of("sqs", name)

    def bus(self) -> str:
        """Answer the environment's bus."""
        return arns.bus(self.environment)

    def table(self, service: str, index: str = "") -> str:
        """Answer a service's table, or one of its indexes."""
        return arns.table(self.environment, service) + (f"/index/{index}" if index else "")

    def bucket(self) -> str:
        """Answer the bucket itself."""
        return arns.bucket(self.environment)

    def objects(self, *prefixes: str) -> tuple[str, ...]:
        """Answer the objects of the bucket below some prefixes."""
        return tuple(f"{self.bucket()}/{prefix}*" for prefix in prefixes)

    def parameters(self, *below: str) -> tuple[str, ...]:
        """Answer parameters below the environment's path."""
        path = names.parameters(self.env)
        return tuple(self.of("ssm", f"parameter{path}{part}") for part in below)

    def parameter(self, *kinds: ModelParameter) -> tuple[str, ...]:
        """Answer some parameters of all models."""
        return self.parameters(*(f"/*/{kind}" for kind in kinds))

    def endpoints(self, *stages: Stage) -> tuple[str, ...]:
        """Answer all models' endpoints of some stages."""
        return tuple(self.of("sagemaker", f"endpoint/{self.owned()}-{one}") for one in stages)

    def endpoint_configs(self) -> tuple[str, ...]:
        """Answer all endpoint configurations."""
        return tuple(
            self.of("sagemaker", f"endpoint-config/{self.owned()}-{one}-v*") for one in Stage
        )

    def models(self) -> str:
        """Answer all SageMaker models that serve versions."""
        return self.of("sagemaker", f"model/{self.owned()}-v*")

    def groups(self) -> str:
        """Answer all package groups."""
        return self.of("sagemaker", f"model-package-group/{self.owned()}")

    def packages(self) -> str:
        """Answer all versions of all package groups."""
        return self.of("sagemaker", f"model-package/{self.owned()}/*")

    def feature_group(self) -> str:
        """Answer the feature group."""
        return self.of("sagemaker", f"feature-group/{names.feature_group(self.env)}")

    def pipelines(self) -> tuple[str, ...]:
        """Answer all pipelines."""
        return tuple(
            self.of("sagemaker", f"pipeline/{names.pipeline(self.env, one)}") for one in ALGORITHMS
        )

    def jobs(self, *kinds: str) -> tuple[str, ...]:
        """Answer what pipelines make: SageMaker names it after the execution, not after us."""
        return tuple(self.of("sagemaker", f"{kind}/pipelines-*") for kind in kinds)

    def images(self, *others: str) -> tuple[str, ...]:
        """Answer the repositories of the algorithms' images, and some others."""
        repositories = (*others, *(row.image_repository for row in ALGORITHMS.values()))
        return tuple(self.of("ecr", f"repository/{one}") for one in repositories)

    def role(self, name: str) -> str:
        """Answer a role."""
        return arns.role(self.environment, name)

    def keys(self) -> str:
        """Answer all keys of the account; which one is a condition, as policies know no alias."""
        return self.of("kms", "key/*")

    def endpoint_of(self, service: str) -> str:
        """Answer the host name of an AWS service, as ``kms:ViaService`` wants it."""
        return f"{service}.{self.environment.region}.amazonaws.com"

    def owned(self) -> str:
        """Answer what the names of all that belongs to any model begin with."""
        return names.package_group(self.env, "any").removesuffix("any") + "*"


def approval(*statuses: str) -> Conditions:
    """Demand that a call writes one of these approval statuses, and no life cycle beside it."""
    return {
        "StringEquals": {APPROVAL: statuses},
        "Null": {f"{spelt}stage": ("true",) for spelt in LIFE_CYCLE},
    }


def life_cycles(stage: str, *statuses: str) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    """Answer the keys and values of a life cycle, once for each spelling."""
    return tuple(
        {f"{spelt}stage": (stage,), f"{spelt}stageStatus": statuses} for spelt in LIFE_CYCLE
    )


def production(*statuses: str) -> tuple[Conditions, ...]:
    """Demand that a call writes one of these statuses of production, and no approval beside it;
    once for each spelling."""
    return tuple(
        {"StringEquals": written, "Null": {APPROVAL: ("true",)}}
        for written in life_cycles("Production", *statuses)
    )


def use_of_key(
    places: Places, *services: str, unseen: str = "the services call it for us"
) -> Grant:
    """Allow the environment's key, where some services use it for the caller."""
    return Grant(
        ("kms:Decrypt", "kms:GenerateDataKey"),
        (places.keys(),),
        why="what is stored is encrypted with the environment's key",
        when={
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)},
            "StringEquals": {"kms:ViaService": tuple(map(places.endpoint_of, services))},
        },
        unseen=unseen,
    )

"""Taking an environment down: whatever it made while it ran, then its stacks.

All of it may be repeated: what is gone already is no error, so that a destruction that stopped
half-way is finished by the next.
"""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from infra.aws import images, operators, printed
from infra.aws.environments import Environment
from shared.contracts import names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.subscriptions import SERVICES
from shared.contracts.tables import TABLES

Client = Callable[[str], Any]
Say = Callable[[str], None]
DELETE_OBJECTS_MAX = 1_000  # AWS: keys in one call
DELETE_PARAMETERS_MAX = 10  # AWS: names in one call
LOOK_S, LOOKS_MAX = 10.0, 90  # until an endpoint is deleted, or a run has stopped
PLATFORM = "platform"
STAYS = (
    "tables, bucket, feature group, registry, key, archive and images: they go on to cost "
    "something (docs/deploy.md)"
)


class DestroyError(RuntimeError):
    """Something does not go away; the text says what, and what to do."""


class Destruction:
    """Takes one environment down.

    Parameters
    ----------
    client : Callable
        Answers the boto3 client of an AWS service.
    say : Callable
        Told in a sentence what is done.
    pause : Callable
        Waits so many seconds.
    """

    def __init__(
        self,
        environment: Environment,
        client: Client,
        say: Say,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.environment = environment
        self.client = client
        self.say = say
        self.pause = pause
        self.prefix = names.package_group(environment.name, "any").removesuffix("any")

    def run(self, keep_data: bool) -> None:
        """Delete what services made, then the stacks; with `keep_data`, all that holds data stays.

        Raises
        ------
        DestroyError
            If something does not go away; if tables are protected, before anything has gone.
        """
        if not keep_data:
            self.refuse_protected()
        for part in (*SERVICES, operators.PART):
            self.stack(names.stack(self.environment.name, part))
        self.compute()
        if keep_data:
            platform = names.stack(self.environment.name, PLATFORM)
            self.say(f"stack {platform} stays, with {STAYS}")
            return
        self.registry()
        self.parameters()
        self.features()
        self.objects()
        self.models_of_trainings()
        self.logs_of_jobs()
        self.stack(names.stack(self.environment.name, PLATFORM))
        printed.delete_of_endpoints(self.client("logs"), self.prefix, self.say)
        self.repositories()

    def refuse_protected(self) -> None:
        """Look whether the tables that are deployed may be deleted.

        Raises
        ------
        DestroyError
            If one may not: what was deployed last said ``keep_data: true``.
        """
        dynamodb = self.client("dynamodb")
        found = []
        for row in TABLES:
            name = names.table(self.environment.name, row.service)
            with _unless("ResourceNotFoundException"):
                table = dynamodb.describe_table(TableName=name)["Table"]
                found += [name] if table.get("DeletionProtectionEnabled") else []
        if found:
            raise DestroyError(
                f"nothing was destroyed: {', '.join(found)} are protected from deletion: set "
                f"keep_data to false in {self.environment.name}.yaml and deploy that first "
                f"(make deploy ENV={self.environment.name})"
            )

    def stack(self, name: str) -> None:
        """Delete a stack, and wait until it is gone."""
        cloudformation = self.client("cloudformation")
        self.say(f"stack {name}")
        cloudformation.delete_stack(StackName=name)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
        except WaiterError as error:
            raise DestroyError(
                f"stack {name} does not go away: see its events in CloudFormation. A bucket into "
                "which the feature store still wrote is emptied when you run this again in a "
                "quarter of an hour"
            ) from error

    def compute(self) -> None:
        """Stop trainings and delete endpoints, with what they were made of: all that costs by the
        hour."""
        sagemaker = self.client("sagemaker")
        for execution in self._executions("Executing"):
            self.say(f"training {execution}")
            token = execution[-32:].rjust(32, "-")
            with _unless("ConflictException"):  # it has ended, or is stopped already
                sagemaker.stop_pipeline_execution(
                    PipelineExecutionArn=execution, ClientRequestToken=token
                )
        self._wait("endpoints", self._endpoints_left)
        for config in self._owned("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"):
            sagemaker.delete_endpoint_config(EndpointConfigName=config)
        for model in self._owned("list_models", "Models", "ModelName"):
            sagemaker.delete_model(ModelName=model)
        self._wait("trainings", self._running)

    def registry(self) -> None:
        """Delete all versions of all models."""
        sagemaker = self.client("sagemaker")
        rows = "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroupName"
        for group in self._owned(*rows):
            self.say(f"versions of {group}")
            pages = sagemaker.get_paginator("list_model_packages")
            packages = [
                package["ModelPackageArn"]
                for page in pages.paginate(ModelPackageGroupName=group)
                for package in page["ModelPackageSummaryList"]
            ]
            for package in packages:
                sagemaker.delete_model_package(ModelPackageName=package)
            sagemaker.delete_model_package_group(ModelPackageGroupName=group)

    def parameters(self) -> None:
        """Delete what people declared."""
        ssm = self.client("ssm")
        pages = ssm.get_paginator("get_parameters_by_path")
        path = names.parameters(self.environment.name)
        found = [
            parameter["Name"]
            for page in pages.paginate(Path=path, Recursive=True)
            for parameter in page["Parameters"]
        ]
        self.say(f"{len(found)} parameters under {path}")
        for start in range(0, len(found), DELETE_PARAMETERS_MAX):
            ssm.delete_parameters(Names=found[start : start + DELETE_PARAMETERS_MAX])

    def features(self) -> None:
        """Delete the feature group before the bucket into which it writes."""
        sagemaker = self.client("sagemaker")
        name = names.feature_group(self.environment.name)
        try:
            sagemaker.delete_feature_group(FeatureGroupName=name)
        except sagemaker.exceptions.ResourceNotFound:
            return
        self.say(f"feature group {name}")

    def objects(self) -> None:
        """Delete all objects of the bucket, in all of their versions."""
        s3 = self.client("s3")
        bucket = self.environment.bucket
        self.say(f"objects in {bucket}")
        with _unless("NoSuchBucket"):
            # Pages go on behind a key: what is deleted before it makes them skip nothing
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                found = [
                    {"Key": one["Key"], "VersionId": one["VersionId"]}
                    for kind in ("Versions", "DeleteMarkers")
                    for one in page.get(kind, ())
                ]
                for start in range(0, len(found), DELETE_OBJECTS_MAX):
                    some = {"Objects": found[start : start + DELETE_OBJECTS_MAX], "Quiet": True}
                    s3.delete_objects(Bucket=bucket, Delete=some)

    def models_of_trainings(self) -> None:
        """Delete the models by which trainings forecast, while pipelines still tell which were
        ours."""
        ours = tuple(map(printed.jobs_begin, self._executions()))
        sagemaker = self.client("sagemaker")
        for model in self._named("list_models", "Models", "ModelName", ours):
            self.say(f"model {model}")
            sagemaker.delete_model(ModelName=model)

    def logs_of_jobs(self) -> None:
        """Delete what jobs printed, while pipelines still tell which were ours."""
        printed.delete_of_jobs(self.client("logs"), self._executions(), self.say)

    def repositories(self) -> None:
        """Delete the account's images with the last of its environments."""
        cloudformation = self.client("cloudformation")
        left = [
            stack["StackName"]
            for page in cloudformation.get_paginator("describe_stacks").paginate()
            for stack in page["Stacks"]
            if stack["StackName"].startswith("modelcycle-")
            and stack["StackName"].endswith(f"-{PLATFORM}")
        ]
        if left:
            self.say(f"images stay: {', '.join(left)} may need them")
            return
        ecr = self.client("ecr")
        for name in images.repositories():
            try:
                ecr.delete_repository(repositoryName=name, force=True)
            except ecr.exceptions.RepositoryNotFoundException:
                continue
            self.say(f"images {name}")
        self.stack(images.STACK)

    def _owned(self, call: str, rows: str, name: str) -> list[str]:
        return self._named(call, rows, name, (self.prefix,))

    def _named(self, call: str, rows: str, name: str, begin: tuple[str, ...]) -> list[str]:
        pages = self.client("sagemaker").get_paginator(call)
        found = (row[name] for page in pages.paginate() for row in page[rows])
        return [one for one in found if one.startswith(begin)]

    def _endpoints_left(self) -> list[str]:
        """Delete all endpoints that can be deleted now; one that changes is refused until later."""
        sagemaker = self.client("sagemaker")
        left = self._owned("list_endpoints", "Endpoints", "EndpointName")
        for endpoint in left:
            self.say(f"endpoint {endpoint}")
            with _unless("ValidationException"):
                sagemaker.delete_endpoint(EndpointName=endpoint)
        return left

    def _running(self) -> list[str]:
        return self._executions("Executing", "Stopping")

    def _executions(self, *statuses: str) -> list[str]:
        """Answer the trainings of some statuses; without any, all that there ever were."""
        return [one for each in ALGORITHMS for one in self._executions_of(each, statuses)]

    def _executions_of(self, algorithm: str, statuses: Collection[str]) -> Iterator[str]:
        sagemaker = self.client("sagemaker")
        pipeline = names.pipeline(self.environment.name, algorithm)
        pages = sagemaker.get_paginator("list_pipeline_executions")
        try:
            for page in pages.paginate(PipelineName=pipeline):
                for row in page["PipelineExecutionSummaries"]:
                    if not statuses or row["PipelineExecutionStatus"] in statuses:
                        yield row["PipelineExecutionArn"]
        except sagemaker.exceptions.ResourceNotFound:
            return

    def _wait(self, what: str, left: Callable[[], list[str]]) -> None:
        for _ in range(LOOKS_MAX):
            if not (there := left()):
                return
            self.pause(LOOK_S)
        raise DestroyError(f"{what} do not end: {', '.join(there)}: run this again later")


@contextmanager
def _unless(code: str) -> Iterator[None]:
    """Let one refusal of AWS pass."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise

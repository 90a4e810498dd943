"""Make everything that an environment needs in the local AWS; what is there already stays.

What there is, say the tables of `shared.contracts` that CDK reads, too: subscriptions, tables,
windows and algorithms.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from infra.local import account
from infra.local.poller import VISIBILITY_S
from shared.contracts import limits, names, windows
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.names import Execution
from shared.contracts.subscriptions import SERVICES, Pattern, aws_pattern, our_pattern
from shared.contracts.tables import TABLES, TTL_ATTRIBUTE, Index, Table

CREATED_LIMIT_S = 30
LOOK_S = 0.02
DEFAULT_BUS = "default"


class ProvisionError(RuntimeError):
    """The local AWS does not let us have something; the text says what and why."""


class Provisioner:
    """Makes the resources of one environment.

    Parameters
    ----------
    env : str
        The environment's name.
    root : Path
        The repository: ``algorithms/<name>/pipeline.json`` are the pipelines.
    services : sequence of str
        Which services get a queue and a table.
    """

    def __init__(
        self, env: str, endpoint_url: str, root: Path, services: Sequence[str] = SERVICES
    ) -> None:
        self.env = env
        self.root = root
        self.services = tuple(services)
        self._client: Callable[[str], Any] = lambda service: account.client(
            service, endpoint_url, "modelcycle-provision"
        )
        self._events = self._client("events")
        self._sqs = self._client("sqs")
        self._dynamodb = self._client("dynamodb")
        self._sagemaker = self._client("sagemaker")

    def provision(self) -> None:
        """Make all of it.

        Raises
        ------
        ProvisionError
            If the feature group is not created in time, or a pipeline's definition is missing.
        """
        self.bucket()
        self.feature_group()
        self.bus()
        for service in self.services:
            self.service(service)
        for table in TABLES:
            if table.service in self.services:
                self.table(table)
        for algorithm in ALGORITHMS:
            self.pipeline(algorithm)
        self.wait_for_feature_group()

    def bucket(self) -> None:
        """Make the environment's bucket; in us-east-1 a repeat is no error."""
        self._client("s3").create_bucket(Bucket=account.bucket(self.env))

    def bus(self) -> None:
        """Make the environment's bus."""
        with suppress(self._events.exceptions.ResourceAlreadyExistsException):
            self._events.create_event_bus(Name=names.bus(self.env))

    def service(self, service: str) -> None:
        """Make a service's queues, and the rules that feed it."""
        dead_letters = self.queue(names.dead_letter_queue(self.env, service), None)
        queue = self.queue(names.queue(self.env, service), dead_letters)
        if service == "ingest":
            self.queue(names.records_queue(self.env), dead_letters)
        for bus, pattern in (
            (names.bus(self.env), our_pattern(service)),
            (DEFAULT_BUS, aws_pattern(service)),
        ):
            self.rule(bus, service, pattern, queue, dead_letters)

    def queue(self, name: str, dead_letters: str | None) -> str:
        """Make a queue and answer its ARN; one without dead letters is where they go."""
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        if dead_letters:
            redrive = {
                "deadLetterTargetArn": dead_letters,
                "maxReceiveCount": limits.QUEUE_RECEIVES_MAX,
            }
            attributes = {
                "VisibilityTimeout": str(VISIBILITY_S),
                "RedrivePolicy": json.dumps(redrive),
            }
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def rule(
        self, bus: str, service: str, pattern: Pattern | None, queue: str, dead_letters: str
    ) -> None:
        """Let a bus send what a service hears to its queue, or to its dead letters."""
        if pattern is None:
            return
        rule = {"Name": names.queue(self.env, service), "EventBusName": bus}
        self._events.put_rule(**rule, EventPattern=json.dumps(pattern.as_dict()))
        target = {"Id": service, "Arn": queue, "DeadLetterConfig": {"Arn": dead_letters}}
        answer = self._events.put_targets(Rule=rule["Name"], EventBusName=bus, Targets=[target])
        if answer["FailedEntryCount"]:
            raise ProvisionError(f"rule {rule['Name']} on bus {bus}: {answer['FailedEntries']}")

    def table(self, table: Table) -> None:
        """Make a service's table."""
        name = names.table(self.env, table.service)
        with suppress(self._dynamodb.exceptions.ResourceInUseException):
            self._dynamodb.create_table(TableName=name, **table_definition(table))
            self._dynamodb.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE},
            )

    def feature_group(self) -> None:
        """Make the one group that holds all windows."""
        with suppress(self._sagemaker.exceptions.ResourceInUse):
            self._sagemaker.create_feature_group(**feature_group(self.env))

    def wait_for_feature_group(self) -> None:
        """Wait until records can be written."""
        name = names.feature_group(self.env)
        deadline = monotonic() + CREATED_LIMIT_S
        while True:
            seen = self._sagemaker.describe_feature_group(FeatureGroupName=name)
            status = seen["FeatureGroupStatus"]
            if status == "Created":
                return
            if status != "Creating" or monotonic() > deadline:
                why = seen.get("FailureReason", f"not created within {CREATED_LIMIT_S} s")
                raise ProvisionError(f"feature group {name} is {status}: {why}")
            sleep(LOOK_S)

    def pipeline(self, algorithm: str) -> None:
        """Make an algorithm's pipeline, or give it the definition of today."""
        path = self.root / "algorithms" / algorithm / "pipeline.json"
        if not path.exists():
            raise ProvisionError(
                f"algorithm {algorithm} is in the table but algorithms/{algorithm}/pipeline.json "
                "is missing: write it, or take the row out"
            )
        pipeline = {
            "PipelineName": names.pipeline(self.env, algorithm),
            "PipelineDefinition": path.read_text(),
            "RoleArn": account.role_arn(names.execution_role(self.env, Execution.PIPELINES)),
        }
        try:
            self._sagemaker.describe_pipeline(PipelineName=pipeline["PipelineName"])
        except self._sagemaker.exceptions.ResourceNotFound:
            self._sagemaker.create_pipeline(**pipeline)
        else:
            self._sagemaker.update_pipeline(**pipeline)


def table_definition(table: Table) -> dict[str, Any]:
    """Answer CreateTable's parameters, besides the name."""
    keys = [table.keys, *(index.keys for index in table.indexes)]
    attributes = sorted({name for key in keys for name in key.attributes()})
    definition: dict[str, Any] = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in attributes
        ],
        "KeySchema": key_schema(table.keys.attributes()),
    }
    if table.indexes:
        definition["GlobalSecondaryIndexes"] = [index_definition(row) for row in table.indexes]
    return definition


def index_definition(index: Index) -> dict[str, Any]:
    """Answer one of CreateTable's GlobalSecondaryIndexes."""
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.keys.attributes()),
        "Projection": {"ProjectionType": "KEYS_ONLY" if index.keys_only else "ALL"},
    }


def key_schema(attributes: Sequence[str]) -> list[dict[str, str]]:
    """Answer a KeySchema: the first attribute spreads, the second sorts."""
    kinds = ("HASH", "RANGE")
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(attributes, kinds, strict=False)
    ]


def feature_group(env: str) -> dict[str, Any]:
    """Answer CreateFeatureGroup's parameters: Glue's table format, so that the Parquet files can
    be read directly."""
    return {
        "FeatureGroupName": names.feature_group(env),
        "RecordIdentifierFeatureName": windows.RECORD_IDENTIFIER,
        "EventTimeFeatureName": windows.EVENT_TIME,
        "FeatureDefinitions": [
            {"FeatureName": feature.name, "FeatureType": feature.type}
            for feature in windows.FEATURES
        ],
        "OnlineStoreConfig": {
            "EnableOnlineStore": True,
            "TtlDuration": {"Unit": "Days", "Value": windows.ONLINE_DAYS},
        },
        "OfflineStoreConfig": {
            "S3StorageConfig": {"S3Uri": f"s3://{account.bucket(env)}/{windows.OFFLINE_PREFIX}"},
            "DisableGlueTableCreation": False,
            "TableFormat": "Glue",
        },
        "RoleArn": account.role_arn(names.execution_role(env, Execution.FEATURES)),
    }

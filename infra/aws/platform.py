"""The platform stack: what all services of an environment share, and all data that they keep."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.aws import arns, people
from infra.aws.environments import Environment
from infra.aws.findings import Finding, accept
from infra.aws.roles import add_policy
from infra.aws.sagemaker import add_sagemaker
from services.journal.pages import FOLDER
from shared.contracts import names
from shared.contracts.tables import TABLES, TTL_ATTRIBUTE, Table

KEY_USERS = {
    "events": "rules send to encrypted queues",
    "cloudwatch": "alarms go to an encrypted topic",
}
"""AWS's services that use the key in nobody's name, and what for. Whoever has a role, has the key
by that. SQS and SNS are not among them: a queue moves what fails to its dead letters, and a topic
mails what it was told, without asking in their own names; SNS would, if a topic fed a queue."""
REBUILT = "journal"
"""The service whose table can be written anew out of the bucket."""
OLD_OBJECT_DAYS = 30  # how long a replaced object can be brought back
UNFINISHED_UPLOAD_DAYS = 7


class PlatformStack(cdk.Stack):
    """Bus, archive, bucket, key, tables, topic and the SageMaker side of an environment."""

    def __init__(self, scope: Construct, environment: Environment, **settings: Any) -> None:
        super().__init__(scope, names.stack(environment.name, "platform"), **settings)
        self.keep = cdk.RemovalPolicy.RETAIN if environment.keep_data else cdk.RemovalPolicy.DESTROY
        self.key = self._key(environment)
        self._bus(environment)
        self.bucket = self._bucket(environment)
        for table in TABLES:
            self._table(environment, table)
        self.alarms = self._topic("Alarms", names.alarms_topic(environment.name))
        self._let_alarms_tell(environment)
        if environment.alarm_email:
            self.alarms.add_subscription(subscriptions.EmailSubscription(environment.alarm_email))
        add_sagemaker(self, environment, self.key, self.bucket)
        for part, policy in people.policies(environment).items():
            add_policy(self, "".join(map(str.capitalize, part.split("-"))), policy)

    def _key(self, environment: Environment) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=names.key_alias(environment.name),
            description=f"Everything that Modelcycle keeps and sends in {environment.name}",
            enable_key_rotation=True,
            removal_policy=self.keep,
        )
        for user, why in KEY_USERS.items():
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="".join(word.capitalize() for word in why.split()),
                    principals=[iam.ServicePrincipal(f"{user}.amazonaws.com")],
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],
                    conditions={"StringEquals": {"aws:SourceAccount": environment.account}},
                )
            )
        return key

    def _bus(self, environment: Environment) -> None:
        bus = events.EventBus(self, "Bus", event_bus_name=names.bus(environment.name))
        bus.archive(
            "Archive",
            archive_name=names.bus(environment.name),
            description="All of our events, to be replayed",
            event_pattern=events.EventPattern(account=[environment.account]),
            retention=cdk.Duration.days(environment.archive_days),
        )

    def _bucket(self, environment: Environment) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            bucket_name=environment.bucket,
            versioned=True,
            enforce_ssl=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self.keep,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=cdk.Duration.days(OLD_OBJECT_DAYS),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(
                        UNFINISHED_UPLOAD_DAYS
                    ),
                    expired_object_delete_marker=True,
                ),
                *end_of_journal(environment.journal.keep_days),
            ],
        )
        accept(bucket, Finding.ACCESS_LOGS)
        return bucket

    def _table(self, environment: Environment, row: Table) -> None:
        is_rebuilt = row.service == REBUILT and not environment.journal.recovery
        table = dynamodb.Table(
            self,
            f"{row.service.capitalize()}Table",
            table_name=names.table(environment.name, row.service),
            partition_key=_attribute(row.keys.partition),
            sort_key=_attribute(row.keys.sort) if row.keys.sort else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=TTL_ATTRIBUTE,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=not is_rebuilt
            ),
            deletion_protection=environment.keep_data,
            removal_policy=self.keep,
        )
        if is_rebuilt:
            accept(table, Finding.RECOVERY)
        for index in row.indexes:
            table.add_global_secondary_index(
                index_name=index.name,
                projection_type=(
                    dynamodb.ProjectionType.KEYS_ONLY
                    if index.keys_only
                    else dynamodb.ProjectionType.ALL
                ),
                partition_key=_attribute(index.keys.partition),
                sort_key=_attribute(index.keys.sort) if index.keys.sort else None,
            )

    def _topic(self, what: str, name: str) -> sns.Topic:
        return sns.Topic(
            self, f"{what}Topic", topic_name=name, master_key=self.key, enforce_ssl=True
        )

    def _let_alarms_tell(self, environment: Environment) -> None:
        """Let this account's alarms publish to their topic."""
        self.alarms.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.alarms.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": environment.account},
                    "ArnLike": {"aws:SourceArn": arns.of(environment, "cloudwatch", "alarm:*")},
                },
            )
        )


def end_of_journal(days: int | None) -> tuple[s3.LifecycleRule, ...]:
    """Let the journal's pages go after so many days; none: never."""
    if days is None:
        return ()
    return (s3.LifecycleRule(prefix=f"{FOLDER}/", expiration=cdk.Duration.days(days)),)


def _attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)

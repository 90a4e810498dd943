"""Replays synthesized templates through boto3 against the local AWS.

Every kind of resource and every property is either replayed or in a table that says why not: what
is in neither is an error, so that nobody adds to the templates what is never tried.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, sleep
from typing import Any

from infra.aws.given import Given, UnplayedError
from infra.aws.templates import Resource, TemplateError
from infra.aws.unplayed import KINDS
from infra.local import account

CREATED_LIMIT_S = 30
LOOK_S = 0.02


class Replay:
    """Makes what templates describe in an empty local AWS.

    Parameters
    ----------
    visibility_s : int, optional
        How long a queue hides what somebody has received, in place of the templates' minutes: a
        local poller that is killed should soon be heard of again. None: as the templates say.
    """

    def __init__(self, endpoint_url: str, visibility_s: int | None = None) -> None:
        self._visibility_s = visibility_s
        self._client: Callable[[str], Any] = lambda service: account.client(
            service, endpoint_url, "modelcycle-provision"
        )
        self._makers: Mapping[str, Callable[[Given], None]] = {
            "AWS::DynamoDB::Table": self._table,
            "AWS::Events::Archive": self._archive,
            "AWS::Events::EventBus": self._bus,
            "AWS::Events::Rule": self._rule,
            "AWS::S3::Bucket": self._bucket,
            "AWS::SNS::Subscription": self._subscription,
            "AWS::SNS::Topic": self._topic,
            "AWS::SNS::TopicPolicy": self._topic_policy,
            "AWS::SQS::Queue": self._queue,
            "AWS::SQS::QueuePolicy": self._queue_policy,
            "AWS::SSM::Parameter": self._parameter,
            "AWS::SageMaker::FeatureGroup": self._feature_group,
            "AWS::SageMaker::Pipeline": self._pipeline,
        }

    def replay(self, resources: Sequence[Resource]) -> None:
        """Make all of them, in their order.

        Raises
        ------
        UnplayedError
            If a kind or a property is neither replayed nor in the table of what is not.
        TemplateError
            If the local AWS refuses a resource, or it is not ready in time.
        """
        for resource in resources:
            if resource.kind in KINDS:
                continue
            if resource.kind not in self._makers:
                raise UnplayedError(
                    f"{resource.place}: replay the kind in infra/aws/provision.py, or say in "
                    "infra/aws/unplayed.py why not"
                )
            self._make(resource)

    def _make(self, resource: Resource) -> None:
        given = Given(resource)
        try:
            self._makers[resource.kind](given)
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(f"{resource.place}: the local AWS says: {error}") from error
        given.end()

    def _bus(self, given: Given) -> None:
        self._client("events").create_event_bus(**given.some("Name", "Description"))

    def _archive(self, given: Given) -> None:
        self._client("events").create_archive(
            EventSourceArn=given.take("SourceArn"),
            EventPattern=json.dumps(given.take("EventPattern")),
            **given.some("ArchiveName", "Description", "RetentionDays"),
        )

    def _rule(self, given: Given) -> None:
        events, where = self._client("events"), given.some("EventBusName")
        targets, name = given.take("Targets"), given.take("Name")
        events.put_rule(
            Name=name,
            EventPattern=json.dumps(given.take("EventPattern")),
            **where,
            **given.some("Description", "State"),
        )
        answer = events.put_targets(Rule=name, Targets=targets, **where)
        if answer["FailedEntryCount"]:
            raise TemplateError(f"{given.resource.place}: {answer['FailedEntries']}")

    def _queue(self, given: Given) -> None:
        name = given.take("QueueName")
        attributes = given.some(
            "DelaySeconds",
            "KmsDataKeyReusePeriodSeconds",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds",
            "RedrivePolicy",
            "RedriveAllowPolicy",
            "VisibilityTimeout",
        )
        if self._visibility_s is not None:
            attributes["VisibilityTimeout"] = self._visibility_s
        self._client("sqs").create_queue(
            QueueName=name, Attributes={key: _text(one) for key, one in attributes.items()}
        )

    def _queue_policy(self, given: Given) -> None:
        sqs, policy = self._client("sqs"), json.dumps(given.take("PolicyDocument"))
        for url in given.take("Queues"):
            ours = sqs.get_queue_url(QueueName=url.rpartition("/")[2])["QueueUrl"]
            sqs.set_queue_attributes(QueueUrl=ours, Attributes={"Policy": policy})

    def _table(self, given: Given) -> None:
        dynamodb, name = self._client("dynamodb"), given.take("TableName")
        dynamodb.create_table(
            TableName=name,
            **given.some(
                "AttributeDefinitions",
                "BillingMode",
                "DeletionProtectionEnabled",
                "GlobalSecondaryIndexes",
                "KeySchema",
            ),
        )
        if expiry := given.find("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        if recovery := given.find("PointInTimeRecoverySpecification"):
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=recovery
            )

    def _bucket(self, given: Given) -> None:
        s3, name = self._client("s3"), given.take("BucketName")
        s3.create_bucket(Bucket=name)
        if versioning := given.find("VersioningConfiguration"):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        if rules := given.find("LifecycleConfiguration"):
            lifecycle = {"Rules": [lifecycle_rule(rule) for rule in rules["Rules"]]}
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration=lifecycle)
        if blocked := given.find("PublicAccessBlockConfiguration"):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
        if owners := given.find("OwnershipControls"):
            s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=owners)

    def _topic(self, given: Given) -> None:
        self._client("sns").create_topic(Name=given.take("TopicName"))

    def _topic_policy(self, given: Given) -> None:
        sns, policy = self._client("sns"), json.dumps(given.take("PolicyDocument"))
        for arn in given.take("Topics"):
            sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def _subscription(self, given: Given) -> None:
        self._client("sns").subscribe(**given.some("TopicArn", "Protocol", "Endpoint"))

    def _parameter(self, given: Given) -> None:
        self._client("ssm").put_parameter(
            **given.some("Name", "Type", "Value", "Description", "Tier")
        )

    def _feature_group(self, given: Given) -> None:
        sagemaker, name = self._client("sagemaker"), given.take("FeatureGroupName")
        sagemaker.create_feature_group(
            FeatureGroupName=name,
            **given.some(
                "Description",
                "EventTimeFeatureName",
                "FeatureDefinitions",
                "OfflineStoreConfig",
                "OnlineStoreConfig",
                "RecordIdentifierFeatureName",
                "RoleArn",
            ),
        )
        deadline = monotonic() + CREATED_LIMIT_S
        while True:
            seen = sagemaker.describe_feature_group(FeatureGroupName=name)
            if seen["FeatureGroupStatus"] == "Created":
                return
            if seen["FeatureGroupStatus"] != "Creating" or monotonic() > deadline:
                why = seen.get("FailureReason", f"not created within {CREATED_LIMIT_S} s")
                raise TemplateError(f"{given.resource.place}: {why}")
            sleep(LOOK_S)

    def _pipeline(self, given: Given) -> None:
        definition = given.take("PipelineDefinition")
        if set(definition) != {"PipelineDefinitionBody"}:
            raise TemplateError(f"{given.resource.place}: only a PipelineDefinitionBody is read")
        self._client("sagemaker").create_pipeline(
            PipelineDefinition=definition["PipelineDefinitionBody"],
            **given.some(
                "ParallelismConfiguration",
                "PipelineDescription",
                "PipelineDisplayName",
                "PipelineName",
                "RoleArn",
            ),
        )


def lifecycle_rule(given: Mapping[str, Any]) -> dict[str, Any]:
    """Write a template's rule as S3's API wants it."""
    spelt = {"ExpirationInDays": "Days", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
    rule = {name: value for name, value in given.items() if name not in {*spelt, "Prefix"}}
    expiry = {spelt[name]: value for name, value in given.items() if name in spelt}
    return {
        "Filter": {"Prefix": given.get("Prefix", "")},
        **rule,
        **({"Expiration": expiry} if expiry else {}),
    }


def _text(value: Any) -> str:
    """Write an attribute as SQS wants it: documents as JSON."""
    if isinstance(value, Mapping):
        return json.dumps(value)
    return str(value)

"""What IAM would be asked about a request: action, resource and the values of condition keys.

One row for each operation that services and people on call use; an operation without one is shown
as such, and is allowed by no policy.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from infra.local.account import ACCOUNT, REGION

Params = Mapping[str, Any]
UNKNOWN = "no row in infra/local/authorization.py"
PREFIXES = {
    "sagemaker-runtime": "sagemaker",
    "sagemaker-featurestore-runtime": "sagemaker",
}
SAGEMAKER = "sagemaker.amazonaws.com"
DEFAULT_BUS = "default"


class Question(NamedTuple):
    """May the caller do this, here, with these values?"""

    action: str
    resource: str
    values: tuple[tuple[str, str], ...] = ()
    """Condition key and value."""


def questions(service: str, operation: str, params: Params) -> tuple[Question, ...]:
    """Answer all that IAM would be asked about one request; each must be allowed."""
    asked = ROWS.get((service, operation))
    if asked is None:
        return (Question(f"{PREFIXES.get(service, service)}:{operation}", UNKNOWN),)
    return tuple(asked(params))


def arn(service: str, resource: str) -> str:
    """Answer an ARN of the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


Row = Callable[[Params], Iterator[Question]]


def plain(service: str, operation: str, template: str) -> Row:
    """Ask once, about the resource that the parameters name."""

    def ask(params: Params) -> Iterator[Question]:
        yield Question(f"{service}:{operation}", arn(service, template.format(**params)))

    return ask


def everything(action: str) -> Row:
    """Ask once, about an action that has no resource."""
    return lambda params: iter((Question(action, "*"),))


def of_rule(action: str, named: str) -> Row:
    """Ask about a rule; the ARN of one on the default bus does not name its bus."""

    def ask(params: Params) -> Iterator[Question]:
        bus = params.get("EventBusName", DEFAULT_BUS)
        where = "" if bus == DEFAULT_BUS else f"{bus}/"
        yield Question(action, arn("events", f"rule/{where}{params[named]}"))

    return ask


def put_events(params: Params) -> Iterator[Question]:
    """Ask about each event that is said."""
    for entry in params["Entries"]:
        values = (("events:source", entry["Source"]), ("events:detail-type", entry["DetailType"]))
        yield Question(
            "events:PutEvents", arn("events", f"event-bus/{entry['EventBusName']}"), values
        )


def start_replay(params: Params) -> Iterator[Question]:
    """Ask about the archive, the replay and the bus."""
    replay = arn("events", f"replay/{params['ReplayName']}")
    for resource in (params["EventSourceArn"], replay, params["Destination"]["Arn"]):
        yield Question("events:StartReplay", resource)


def list_bucket(params: Params) -> Iterator[Question]:
    """Ask about a bucket: whether it is there, and what is in it, are one permission."""
    yield Question("s3:ListBucket", f"arn:aws:s3:::{params['Bucket']}")


def s3_object(action: str) -> Row:
    """Ask about an object."""

    def ask(params: Params) -> Iterator[Question]:
        values = (("s3:if-none-match", params["IfNoneMatch"]),) if "IfNoneMatch" in params else ()
        yield Question(action, f"arn:aws:s3:::{params['Bucket']}/{params['Key']}", values)

    return ask


def transaction(params: Params) -> Iterator[Question]:
    """Ask about each item of a transaction, as if it were alone."""
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
    for item in params["TransactItems"]:
        for verb, of in item.items():
            action = f"dynamodb:{actions.get(verb, 'ConditionCheckItem')}"
            yield Question(action, arn("dynamodb", f"table/{of['TableName']}"))


def batch_get(params: Params) -> Iterator[Question]:
    """Ask about each table that is read."""
    for table in params["RequestItems"]:
        yield Question("dynamodb:BatchGetItem", arn("dynamodb", f"table/{table}"))


def query(params: Params) -> Iterator[Question]:
    """Ask about a table, or the index that is looked into."""
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    yield Question("dynamodb:Query", arn("dynamodb", f"table/{params['TableName']}{index}"))


def of_queue(action: str) -> Row:
    """Ask about a queue by its URL."""
    return lambda params: iter(
        (Question(f"sqs:{action}", arn("sqs", params["QueueUrl"].rsplit("/", 1)[-1])),)
    )


def nothing(_: Params) -> Iterator[Question]:
    """Ask nothing: AWS allows this to everybody who is anybody."""
    return iter(())


def parameter(operation: str, key: str) -> Row:
    """Ask about a parameter, or a path above some."""

    def ask(params: Params) -> Iterator[Question]:
        yield Question(f"ssm:{operation}", arn("ssm", f"parameter{params[key].rstrip('/')}"))

    return ask


def package(operation: str) -> Row:
    """Ask about a version, which its ARN names."""

    def ask(params: Params) -> Iterator[Question]:
        named = params.get("ModelPackageArn") or params["ModelPackageName"]
        values = tuple(registry_values(params))
        yield Question(f"sagemaker:{operation}", named, values)

    return ask


def of_group(operation: str) -> Row:
    """Ask about the versions of a group, which have no number yet, or none in particular."""

    def ask(params: Params) -> Iterator[Question]:
        versions = arn("sagemaker", f"model-package/{params['ModelPackageGroupName']}/*")
        yield Question(f"sagemaker:{operation}", versions, tuple(registry_values(params)))

    return ask


def registry_values(params: Params) -> Iterator[tuple[str, str]]:
    """Answer what a request writes into the registry, by condition key."""
    if "ModelApprovalStatus" in params:
        yield "sagemaker:ModelApprovalStatus", params["ModelApprovalStatus"]
    life_cycle = params.get("ModelLifeCycle", {})
    for key, name in (("stage", "Stage"), ("stageStatus", "StageStatus")):
        if name in life_cycle:
            yield f"sagemaker:ModelLifeCycle:{key}", life_cycle[name]


def create_model(params: Params) -> Iterator[Question]:
    """Ask about the model, and about handing a role on."""
    yield Question("sagemaker:CreateModel", arn("sagemaker", f"model/{params['ModelName']}"))
    passed = (("iam:PassedToService", SAGEMAKER),)
    yield Question("iam:PassRole", params["ExecutionRoleArn"], passed)


def with_config(operation: str) -> Row:
    """Ask about an endpoint, and about the configuration that it is given."""

    def ask(params: Params) -> Iterator[Question]:
        for resource in (
            f"endpoint/{params['EndpointName']}",
            f"endpoint-config/{params['EndpointConfigName']}",
        ):
            yield Question(f"sagemaker:{operation}", arn("sagemaker", resource))

    return ask


def execution(operation: str) -> Row:
    """Ask about an execution by its ARN."""
    return lambda params: iter(
        (Question(f"sagemaker:{operation}", params["PipelineExecutionArn"]),)
    )


def records(operation: str, entries: str) -> Row:
    """Ask about each feature group in a batch."""

    def ask(params: Params) -> Iterator[Question]:
        for group in sorted({one["FeatureGroupName"] for one in params[entries]}):
            yield Question(f"sagemaker:{operation}", arn("sagemaker", f"feature-group/{group}"))

    return ask


OF_QUEUES = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")
VERBS = ("Delete", "Get", "Put")
PLAIN = {
    ("dynamodb", "DescribeTable"): "table/{TableName}",
    ("dynamodb", "GetItem"): "table/{TableName}",
    ("dynamodb", "PutItem"): "table/{TableName}",
    ("events", "DescribeArchive"): "archive/{ArchiveName}",
    ("events", "DescribeEventBus"): "event-bus/{Name}",
    ("events", "DescribeReplay"): "replay/{ReplayName}",
    ("sagemaker", "CreateEndpointConfig"): "endpoint-config/{EndpointConfigName}",
    ("sagemaker", "CreateModelPackageGroup"): "model-package-group/{ModelPackageGroupName}",
    ("sagemaker", "DeleteEndpoint"): "endpoint/{EndpointName}",
    ("sagemaker", "DeleteEndpointConfig"): "endpoint-config/{EndpointConfigName}",
    ("sagemaker", "DeleteModel"): "model/{ModelName}",
    ("sagemaker", "DescribeEndpoint"): "endpoint/{EndpointName}",
    ("sagemaker", "DescribeEndpointConfig"): "endpoint-config/{EndpointConfigName}",
    ("sagemaker", "DescribeFeatureGroup"): "feature-group/{FeatureGroupName}",
    ("sagemaker", "DescribeModel"): "model/{ModelName}",
    ("sagemaker", "DescribeModelPackageGroup"): "model-package-group/{ModelPackageGroupName}",
    ("sagemaker", "DescribePipeline"): "pipeline/{PipelineName}",
    ("sagemaker", "DescribeProcessingJob"): "processing-job/{ProcessingJobName}",
    ("sagemaker", "DescribeTrainingJob"): "training-job/{TrainingJobName}",
    ("sagemaker", "ListPipelineExecutions"): "pipeline/{PipelineName}",
    ("sagemaker", "StartPipelineExecution"): "pipeline/{PipelineName}",
    ("sqs", "GetQueueUrl"): "{QueueName}",
}

ROWS: Mapping[tuple[str, str], Row] = {
    **{
        (service, operation): plain(service, operation, template)
        for (service, operation), template in PLAIN.items()
    },
    ("dynamodb", "BatchGetItem"): batch_get,
    ("dynamodb", "Query"): query,
    ("dynamodb", "TransactWriteItems"): transaction,
    ("events", "DescribeRule"): of_rule("events:DescribeRule", "Name"),
    ("events", "ListTargetsByRule"): of_rule("events:ListTargetsByRule", "Rule"),
    ("events", "ListReplays"): everything("events:ListReplays"),
    ("events", "ListRules"): everything("events:ListRules"),
    ("events", "PutEvents"): put_events,
    ("events", "StartReplay"): start_replay,
    ("s3", "HeadBucket"): list_bucket,
    ("s3", "ListObjectsV2"): list_bucket,
    ("s3", "GetObject"): s3_object("s3:GetObject"),
    ("s3", "PutObject"): s3_object("s3:PutObject"),
    ("sagemaker", "CreateEndpoint"): with_config("CreateEndpoint"),
    ("sagemaker", "CreateModel"): create_model,
    ("sagemaker", "CreateModelPackage"): of_group("CreateModelPackage"),
    ("sagemaker", "DescribeModelPackage"): package("DescribeModelPackage"),
    ("sagemaker", "DescribePipelineExecution"): execution("DescribePipelineExecution"),
    ("sagemaker", "ListModelPackages"): of_group("ListModelPackages"),
    ("sagemaker", "ListModels"): everything("sagemaker:ListModels"),
    ("sagemaker", "ListPipelineExecutionSteps"): execution("ListPipelineExecutionSteps"),
    ("sagemaker", "UpdateEndpoint"): with_config("UpdateEndpoint"),
    ("sagemaker", "UpdateModelPackage"): package("UpdateModelPackage"),
    ("sagemaker-featurestore-runtime", "BatchGetRecord"): records("BatchGetRecord", "Identifiers"),
    ("sagemaker-featurestore-runtime", "BatchWriteRecord"): records("BatchWriteRecord", "Entries"),
    ("sagemaker-runtime", "InvokeEndpoint"): plain(
        "sagemaker", "InvokeEndpoint", "endpoint/{EndpointName}"
    ),
    **{("sqs", action): of_queue(action) for action in OF_QUEUES},
    ("sqs", "ChangeMessageVisibilityBatch"): of_queue("ChangeMessageVisibility"),
    ("ssm", "DescribeParameters"): everything("ssm:DescribeParameters"),
    **{("ssm", f"{verb}Parameter"): parameter(f"{verb}Parameter", "Name") for verb in VERBS},
    ("ssm", "GetParametersByPath"): parameter("GetParametersByPath", "Path"),
    ("sts", "GetCallerIdentity"): nothing,
}

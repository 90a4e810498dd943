"""What the person on call may look at."""

from infra.aws.grants import Grant, Places
from infra.aws.on_call.common import dead_letters, executions, use_of_key
from shared.contracts import names
from shared.contracts.names import Stage

LOOKED_INTO = (
    "dead-letters/",
    "imports/",
    "journal/",
    "monitor/",
    "quarantine/",
    "runs/",
    "seen/",
    "series/",
)


def looking(places: Places) -> tuple[Grant, ...]:
    """Allow a look at logs, metrics, queues, the journal, the registry and what runs."""
    return (
        *watching(places),
        *queues(places),
        *kept(places),
        *sagemaker(places),
        use_of_key(places, ("kms:Decrypt",), "dynamodb", "s3", "sqs"),
    )


def watching(places: Places) -> tuple[Grant, ...]:
    """Allow logs, metrics, traces, and what was changed."""
    ours = f"{names.bus(places.env)}-*"
    boards = f"arn:{places.environment.partition}:cloudwatch::{places.environment.account}"
    endpoints, jobs = f"/aws/sagemaker/Endpoints/{places.owned()}", "/aws/sagemaker/*Jobs"
    logs = ("/aws/lambda/" + ours, endpoints, jobs)
    return (
        Grant(
            ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"),
            tuple(map(places.log_group, logs)),
            why="what functions, jobs and endpoints print",
        ),
        Grant(
            (
                "cloudtrail:LookupEvents",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetricData",
                "cloudwatch:ListDashboards",
                "cloudwatch:ListMetrics",
                "lambda:GetAccountSettings",
                "logs:DescribeLogGroups",
                "xray:BatchGetTraces",
                "xray:GetTraceSummaries",
            ),
            ("*",),
            why="metrics, alarms and traces; who changed what; how many functions may run",
        ),
        Grant(
            ("cloudwatch:GetDashboard",),
            (f"{boards}:dashboard/{ours}",),
            why="the operators' dashboard",
        ),
        Grant(
            ("lambda:GetFunctionConfiguration",),
            (places.of("lambda", f"function:{ours}"),),
            why="which code runs, with which settings",
        ),
        Grant(
            ("cloudformation:DescribeStackEvents",),
            (places.of("cloudformation", f"stack/{ours}/*"),),
            why="what a deployment changed",
        ),
    )


def queues(places: Places) -> tuple[Grant, ...]:
    """Allow to see what waits, and to read dead letters without taking them away."""
    return (
        Grant(
            ("sqs:GetQueueAttributes", "sqs:GetQueueUrl"),
            (places.queue(f"{names.bus(places.env)}-*"),),
            why="how much waits, and for how long",
        ),
        Grant(
            ("sqs:ChangeMessageVisibility", "sqs:ReceiveMessage"),
            dead_letters(places),
            why="what could not be handled, and why; it is back at once for the next who looks",
        ),
        Grant(("events:DescribeEventBus",), (places.bus(),), why="whether the bus is there"),
        Grant(
            ("events:DescribeRule", "events:ListTargetsByRule"),
            (
                places.of("events", f"rule/{names.bus(places.env)}/*"),
                places.of("events", f"rule/{names.bus(places.env)}-*"),
            ),
            why="where events go, on our bus and from the default bus",
        ),
        Grant(
            ("events:ListReplays", "events:ListRules"),
            ("*",),
            why="which rules there are, and what was replayed",
        ),
        Grant(
            ("events:DescribeArchive",),
            (places.of("events", f"archive/{names.bus(places.env)}"),),
            why="how far back the archive goes",
        ),
    )


def kept(places: Places) -> tuple[Grant, ...]:
    """Allow to read what happened, what is declared and what was made of it."""
    return (
        Grant(
            ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"),
            (places.table("journal"), places.table("journal", "*")),
            why="what happened: the journal",
        ),
        Grant(
            ("dynamodb:DescribeTable",),
            (places.table("any").removesuffix("any") + "*",),
            why="whether the tables are there",
        ),
        Grant(
            ("s3:GetObject",),
            places.objects(*LOOKED_INTO),
            why="evaluations, manifests, quarantined records, what decisions saw",
        ),
        Grant(("s3:ListBucket",), (places.bucket(),), why="what there is to read"),
        Grant(
            ("ssm:GetParameter", "ssm:GetParametersByPath"),
            places.parameters("", "/*"),
            why="what is declared",
        ),
    )


def sagemaker(places: Places) -> tuple[Grant, ...]:
    """Allow a look at versions, endpoints, trainings and the feature group."""
    jobs = ("processing-job", "training-job", "transform-job")
    kinds = ("ProcessingJob", "TrainingJob", "TransformJob")
    return (
        Grant(
            ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
            (places.packages(),),
            why="the versions",
        ),
        Grant(("sagemaker:DescribeEndpoint",), places.endpoints(*Stage), why="what serves"),
        Grant(
            ("sagemaker:DescribeEndpointConfig",),
            places.endpoint_configs(),
            why="which model serves",
        ),
        Grant(
            ("sagemaker:DescribeModel",),
            (places.models(),),
            why="whether what serves is what was approved",
        ),
        Grant(
            ("sagemaker:DescribePipeline", "sagemaker:ListPipelineExecutions"),
            places.pipelines(),
            why="which trainings there are",
        ),
        Grant(
            ("sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"),
            executions(places),
            why="how a training is going",
        ),
        *(
            Grant((f"sagemaker:Describe{kind}",), places.jobs(job), why="why a step failed")
            for kind, job in zip(kinds, jobs, strict=True)
        ),
        Grant(
            ("sagemaker:DescribeFeatureGroup",),
            (places.feature_group(),),
            why="whether the feature group is there",
        ),
    )

"""What the person on call may do: look at everything, and what the pages of ``docs/runbooks`` say.

Two managed policies: whoever looks changes nothing; whoever acts needs both. Neither approves (see
`people`), deploys (see ``docs/deploy.md``) or writes into what services keep.
"""

from infra.aws.allowed.common import speaking_as
from infra.aws.grants import Conditions, Grant, Places
from shared.contracts import names
from shared.contracts.lifecycle import EVENTS
from shared.contracts.names import ModelParameter, Stage
from shared.contracts.subscriptions import SERVICES
from shared.contracts.tables import TABLES

OPERATOR = "operator"
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
WRITTEN = ("imports/", "dead-letters/")


def looking(places: Places) -> tuple[Grant, ...]:
    """Allow a look at logs, metrics, queues, the journal, the registry and what runs."""
    return (
        *watching(places),
        *queues(places),
        *kept(places),
        *sagemaker(places),
        use_of_key(places, ("kms:Decrypt",), "dynamodb", "s3", "sqs"),
    )


def acting(places: Places) -> tuple[Grant, ...]:
    """Allow what the runbooks tell to do."""
    return (
        *redriving(places),
        *wishing(places),
        *stopping(places),
        Grant(
            ("kms:CancelKeyDeletion", "kms:EnableKey"),
            (places.keys(),),
            why="everything is encrypted with the key",
            when=of_our_key(places),
        ),
        use_of_key(places, ("kms:Decrypt", "kms:GenerateDataKey"), "s3", "sqs"),
    )


def watching(places: Places) -> tuple[Grant, ...]:
    """Allow logs, metrics, traces, and what was changed."""
    ours = f"{names.bus(places.env)}-*"
    boards = f"arn:{places.environment.partition}:cloudwatch::{places.environment.account}"
    logs = ("/aws/lambda/" + ours, "/aws/sagemaker/*")
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
            ("sqs:ChangeMessageVisibility", "sqs:ListMessageMoveTasks", "sqs:ReceiveMessage"),
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
            ("dynamodb:GetItem", "dynamodb:Query"),
            (places.table("journal"), places.table("journal", "*")),
            why="what happened: the journal",
        ),
        Grant(
            ("dynamodb:DescribeTable",),
            tuple(places.table(row.service) for row in TABLES),
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


def redriving(places: Places) -> tuple[Grant, ...]:
    """Allow dead letters back to where they were meant for, and what the archive holds again."""
    back = (*(names.queue(places.env, one) for one in SERVICES), names.records_queue(places.env))
    archive = names.bus(places.env)
    return (
        Grant(
            ("sqs:CancelMessageMoveTask", "sqs:DeleteMessage", "sqs:StartMessageMoveTask"),
            dead_letters(places),
            why="dead letters leave: they are redriven, or are of no use",
        ),
        Grant(
            ("sqs:SendMessage",),
            tuple(map(places.queue, back)),
            why="SQS puts redriven messages there in the caller's name; records of an import",
        ),
        Grant(
            ("events:StartReplay",),
            (
                places.of("events", f"archive/{archive}"),
                places.of("events", f"replay/{archive}-*"),
                places.bus(),
            ),
            why="what was not delivered for a day comes from the archive",
        ),
        Grant(
            ("events:CancelReplay", "events:DescribeReplay"),
            (places.of("events", f"replay/{archive}-*"),),
            why="how a replay is going, and its end",
        ),
    )


def wishing(places: Places) -> tuple[Grant, ...]:
    """Allow what people declare and wish; whether it is done, services decide."""
    wishes = [event.detail_type() for event in EVENTS.values() if event.producer == OPERATOR]
    return (
        Grant(
            ("events:PutEvents",),
            (places.bus(),),
            why="what people wish, in their own name: trainings, deployments, roll-backs",
            when=speaking_as(OPERATOR, wishes),
        ),
        Grant(
            ("ssm:DeleteParameter", "ssm:PutParameter"),
            (*places.parameters("/series/*"), *places.parameter(ModelParameter.SPEC)),
            why="specs: how late is too late, when a series is silent, a model that is frozen",
        ),
        Grant(
            ("s3:PutObject",),
            places.objects(*WRITTEN),
            why="history that is imported; dead letters that are dropped are kept",
        ),
    )


def stopping(places: Places) -> tuple[Grant, ...]:
    """Allow to end what is stuck."""
    return (
        Grant(
            ("sagemaker:StopPipelineExecution",),
            executions(places),
            why="a training that is stuck",
        ),
        Grant(
            ("sagemaker:DeleteEndpoint",),
            places.endpoints(*Stage),
            why="an endpoint that failed is left to a person",
        ),
    )


def dead_letters(places: Places) -> tuple[str, ...]:
    """Answer all dead-letter queues."""
    return tuple(places.queue(names.dead_letter_queue(places.env, one)) for one in SERVICES)


def executions(places: Places) -> tuple[str, ...]:
    """Answer the executions of all pipelines."""
    return tuple(f"{one}/execution/*" for one in places.pipelines())


def of_our_key(places: Places) -> Conditions:
    """Demand that the key is the environment's; policies know no alias."""
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)}}


def use_of_key(places: Places, actions: tuple[str, ...], *services: str) -> Grant:
    """Allow the environment's key, where some services use it for the caller."""
    through = {"kms:ViaService": tuple(map(places.endpoint_of, services))}
    return Grant(
        actions,
        (places.keys(),),
        why="what is stored is encrypted with the environment's key",
        when={**of_our_key(places), "StringEquals": through},
    )

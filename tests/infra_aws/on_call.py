"""TABLES of what the person on call asks of IAM: by command, by a page's words; what is too much.

As on the local AWS: account, region and names are its own.
"""

from collections.abc import Mapping

ARN, GLOBAL = "arn:aws:{}:us-east-1:123456789012:{}", "arn:aws:{}::123456789012:{}"
BUCKET = "arn:aws:s3:::modelcycle-dev-123456789012-us-east-1"
QUEUE, DEAD = ARN.format("sqs", "modelcycle-dev-trainer"), "modelcycle-dev-trainer-dead-letters"
RECORDS = ARN.format("sqs", "modelcycle-dev-ingest-records")
KEY = ARN.format("kms", "key/any")
OURS = {"kms:ResourceAliases": "alias/modelcycle-dev"}
EXECUTION = ARN.format("sagemaker", "pipeline/mc-dev-lightgbm/execution/abc")
LOG = ARN.format("logs", "log-group:/aws/lambda/modelcycle-dev-trainer:*")
Asked = tuple[str, str, Mapping[str, str]]


def through(service: str) -> dict[str, str]:
    """Answer a use of the key by a service in the caller's name."""
    return OURS | {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}


OF_AWS: Mapping[str, list[Asked]] = {
    "lambda get-account-settings": [("lambda:GetAccountSettings", "*", {})],
    "lambda get-function-configuration": [
        (
            "lambda:GetFunctionConfiguration",
            ARN.format("lambda", "function:modelcycle-dev-trainer"),
            {},
        )
    ],
    "logs tail": [("logs:FilterLogEvents", LOG, {})],
    "s3 cp": [
        ("s3:GetObject", f"{BUCKET}/quarantine/transactions/0a1b.jsonl", {}),
        ("s3:GetObject", f"{BUCKET}/dead-letters/ingest/0a1b", {}),
        ("kms:Decrypt", KEY, through("s3")),
    ],
    "sqs get-queue-url": [("sqs:GetQueueUrl", RECORDS, {})],
    "sqs send-message": [
        ("sqs:SendMessage", RECORDS, {}),
        ("kms:GenerateDataKey", KEY, through("sqs")),
        ("kms:Decrypt", KEY, through("sqs")),
    ],
    "sagemaker stop-pipeline-execution": [("sagemaker:StopPipelineExecution", EXECUTION, {})],
}
"""Command → what it asks of IAM."""
READ_LETTERS: list[Asked] = [
    ("sqs:GetQueueUrl", ARN.format("sqs", DEAD), {}),
    ("sqs:GetQueueAttributes", ARN.format("sqs", DEAD), {}),
    ("sqs:ReceiveMessage", ARN.format("sqs", DEAD), {}),
    ("sqs:ChangeMessageVisibility", ARN.format("sqs", DEAD), {}),
    ("kms:Decrypt", KEY, through("sqs")),
]
DECIDED = {
    "events:source": "modelcycle.operator",
    "events:detail-type": "DeadLetterDecided",
}
DECIDE: list[Asked] = [
    *READ_LETTERS,
    ("sqs:DeleteMessage", ARN.format("sqs", DEAD), {}),
    ("events:PutEvents", ARN.format("events", "event-bus/modelcycle-dev"), DECIDED),
]
ARCHIVE, REPLAY = "archive/modelcycle-dev", "replay/modelcycle-dev-20260301-120000-0a1b"
READ_ARCHIVE: list[Asked] = [("events:DescribeArchive", ARN.format("events", ARCHIVE), {})]
OF_LETTERS: Mapping[str, list[Asked]] = {
    "dlq list": READ_LETTERS,
    "dlq show": READ_LETTERS,
    "dlq redrive": [
        *DECIDE,
        ("sqs:GetQueueUrl", QUEUE, {}),
        ("sqs:SendMessage", QUEUE, {}),
        ("kms:GenerateDataKey", KEY, through("sqs")),
    ],
    "dlq drop": [
        *DECIDE,
        ("s3:PutObject", f"{BUCKET}/dead-letters/trainer/0a1b", {}),
        ("kms:GenerateDataKey", KEY, through("s3")),
    ],
    "events resend": [
        (
            "dynamodb:Query",
            ARN.format("dynamodb", "table/modelcycle-dev-journal/index/by-event"),
            {},
        ),
        ("sqs:GetQueueUrl", QUEUE, {}),
        ("sqs:SendMessage", QUEUE, {}),
        ("kms:GenerateDataKey", KEY, through("sqs")),
    ],
    "archive list": [*READ_ARCHIVE, ("events:ListReplays", "*", {})],
    "archive replay": [
        *READ_ARCHIVE,
        (
            "events:DescribeRule",
            ARN.format("events", "rule/modelcycle-dev/modelcycle-dev-trainer"),
            {},
        ),
        *(
            ("events:StartReplay", ARN.format("events", one), {})
            for one in (ARCHIVE, REPLAY, "event-bus/modelcycle-dev")
        ),
        ("events:DescribeReplay", ARN.format("events", REPLAY), {}),
    ],
    "archive cancel": [("events:CancelReplay", ARN.format("events", REPLAY), {})],
}
"""Our own commands that need a dead letter, an archive or an event → what they ask of IAM."""
BY_HAND: Mapping[tuple[str, str], list[Asked]] = {
    ("delivery-failed", "CloudTrail"): [("cloudtrail:LookupEvents", "*", {})],
    ("delivery-failed", "scheduled for deletion: cancel that"): [
        ("kms:CancelKeyDeletion", KEY, OURS),
        ("kms:EnableKey", KEY, OURS),
    ],
    ("deployment-failed", "The endpoint in SageMaker"): [
        ("sagemaker:DescribeEndpoint", ARN.format("sagemaker", "endpoint/mc-dev-fees-staging"), {}),
        (
            "logs:GetLogEvents",
            ARN.format("logs", "log-group:/aws/sagemaker/Endpoints/mc-dev-fees-staging:*"),
            {},
        ),
    ],
    ("deployment-failed", "delete a\n   failed endpoint"): [
        ("sagemaker:DeleteEndpoint", ARN.format("sagemaker", "endpoint/mc-dev-fees-staging"), {})
    ],
    ("function-errors", "CloudFormation's events of the service's stack"): [
        (
            "cloudformation:DescribeStackEvents",
            ARN.format("cloudformation", "stack/modelcycle-dev-trainer/0a1b"),
            {},
        )
    ],
    ("function-slow", "X-Ray's traces"): [
        ("xray:GetTraceSummaries", "*", {}),
        ("xray:BatchGetTraces", "*", {}),
    ],
    ("queue-age", "Dashboard *Operations*"): [
        (
            "cloudwatch:GetDashboard",
            GLOBAL.format("cloudwatch", "dashboard/modelcycle-dev-operators"),
            {},
        ),
        ("cloudwatch:GetMetricData", "*", {}),
        ("cloudwatch:DescribeAlarms", "*", {}),
    ],
    ("training-stuck", "The pipeline's execution in SageMaker"): [
        ("sagemaker:ListPipelineExecutionSteps", EXECUTION, {}),
        (
            "sagemaker:DescribeTrainingJob",
            ARN.format("sagemaker", "training-job/pipelines-abc"),
            {},
        ),
        *(
            ("logs:GetLogEvents", ARN.format("logs", f"log-group:/aws/sagemaker/{kind}Jobs:*"), {})
            for kind in ("Processing", "Training", "Transform")
        ),
    ],
}
"""Page and what it says there → what a look or a deed in the console asks of IAM."""

ENVELOPE = {"events:source": "modelcycle.operator", "events:detail-type": "RetrainRequested"}
TOO_MUCH: list[Asked] = [
    ("sagemaker:UpdateModelPackage", ARN.format("sagemaker", "model-package/mc-dev-fees/1"), {}),
    ("sagemaker:CreateEndpoint", ARN.format("sagemaker", "endpoint/mc-dev-fees-staging"), {}),
    ("sagemaker:DeleteEndpoint", ARN.format("sagemaker", "endpoint/mc-prod-fees-staging"), {}),
    (
        "logs:GetLogEvents",
        ARN.format("logs", "log-group:/aws/sagemaker/Endpoints/mc-prod-fees-staging:*"),
        {},
    ),
    ("dynamodb:PutItem", ARN.format("dynamodb", "table/modelcycle-dev-journal"), {}),
    ("dynamodb:Query", ARN.format("dynamodb", "table/modelcycle-dev-trainer"), {}),
    ("s3:PutObject", f"{BUCKET}/runs/x", {}),
    ("s3:PutObject", f"{BUCKET}/journal/x", {}),
    ("s3:DeleteObject", f"{BUCKET}/runs/x", {}),
    ("sqs:ReceiveMessage", QUEUE, {}),
    ("sqs:SendMessage", ARN.format("sqs", DEAD), {}),
    ("sqs:PurgeQueue", ARN.format("sqs", DEAD), {}),
    ("sqs:StartMessageMoveTask", ARN.format("sqs", DEAD), {}),
    ("kms:Decrypt", KEY, {}),
    ("kms:Decrypt", KEY, through("s3") | {"kms:ResourceAliases": "alias/another"}),
    ("kms:ScheduleKeyDeletion", KEY, OURS),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/modelcycle-dev-execution-jobs", {}),
    (
        "events:PutEvents",
        ARN.format("events", "event-bus/modelcycle-dev"),
        ENVELOPE | {"events:source": "modelcycle.trainer"},
    ),
    (
        "events:PutEvents",
        ARN.format("events", "event-bus/modelcycle-dev"),
        ENVELOPE | {"events:detail-type": "ModelApproved"},
    ),
]

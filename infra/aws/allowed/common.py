"""What every function may do, and what every worker may."""

from collections.abc import Iterable

from infra.aws.grants import Conditions, Grant, Places, use_of_key
from shared.contracts import names
from shared.contracts.envelope import ANY_SERVICE, SOURCE
from shared.contracts.lifecycle import EVENTS
from shared.contracts.names import Stage
from shared.contracts.tables import BY_KIND

UNTRACED = frozenset({"journal"})
"""Functions that X-Ray does not follow; `findings` says why."""


def base(places: Places, service: str) -> tuple[Grant, ...]:
    """Allow what every function does: print, be traced, read what is encrypted."""
    traces = Grant(
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        ("*",),
        why="tracing",
        unseen="Lambda does it",
    )
    return (
        Grant(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (places.log_group(f"/aws/lambda/{places.function(service)}"),),
            why="what the function prints; its group is made by the stack",
            unseen="Lambda does it",
        ),
        *(() if service in UNTRACED else (traces,)),
        use_of_key(places, "dynamodb", "s3", "sagemaker", "sqs"),
    )


def common(places: Places, service: str) -> tuple[Grant, ...]:
    """Allow what every service does: take messages, give up on some, keep aggregates, say
    events."""
    queues = [names.queue(places.env, service)]
    if service == "ingest":
        queues.append(names.records_queue(places.env))
    return (
        *base(places, service),
        Grant(
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
            tuple(map(places.queue, queues)),
            why="Lambda's event source takes messages with the function's role",
            unseen="the local supervisor polls under its own name",
        ),
        Grant(
            ("sqs:GetQueueUrl", "sqs:SendMessage"),
            (places.queue(names.dead_letter_queue(places.env, service)),),
            why="what can never be handled is kept with its reason",
        ),
    )


def worker(places: Places, service: str) -> tuple[Grant, ...]:
    """Allow what a worker does with its aggregates, its decisions and its specs."""
    return (
        Grant(
            ("dynamodb:GetItem", "dynamodb:PutItem"),
            (places.table(service),),
            why="its own aggregates, inbox and leases",
        ),
        Grant(
            ("dynamodb:Query",),
            (places.table(service, BY_KIND.name),),
            why="a sweep looks at all aggregates",
        ),
        Grant(
            ("events:PutEvents",),
            (places.bus(),),
            why="the events that it says, and no others",
            when=says(service),
        ),
        Grant(
            ("s3:PutObject",),
            places.objects("seen/"),
            why="what a decision saw, where it is too large for its event",
            unseen="only where a decision saw much",
        ),
    )


def says(service: str) -> Conditions:
    """Answer under which conditions a service speaks: as itself, and what is its to say."""
    types = [
        event.detail_type() for event in EVENTS.values() if event.producer in (service, ANY_SERVICE)
    ]
    return speaking_as(service, types)


def speaking_as(who: str, types: Iterable[str]) -> Conditions:
    """Demand that events are said as one of ours, and only of some types."""
    given = {"events:source": ("false",), "events:detail-type": ("false",)}
    return {
        "ForAllValues:StringEquals": {
            "events:source": (SOURCE + who,),
            "events:detail-type": tuple(sorted(types)),
        },
        "Null": given,
    }


def champion(places: Places, why: str) -> tuple[Grant, ...]:
    """Allow asking what is in production."""
    return (
        Grant(
            ("sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"),
            places.endpoints(Stage.PRODUCTION),
            why=why,
        ),
    )


def told_of_absent(places: Places) -> Grant:
    """Allow being told that an object is not there."""
    return Grant(
        ("s3:ListBucket",),
        (places.bucket(),),
        why="without it S3 answers AccessDenied where an object is merely not there",
        unseen="S3 asks for it within GetObject",
    )

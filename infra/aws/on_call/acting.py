"""What the person on call may do."""

from infra.aws.allowed.common import speaking_as
from infra.aws.grants import Grant, Places
from infra.aws.on_call.common import dead_letters, executions, of_our_key, use_of_key
from shared.contracts import names
from shared.contracts.lifecycle import EVENTS
from shared.contracts.names import ModelParameter, Stage
from shared.contracts.subscriptions import SERVICES

OPERATOR = "operator"
WRITTEN = ("imports/", "dead-letters/")


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


def redriving(places: Places) -> tuple[Grant, ...]:
    """Allow dead letters back to where they were meant for, and what the archive holds again.

    A redrive is a SendMessage in the person's name (SQS's own would need it, too), and SQS knows no
    condition on what is in a message: whoever may redrive may tell a service anything in anybody's
    name, past the bus and its ``events:source``. What is checked all the same: ``SECURITY.md``.
    """
    back = (*(names.queue(places.env, one) for one in SERVICES), names.records_queue(places.env))
    archive = names.bus(places.env)
    return (
        Grant(
            ("sqs:DeleteMessage",),
            dead_letters(places),
            why="dead letters leave, when what was decided is in the journal",
        ),
        Grant(
            ("sqs:SendMessage",),
            tuple(map(places.queue, back)),
            why="dead letters that are redriven; records of an import",
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
    """Allow what people declare and wish; whether it is done, services decide.

    SSM knows no condition on what a parameter holds: whoever may freeze a model may also declare
    that its rule approves. That is followed only where the environment allows rules.
    """
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

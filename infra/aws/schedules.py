"""What wakes services by the clock: EventBridge Scheduler's rows, out of the tables."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.aws import arns
from infra.aws.environments import Environment
from infra.aws.grants import Grant, Places, Role, use_of_key
from infra.aws.roles import add_role
from shared.contracts import names
from shared.contracts.subscriptions import Schedule
from shared.contracts.wishes import scheduled

SCHEDULER = "scheduler.amazonaws.com"
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""What EventBridge Scheduler replaces by the moment for which a call was meant."""
RETRIES_MAX = 3  # of a wish: the next one comes soon
PLACEHOLDER = datetime(2000, 1, 1, tzinfo=UTC)


def role_name(env: str, service: str) -> str:
    """Name the role by which schedules wake a service."""
    return f"{names.function(env, service)}-schedule"


def role_of(environment: Environment, service: str, wakes: Sequence[str] = ()) -> Role:
    """Answer the role of a service's schedules: its queues, and the functions that they wake."""
    places = Places(environment)
    queues = (
        names.queue(environment.name, service),
        names.dead_letter_queue(environment.name, service),
    )
    grants = [
        Grant(
            ("sqs:SendMessage",),
            tuple(map(places.queue, queues)),
            why="the wish, and what could not be sent",
        ),
        use_of_key(places, "sqs"),
    ]
    if wakes:
        grants.append(Grant(("lambda:InvokeFunction",), tuple(wakes), why="polls a source"))
    name = role_name(environment.name, service)
    return Role(name, SCHEDULER, f"how schedules wake {service}", tuple(grants))


def add_schedules(
    scope: Construct,
    environment: Environment,
    service: str,
    rows: Sequence[Schedule],
    polled: str | None = None,
) -> None:
    """Add a service's schedules: wishes to its queue, and each minute a call of its poller.

    Parameters
    ----------
    polled : str
        The name of the function that polls a source, where there is one.
    """
    if not rows and not polled:
        return
    wakes = [arns.of(environment, "lambda", f"function:{polled}")] if polled else []
    role = add_role(
        scope, "ScheduleRole", role_of(environment, service, wakes), environment.account
    )
    queue = arns.queue(environment, names.queue(environment.name, service))
    dead_letters = arns.queue(environment, names.dead_letter_queue(environment.name, service))
    for row in rows:
        wish = row.wish.__name__
        _add(
            scope,
            f"{wish}Schedule",
            name=f"{names.queue(environment.name, service)}-{wish}",
            minutes=row.minutes,
            target=queue,
            message=wish_message(row),
            retries=RETRIES_MAX,
            dead_letters=dead_letters,
            role=role,
        )
    for name, function in zip([polled] if polled else [], wakes, strict=True):
        _add(
            scope,
            "PollerSchedule",
            name=name,
            minutes=1,
            target=function,
            message="{}",
            retries=0,
            dead_letters=None,  # the next minute's call makes a lost one good, with nobody's help
            role=role,
        )


def wish_message(row: Schedule) -> str:
    """Write the message of a schedule, with a place for the moment for which it was meant."""
    event_id = f"schedule-{row.service}-{row.wish.__name__}-{SCHEDULED_TIME}"
    message = json.dumps(scheduled(row.wish, event_id, PLACEHOLDER))
    return message.replace(PLACEHOLDER.isoformat(), SCHEDULED_TIME)


def _add(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    minutes: int,
    target: str,
    message: str,
    retries: int,
    dead_letters: str | None,
    role: iam.Role,
) -> None:
    scheduler.CfnSchedule(
        scope,
        construct_id,
        name=name,
        schedule_expression=f"rate({minutes} minute{'s' if minutes > 1 else ''})",
        flexible_time_window={"mode": "OFF"},
        target=scheduler.CfnSchedule.TargetProperty(
            arn=target,
            role_arn=role.role_arn,
            input=message,
            dead_letter_config={"arn": dead_letters} if dead_letters else None,
            retry_policy={
                "maximumRetryAttempts": retries,
                "maximumEventAgeInSeconds": 60 * minutes,
            },
        ),
    )

"""What templates deploy, run by the local AWS: functions as the event sources feed them, and what
the clock wakes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from infra.aws.given import Given
from infra.aws.provision import Replay
from infra.aws.templates import Resource, TemplateError
from infra.local import account
from infra.local.function_host import Function
from infra.local.poller import VISIBILITY_S
from infra.local.schedules import Wake
from shared.contracts import limits

MOMENT = "<aws.scheduler.scheduled-time>"
"""What EventBridge Scheduler replaces by the moment for which a call was meant."""
RATE = re.compile(r"rate\((?P<number>[1-9][0-9]*) (?P<unit>minute|hour|day)s?\)")
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
AS_POLLED = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
"""What an event source must say, because the local poller does just that."""
POLLED = limits.QUEUE_BATCH_MESSAGES_MAX
"""What the local poller takes at once: no more than AWS may."""
LOCAL_PACE = {"MODELCYCLE_OFFLINE_LAG_S": str(account.OFFLINE_LAG_S)}
"""Variables that differ from the templates', because the local AWS is quicker than AWS."""


class Deployed:
    """The templates of an environment, as `infra.local.stack.LocalStack` runs them.

    Parameters
    ----------
    resources : sequence of Resource
        Of the account and region of the local AWS.
    """

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = resources

    def provision(self, endpoint_url: str) -> None:
        """Make everything but the functions and schedules; see `Replay.replay`."""
        Replay(endpoint_url, VISIBILITY_S).replay(self._resources)

    def functions(self, endpoint_url: str) -> tuple[Function, ...]:
        """Answer all functions, with the queues that feed them and what they see.

        Raises
        ------
        TemplateError
            If one is described in a way that the local AWS cannot run.
        """
        queues = self._queues()
        functions = [self._function(given, endpoint_url, queues) for given in self._functions()]
        if strangers := queues.keys() - {name for name, _ in functions}:
            raise TemplateError(f"event sources of no function: {', '.join(sorted(strangers))}")
        return tuple(function for _, function in functions)

    def wakes(self) -> tuple[Wake, ...]:
        """Answer what the clock sends to queues; what it invokes directly, a poller, is left out,
        since that asks the internet."""
        return tuple(
            wake for given in self._each("AWS::Scheduler::Schedule") for wake in _wakes(given)
        )

    def _functions(self) -> Iterator[Given]:
        return self._each("AWS::Lambda::Function")

    def _each(self, kind: str) -> Iterator[Given]:
        return (Given(resource) for resource in self._resources if resource.kind == kind)

    def _queues(self) -> Mapping[str, list[str]]:
        """Answer the queues that feed each function, by its name."""
        found = defaultdict(list)
        for given in self._each("AWS::Lambda::EventSourceMapping"):
            for name, must in AS_POLLED.items():
                if (is_given := given.take(name)) != must:
                    raise TemplateError(
                        f"{given.resource.place}: {name} is {is_given}; local functions are fed "
                        f"with {must}"
                    )
            if (size := given.take("BatchSize")) < POLLED:
                raise TemplateError(
                    f"{given.resource.place}: BatchSize is {size}; local functions are fed with up "
                    f"to {POLLED}"
                )
            found[given.take("FunctionName")].append(_last(given.take("EventSourceArn")))
            given.end()
        return found

    def _function(
        self, given: Given, endpoint_url: str, queues: Mapping[str, Sequence[str]]
    ) -> tuple[str, Function]:
        name, variables = given.take("FunctionName"), given.take("Environment")["Variables"]
        service = variables["POWERTOOLS_SERVICE_NAME"]
        function = Function(
            service=service,
            handler=given.take("Handler"),
            queues=tuple(queues.get(name, ())),
            environment={
                **account.plain_environment(),
                **account.pointing_at(endpoint_url, f"modelcycle-{service}"),
                "AWS_LAMBDA_FUNCTION_NAME": name,
                **variables,
                **LOCAL_PACE,
            },
            limit_s=given.take("Timeout"),
        )
        given.end()
        return name, function


def _wakes(given: Given) -> Iterator[Wake]:
    target, expression = given.take("Target"), given.take("ScheduleExpression")
    rate = RATE.fullmatch(expression)
    if rate is None:
        raise TemplateError(f"{given.resource.place}: {expression} is no rate that is understood")
    given.take("FlexibleTimeWindow")
    given.take("Name")
    given.end()
    if target["Arn"].split(":")[2] == "sqs":
        message = partial(_message, target["Input"])
        yield Wake(_last(target["Arn"]), int(rate["number"]) * MINUTES[rate["unit"]], message)


def _message(text: str, moment: datetime) -> str:
    return text.replace(MOMENT, moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _last(arn: Any) -> str:
    return str(arn).rpartition(":")[2]

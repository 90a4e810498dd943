"""ONE TABLE of the alarms: what is watched, from which value on, and which page says what to do.

The name of an alarm is the name of its page, ``docs/runbooks/<name>.md``. Alarms and the
dashboard link to where people read it, if an environment's file says so, or else name the path.
Silence is no alarm: where nothing is measured, nothing is wrong.

There is no row for what reaches neither a queue nor its dead letters. EventBridge has failed at it
by then, so that delivery-failed rings; what AWS counts of it, `UNKEPT`, is one more metric of each
rule, to be paid for: the dashboard shows it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from shared.contracts import limits, metrics, names
from shared.contracts.metrics import Metric
from shared.contracts.subscriptions import SERVICES, aws_pattern, our_pattern

RUNBOOKS = "docs/runbooks"
FIVE_MINUTES_S, HOUR_S = 300, 3_600
RECORDS_CONSUMER = "ingest"
QUEUE_AGE_S_MAX = 900  # what cannot be handled leaves for the dead letters after half an hour
SLOW_PART = 0.8  # of a function's time limit
RUN_AGE_S_MAX = 8 * HOUR_S  # one step's: six to get a machine, one of spot wait, one of running
RUNS_OF_A_DAY_MAX = 3  # of one model
QUARANTINED_PART_MAX = 0.05
UNDELIVERED, UNKEPT = "FailedInvocations", "InvocationsFailedToBeSentToDlq"
"""Of a rule: events that were not delivered, and those of them that are in no dead letters."""


class Statistic(StrEnum):
    """How CloudWatch puts the values of a period together."""

    SUM = "Sum"
    MAXIMUM = "Maximum"
    AVERAGE = "Average"


class Measure(NamedTuple):
    """A metric of CloudWatch, ours or one of AWS's."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


class Alarm(NamedTuple):
    """One row: it rings where the value is above `above` in `periods` periods in a row."""

    name: str
    """The name of its runbook."""
    subject: str
    """What it is about, and the last part of its name in CloudWatch; unique with `name`."""
    means: str
    measure: Measure
    statistic: Statistic
    above: float
    period_s: int = FIVE_MINUTES_S
    periods: int = 1
    part_of: Measure | None = None
    """Where given, the value is the measure as a part of this one."""

    def full_name(self, env: str) -> str:
        """Name it in CloudWatch: ``modelcycle-dev-dead-letters-trainer``."""
        return f"{names.bus(env)}-{self.name}{f'-{self.subject}' if self.subject else ''}"

    def description(self, runbooks: str | None) -> str:
        """Say what an alarm tells people."""
        return f"{self.means} What to do: {page(self.name, runbooks)}"


OF_ACCOUNT_THROTTLES = Measure("AWS/Lambda", "Throttles", ())
"""Of all functions of the account and region: no function of ours has a share of its own, so that
where one is throttled all are, and one alarm says so."""


def page(name: str, runbooks: str | None) -> str:
    """Answer where the page of an alarm is read."""
    return f"{runbooks or RUNBOOKS}/{name}.md"


def of_queue(name: str, metric: str) -> Measure:
    """Answer what SQS measures of a queue."""
    return Measure("AWS/SQS", metric, (("QueueName", name),))


def of_function(name: str, metric: str) -> Measure:
    """Answer what Lambda measures of a function."""
    return Measure("AWS/Lambda", metric, (("FunctionName", name),))


def of_rule(bus: str | None, name: str, metric: str) -> Measure:
    """Answer what EventBridge measures of a rule; without a bus, of one on the default bus."""
    dimensions = (("RuleName", name),)
    return Measure(
        "AWS/Events", metric, (("EventBusName", bus), *dimensions) if bus else dimensions
    )


def ours(env: str, metric: Metric, model: str | None = None) -> Measure:
    """Answer a metric that a service writes."""
    dimensions = metric.dimensions() | ({metrics.MODEL: model} if model else {})
    return Measure(metrics.namespace(env), metric.name, tuple(dimensions.items()))


def queues(env: str, service: str) -> tuple[str, ...]:
    """Name the queues that feed a service."""
    records = (names.records_queue(env),) if service == RECORDS_CONSUMER else ()
    return (names.queue(env, service), *records)


def rules(env: str, service: str) -> tuple[tuple[str | None, str], ...]:
    """Name the rules that feed a service: bus, None for the default one, and rule."""
    name = names.queue(env, service)
    buses = ((names.bus(env), our_pattern(service)), (None, aws_pattern(service)))
    return tuple((bus, name) for bus, pattern in buses if pattern)


def of_environment(env: str, others: Iterable[str]) -> tuple[Alarm, ...]:
    """Answer all alarms: of models and data, of services, and of `others`, functions that no queue
    feeds."""
    return (
        *of_platform(env),
        *(alarm for service in SERVICES for alarm in of_service(env, service)),
        *(alarm for name in others for alarm in of_any_function(env, name)),
    )


def of_service(env: str, service: str) -> tuple[Alarm, ...]:
    """Answer the alarms of a service's queues, rules and function."""
    dead_letters = of_queue(
        names.dead_letter_queue(env, service), "ApproximateNumberOfMessagesVisible"
    )
    bus = names.bus(env)
    return (
        Alarm(
            "dead-letters",
            service,
            f"Messages wait that {service} could not handle.",
            dead_letters,
            Statistic.MAXIMUM,
            above=0,
        ),
        *(
            Alarm(
                "queue-age",
                queue.removeprefix(f"{bus}-"),
                f"A message waits in {queue} for more than {QUEUE_AGE_S_MAX // 60} minutes.",
                of_queue(queue, "ApproximateAgeOfOldestMessage"),
                Statistic.MAXIMUM,
                above=QUEUE_AGE_S_MAX,
                periods=2,
            )
            for queue in queues(env, service)
        ),
        *(
            Alarm(
                "delivery-failed",
                service if on else f"{service}-aws",
                f"EventBridge cannot deliver from {on or 'the default bus'} to {service}.",
                of_rule(on, rule, UNDELIVERED),
                Statistic.SUM,
                above=0,
            )
            for on, rule in rules(env, service)
        ),
        *of_any_function(env, service),
        Alarm(
            "function-slow",
            service,
            f"{service} takes more than {SLOW_PART:.0%} of its {limits.FUNCTION_SECONDS_MAX} s.",
            of_function(names.function(env, service), "Duration"),
            Statistic.MAXIMUM,
            above=1_000 * SLOW_PART * limits.FUNCTION_SECONDS_MAX,
            periods=3,
        ),
    )


def of_any_function(env: str, name: str) -> tuple[Alarm, ...]:
    """Answer the alarms that every function has."""
    return (
        Alarm(
            "function-errors",
            name,
            f"{name} ends with errors: it crashes, or runs out of time or memory.",
            of_function(names.function(env, name), "Errors"),
            Statistic.SUM,
            above=0,
            periods=2,
        ),
    )


def of_platform(env: str) -> tuple[Alarm, ...]:
    """Answer the alarms about models and data, of all of them together."""

    def happened(name: str, subject: str, means: str, metric: Metric) -> Alarm:
        return Alarm(name, subject, means, ours(env, metric), Statistic.SUM, above=0)

    return (
        Alarm(
            "function-throttled",
            "",
            "Functions are refused to run: the account has none to spare, for us or others.",
            OF_ACCOUNT_THROTTLES,
            Statistic.SUM,
            above=0,
            periods=3,
        ),
        Alarm(
            "training-stuck",
            "",
            f"A training is in flight for more than {RUN_AGE_S_MAX // HOUR_S} hours.",
            ours(env, metrics.RUN_AGE),
            Statistic.MAXIMUM,
            above=RUN_AGE_S_MAX,
        ),
        Alarm(
            "retraining-often",
            "",
            f"A model began more than {RUNS_OF_A_DAY_MAX} trainings within a day.",
            ours(env, metrics.RUNS_OF_A_DAY),
            Statistic.MAXIMUM,
            above=RUNS_OF_A_DAY_MAX,
        ),
        happened("training-failed", "", "A training failed.", metrics.TRAINING_FAILED),
        happened(
            "deployment-failed",
            "production",
            "A version did not reach production, or nothing serves there any more.",
            metrics.FAILED_IN_PRODUCTION,
        ),
        happened(
            "deployment-failed",
            "staging",
            "A version did not reach staging, or failed its smoke test.",
            metrics.FAILED_IN_STAGING,
        ),
        happened(
            "accuracy-degraded",
            "",
            "A version in production fell short, several verdicts in a row.",
            metrics.DEGRADED,
        ),
        happened("data-fault", "", "The data of a model are at fault.", metrics.DATA_FAULT),
        happened(
            "data-stalled", "", "A series is silent for longer than it should.", metrics.STALLED
        ),
        Alarm(
            "records-quarantined",
            "",
            f"More than {QUARANTINED_PART_MAX:.0%} of the records could not be used.",
            ours(env, metrics.QUARANTINED),
            Statistic.SUM,
            above=QUARANTINED_PART_MAX,
            periods=3,
            part_of=ours(env, metrics.RECORDS),
        ),
    )

"""*Operations*: is everything delivered, handled and trained?"""

from collections.abc import Sequence

from infra.aws import alarm_table, arns
from infra.aws.alarm_table import Alarm, Statistic, of_function, of_queue, of_rule, ours
from infra.aws.dashboards.widgets import Graph, Line, Ringing, Text, Widget
from infra.aws.environments import Environment
from shared.contracts import limits, metrics, names
from shared.contracts.algorithms import ALGORITHMS
from shared.contracts.subscriptions import SERVICES
from shared.messaging.settings import POLLER

DEPTH, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"


def widgets(environment: Environment) -> list[Widget]:
    """Answer the widgets of an environment."""
    env = environment.name
    polled = (POLLER,) if environment.source else ()
    functions = (*SERVICES, *polled)
    alarms = alarm_table.of_environment(env, polled)
    return [
        Text(f"## Operations of {env}\n{_what_to_do(alarms, environment.runbooks)}"),
        Ringing("Alarms that ring", [_arn(environment, alarm) for alarm in alarms]),
        _delivery(env),
        Graph("Dead letters", [*_dead_letters(env)], "messages", above=0),
        Graph("Queues: depth", [*_queues(env, DEPTH)], "messages"),
        Graph(
            "Queues: age of the oldest message",
            [*_queues(env, AGE)],
            "seconds",
            above=alarm_table.QUEUE_AGE_S_MAX,
        ),
        Graph("Functions: calls", _functions(env, functions, "Invocations"), "calls"),
        Graph("Functions: errors", _functions(env, functions, "Errors"), "errors", above=0),
        Graph("Functions: throttles", _functions(env, functions, "Throttles"), "calls", above=0),
        Graph(
            "Functions: longest duration",  # but the poller's, which mostly waits
            _functions(env, SERVICES, "Duration", Statistic.MAXIMUM),
            "milliseconds",
            above=1_000 * alarm_table.SLOW_PART * limits.FUNCTION_SECONDS_MAX,
        ),
        Graph(
            "Trainings: age of the oldest in flight",
            [Line(ours(env, metrics.RUN_AGE), "oldest", Statistic.MAXIMUM)],
            "seconds",
            above=alarm_table.RUN_AGE_S_MAX,
        ),
        Graph(
            "Trainings of one model in a day: the most",
            [Line(ours(env, metrics.RUNS_OF_A_DAY), "most", Statistic.MAXIMUM)],
            "trainings",
            above=alarm_table.RUNS_OF_A_DAY_MAX,
        ),
        Graph("Trainings: what became of them", _trainings(env), "trainings"),
        Graph(
            "Deployments that failed",
            [
                Line(ours(env, metrics.FAILED_IN_STAGING), "staging"),
                Line(ours(env, metrics.FAILED_IN_PRODUCTION), "production"),
            ],
            "deployments",
            above=0,
        ),
    ]


def _what_to_do(alarms: Sequence[Alarm], runbooks: str | None) -> str:
    pages = dict.fromkeys(alarm.name for alarm in alarms)
    if runbooks is None:
        return f"What to do when an alarm rings: its page in `{alarm_table.RUNBOOKS}/`"
    links = " · ".join(f"[{name}]({alarm_table.page(name, runbooks)})" for name in pages)
    return f"What to do when an alarm rings: {links}"


def _arn(environment: Environment, alarm: Alarm) -> str:
    return arns.of(environment, "cloudwatch", f"alarm:{alarm.full_name(environment.name)}")


def _delivery(env: str) -> Graph:
    lines = [
        Line(of_rule(bus, rule, metric), f"{service}{'' if bus else ' (AWS)'}: {word}")
        for service in SERVICES
        for bus, rule in alarm_table.rules(env, service)
        for metric, word in (
            ("Invocations", "delivered"),
            (alarm_table.UNDELIVERED, "failed"),
            (alarm_table.UNKEPT, "in no dead letters"),
        )
    ]
    return Graph("Delivery from the buses to the queues", lines, "events")


def _dead_letters(env: str) -> Sequence[Line]:
    return [
        Line(of_queue(names.dead_letter_queue(env, service), DEPTH), service, Statistic.MAXIMUM)
        for service in SERVICES
    ]


def _queues(env: str, metric: str) -> Sequence[Line]:
    return [
        Line(of_queue(queue, metric), queue.removeprefix(f"{names.bus(env)}-"), Statistic.MAXIMUM)
        for service in SERVICES
        for queue in alarm_table.queues(env, service)
    ]


def _functions(
    env: str, functions: Sequence[str], metric: str, statistic: Statistic = Statistic.SUM
) -> Sequence[Line]:
    return [
        Line(of_function(names.function(env, one), metric), one, statistic) for one in functions
    ]


def _trainings(env: str) -> Sequence[Line]:
    """Answer what SageMaker counts of each pipeline, and what the trainer gave up."""
    counted = [
        Line(
            alarm_table.Measure(
                "AWS/Sagemaker/ModelBuildingPipeline",
                metric,
                (("PipelineName", names.pipeline(env, algorithm)),),
            ),
            f"{algorithm}: {word}",
        )
        for algorithm in ALGORITHMS
        for metric, word in (("ExecutionStarted", "began"), ("ExecutionSucceeded", "succeeded"))
    ]
    return [*counted, Line(ours(env, metrics.TRAINING_FAILED), "failed")]

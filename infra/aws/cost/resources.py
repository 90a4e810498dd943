"""What of an environment costs money though nothing happens: counted in its templates.

``resources.json`` is that count, committed, so that costs can be told where no CDK is installed; a
test compares it with what is synthesized. After ``make synth`` it is written again by
``python -m infra.aws.cost.resources build/cdk.out/dev``.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.contracts import limits
from shared.contracts.frozen import Frozen
from shared.contracts.metrics import METRICS
from shared.messaging.settings import POLLER

FILE = Path(__file__).with_name("resources.json")
JOURNAL = "journal"
RATE = re.compile(r"rate\((?P<minutes>[0-9]+) minutes?\)")

Template = Mapping[str, Any]


class Resources(Frozen):
    """The resources of one environment, whatever its models."""

    keys: int
    tables: int
    recovered: tuple[str, ...]
    """The services whose tables can be brought back as they were at any moment."""
    buckets: int
    polled_queues: int
    """Queues that Lambda polls for functions, all the time."""
    schedules_a_minute: float
    """How often services are woken by the clock, the poller not counted."""
    alarm_metrics: int
    dashboards: int
    custom_metrics: int
    function_mb: int
    is_traced: bool
    """All functions are but the journal's."""
    poller_mb: int
    """Of the poller of a public source, where there is one."""
    poll_seconds: int
    """Of each minute, for which it runs."""


def count(templates: Mapping[str, Template]) -> Resources:
    """Count the resources of an environment; those of a poller are left out, for not every
    environment has one."""
    functions = [*of_kind(templates, "AWS::Lambda::Function")]
    schedules = [
        one for one in of_kind(templates, "AWS::Scheduler::Schedule") if not is_polling(one)
    ]
    alarms = [one for one in of_kind(templates, "AWS::CloudWatch::Alarm") if not is_polling(one)]
    return Resources(
        keys=len([*of_kind(templates, "AWS::KMS::Key")]),
        tables=len([*of_kind(templates, "AWS::DynamoDB::Table")]),
        recovered=tuple(sorted(recovered(templates))),
        buckets=len([*of_kind(templates, "AWS::S3::Bucket")]),
        polled_queues=len([*of_kind(templates, "AWS::Lambda::EventSourceMapping")]),
        schedules_a_minute=sum(1 / minutes(one["ScheduleExpression"]) for one in schedules),
        alarm_metrics=sum(len([*metrics_of(alarm)]) for alarm in alarms),
        dashboards=len([*of_kind(templates, "AWS::CloudWatch::Dashboard")]),
        custom_metrics=len(METRICS),
        function_mb=max(one["MemorySize"] for one in functions if not is_polling(one)),
        poller_mb=limits.POLL_MEMORY_MB,
        is_traced=all(
            one.get("TracingConfig") == {"Mode": "Active"}
            for one in functions
            if not one["FunctionName"].endswith(f"-{JOURNAL}")
        ),
        poll_seconds=limits.POLL_SECONDS,
    )


def recovered(templates: Mapping[str, Template]) -> Iterator[str]:
    """Answer the services whose tables have point-in-time recovery."""
    for table in of_kind(templates, "AWS::DynamoDB::Table"):
        if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]:
            yield str(table["TableName"]).rpartition("-")[2]


def of_kind(templates: Mapping[str, Template], kind: str) -> Iterator[Mapping[str, Any]]:
    """Answer the properties of all resources of a kind."""
    for template in templates.values():
        for one in template["Resources"].values():
            if one["Type"] == kind:
                yield one.get("Properties", {})


def is_polling(properties: Mapping[str, Any]) -> bool:
    """Tell whether a resource is there only because a public source is polled."""
    named = [properties.get(key) for key in ("Name", "FunctionName", "AlarmName")]
    return any(str(name).endswith(f"-{POLLER}") for name in named)


def minutes(expression: str) -> int:
    """Read ``rate(5 minutes)``; raises ValueError for anything else."""
    found = RATE.fullmatch(expression)
    if found is None:
        raise ValueError(f"{expression!r}: costs are known of rates in minutes only")
    return int(found["minutes"])


def metrics_of(alarm: Mapping[str, Any]) -> Iterator[object]:
    """Answer the metrics that an alarm watches: each is paid for."""
    queries = [one for one in alarm.get("Metrics", ()) if "MetricStat" in one]
    yield from queries or [alarm["MetricName"]]


def written(resources: Resources) -> str:
    """Write the count as it is committed."""
    return json.dumps(resources.model_dump(), indent=2) + "\n"


def load() -> Resources:
    """Read the committed count."""
    return Resources.model_validate_json(FILE.read_text())


def main() -> None:
    """Count the templates in a folder, ``build/cdk.out/<env>``, and write the count."""
    (folder,) = sys.argv[1:]
    found = sorted(Path(folder).glob("*.template.json"))
    templates = {path.name: json.loads(path.read_text()) for path in found}
    FILE.write_text(written(count(templates)))


if __name__ == "__main__":
    main()

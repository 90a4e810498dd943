"""The alarm table as CloudFormation: each alarm tells the operators' topic, and when it is over."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.aws import alarm_table, arns
from infra.aws.alarm_table import Alarm, Measure
from infra.aws.environments import Environment
from shared.contracts import names


def add_service_alarms(stack: cdk.Stack, environment: Environment, service: str) -> None:
    """Add the alarms of a service's queues, rules and function to its stack."""
    for alarm in alarm_table.of_service(environment.name, service):
        _add(stack, environment, alarm)


def add_function_alarms(stack: cdk.Stack, environment: Environment, name: str) -> None:
    """Add the alarms of a function that no queue feeds."""
    for alarm in alarm_table.of_any_function(environment.name, name):
        _add(stack, environment, alarm)


def add_platform_alarms(stack: cdk.Stack, environment: Environment) -> None:
    """Add the alarms about models and data."""
    for alarm in alarm_table.of_platform(environment.name):
        _add(stack, environment, alarm)


def _add(stack: cdk.Stack, environment: Environment, alarm: Alarm) -> None:
    full_name = alarm.full_name(environment.name)
    topic = arns.topic(environment, names.alarms_topic(environment.name))
    words = f"{alarm.name}-{alarm.subject}".split("-")
    cloudwatch.CfnAlarm(
        stack,
        f"{''.join(map(str.capitalize, words))}Alarm",
        alarm_name=full_name,
        alarm_description=alarm.description(environment.runbooks),
        comparison_operator="GreaterThanThreshold",
        threshold=alarm.above,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.periods,
        treat_missing_data="notBreaching",
        alarm_actions=[topic],
        ok_actions=[topic],
        **_watched(alarm),
    )


def _watched(alarm: Alarm) -> dict[str, Any]:
    if alarm.part_of is None:
        return {
            "namespace": alarm.measure.namespace,
            "metric_name": alarm.measure.name,
            "dimensions": _dimensions(alarm.measure),
            "statistic": alarm.statistic.value,
            "period": alarm.period_s,
        }
    query = cloudwatch.CfnAlarm.MetricDataQueryProperty
    return {
        "metrics": [
            _query("part", alarm, alarm.measure),
            _query("whole", alarm, alarm.part_of),
            query(id="share", expression="part / whole", label=alarm.name, return_data=True),
        ]
    }


def _query(name: str, alarm: Alarm, measure: Measure) -> Any:
    stat = cloudwatch.CfnAlarm.MetricStatProperty(
        metric=cloudwatch.CfnAlarm.MetricProperty(
            namespace=measure.namespace,
            metric_name=measure.name,
            dimensions=_dimensions(measure),
        ),
        stat=alarm.statistic.value,
        period=alarm.period_s,
    )
    return cloudwatch.CfnAlarm.MetricDataQueryProperty(id=name, metric_stat=stat, return_data=False)


def _dimensions(measure: Measure) -> list[Any]:
    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
        for name, value in measure.dimensions
    ]

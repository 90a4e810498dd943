"""Operators' dashboards in CloudWatch: what is going on, in three parts."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.aws.dashboards import ingest, models, operations
from infra.aws.dashboards.widgets import Widget, body
from infra.aws.environments import Dashboards, Environment
from shared.contracts import names

PARTS: Mapping[str, Callable[[Environment], Sequence[Widget]]] = {
    "Operations": operations.widgets,
    "Models": models.widgets,
    "Ingest": ingest.widgets,
}
TOGETHER = "Operators"


def add_dashboards(stack: cdk.Stack, environment: Environment) -> None:
    """Add an environment's dashboards to the stack of what operators see."""
    for name, widgets in dashboards(environment):
        cloudwatch.CfnDashboard(
            stack,
            f"{name}Dashboard",
            dashboard_name=f"{names.bus(environment.name)}-{name.lower()}",
            dashboard_body=json.dumps(body(widgets, environment.region)),
        )


def dashboards(environment: Environment) -> Iterator[tuple[str, Sequence[Widget]]]:
    """Answer each dashboard's name and widgets: the parts, together or apart."""
    parts = {name: widgets(environment) for name, widgets in PARTS.items()}
    if environment.dashboards is Dashboards.APART:
        yield from parts.items()
    else:
        yield TOGETHER, [widget for part in parts.values() for widget in part]

"""Operators' dashboards in CloudWatch: what is going on, in three pages."""

import json

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.aws.dashboards import ingest, models, operations
from infra.aws.dashboards.widgets import body
from infra.aws.environments import Environment
from shared.contracts import names

DASHBOARDS = {
    "Operations": operations.widgets,
    "Models": models.widgets,
    "Ingest": ingest.widgets,
}


def add_dashboards(stack: cdk.Stack, environment: Environment) -> None:
    """Add all dashboards of an environment to its platform stack."""
    for name, widgets in DASHBOARDS.items():
        cloudwatch.CfnDashboard(
            stack,
            f"{name}Dashboard",
            dashboard_name=f"{names.bus(environment.name)}-{name.lower()}",
            dashboard_body=json.dumps(body(widgets(environment.name), environment.region)),
        )

"""What operators see of models and data, as a stack of its own: it costs something each month and
holds nothing, so that it goes where only data are to stay."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra.aws.alarms import add_platform_alarms
from infra.aws.dashboards import add_dashboards
from infra.aws.environments import Environment
from shared.contracts import names

PART = "operators"


class OperatorsStack(cdk.Stack):
    """Dashboards, and alarms about models and data; those about a service are in its stack."""

    def __init__(self, scope: Construct, environment: Environment, **settings: Any) -> None:
        super().__init__(scope, names.stack(environment.name, PART), **settings)
        add_platform_alarms(self, environment)
        add_dashboards(self, environment)

"""The CDK app: a platform stack, one stack per service, and one of what operators see."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.aws.environments import Environment
from infra.aws.images import ImagesStack
from infra.aws.operators import OperatorsStack
from infra.aws.platform import PlatformStack
from infra.aws.service import ServiceStack
from shared.contracts.subscriptions import SERVICES

CONTEXT = {
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/core:explicitStackTags": True,  # CloudFormation hands a stack's tags on
}
TAG = "modelcycle"
"""The environment, by which bills can be told apart."""


def build(
    environment: Environment, bundles: Mapping[str, Path], folder: Path, code_version: str
) -> cdk.App:
    """Put all stacks of an environment together.

    Parameters
    ----------
    bundles
        For each service, the folder or archive that its function is made of.
    folder
        Where `synth` writes the templates.
    """
    app = cdk.App(outdir=str(folder), context=CONTEXT, analytics_reporting=False)
    where = cdk.Environment(account=environment.account, region=environment.region)

    def settings(owner: str) -> dict[str, Any]:
        synthesizer = cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        return {"env": where, "synthesizer": synthesizer, "tags": {TAG: owner}}

    ImagesStack(app, **settings("all"))
    platform = PlatformStack(app, environment, **settings(environment.name))
    operators = OperatorsStack(app, environment, **settings(environment.name))
    operators.add_stack_dependency(platform)
    for service in SERVICES:
        stack = ServiceStack(
            app,
            environment,
            service,
            bundles[service],
            code_version,
            **settings(environment.name),
        )
        stack.add_stack_dependency(platform)  # an order, no export: each can be deployed alone
    return app

"""Templates of an environment, made by the CDK from placeholders of the services' code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.aws import app
from infra.aws.environments import Environment
from infra.aws.operators import PART
from shared.contracts import names
from shared.contracts.subscriptions import SERVICES

Template = Mapping[str, Any]
PARTS = ("platform", PART, *SERVICES)


def synthesized(environment: Environment, folder: Path) -> dict[str, Template]:
    """Answer each stack's template by the stack's part: ``platform``, ``trainer``, …"""
    bundle, assembly = folder / "bundle", folder / "cdk.out"
    bundle.mkdir(parents=True)
    (bundle / "placeholder.py").touch()
    app.build(environment, dict.fromkeys(SERVICES, bundle), assembly, "test").synth()
    return {
        part: json.loads(
            (assembly / f"{names.stack(environment.name, part)}.template.json").read_text()
        )
        for part in PARTS
    }


def resources(template: Template, kind: str) -> list[dict[str, Any]]:
    """Answer the properties of all resources of a kind."""
    found = template["Resources"].values()
    return [one["Properties"] for one in found if one["Type"] == kind]

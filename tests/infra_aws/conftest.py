"""The synthesized templates, once for all tests."""

from collections.abc import Mapping

import pytest

from infra.aws.environments import Environment
from infra.aws.templates import Where, resolve
from infra.local import account as local
from tests.infra_aws.made import Account
from tests.infra_aws.synthesis import Template, synthesized


@pytest.fixture(scope="session")
def environment() -> Environment:
    """Answer an environment that has everything an environment may have."""
    return Environment.model_validate_json(
        """{"name": "dev", "account": "123456789012", "region": "eu-central-1",
        "alarm_email": "operators@example.org", "rules_allowed": true,
        "journal": {"queries_days": 400, "keep_days": 3650},
        "source": {"name": "blockchain", "series": "transactions"},
        "vpc": {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]}}"""
    )


@pytest.fixture(scope="session")
def templates(
    environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Template]:
    """Answer each stack's template by the stack's part: ``platform``, ``trainer``, …"""
    return synthesized(environment, tmp_path_factory.mktemp("synthesized"))


@pytest.fixture(scope="session")
def local_templates(
    environment: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Template]:
    """Answer the templates of the same environment in the local AWS's account and region."""
    moved = environment.model_copy(update={"account": local.ACCOUNT, "region": local.REGION})
    return synthesized(moved, tmp_path_factory.mktemp("synthesized"))


@pytest.fixture(scope="session")
def account(environment: Environment, templates: Mapping[str, Template]) -> Account:
    """Answer what the templates make."""
    return Account(resolve(templates, Where(environment.account, environment.region)))

"""The evaluator's model registry: in memory as in SageMaker's."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from services.evaluator.aws import SageMakerRegistry
from services.evaluator.ports import Proposal
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.registration import Registration
from shared.messaging.errors import Refused
from tests.ports.conftest import Connect
from tests.ports.simulated import gate, quiet_world
from tests.services.evaluator.world import SageMaker
from tests.simulation.ports import EvaluatorPorts


def proposal(group: str, number: int = 1, description: str = "fine") -> Proposal:
    run_id = f"fees-r{number:012x}"
    return Proposal(
        group=group,
        token=hashlib.sha256(f"{group}/{run_id}".encode()).hexdigest()[:36],
        description=f"{run_id}: {description}",
        image="image",
        artifact_uri=f"s3://b/{number}/model.tar.gz",
        transform_instance="ml.m5.large",
        endpoint_instance="ml.m5.large",
        evaluation=Blob(uri=f"s3://b/{number}/evaluation.json", sha256="e" * 64),
        registration=Registration(
            run_id=run_id,
            algorithm="lightgbm",
            artifact_sha256="a" * 64,
            manifest_uri="s3://b/manifest.json",
            manifest_sha256="b" * 64,
            forecasts_uri="s3://b/backtest.jsonl.out",
            cutoff=datetime(2026, 3, 1, tzinfo=UTC),
        ),
    )


class RegistryContract:
    """What the evaluator relies on: everything may be repeated."""

    @pytest.fixture
    def registry(self) -> Any:
        """The port."""
        raise NotImplementedError

    @pytest.fixture
    def group(self, fresh: str) -> str:
        return f"mc-dev-{fresh}"

    def test_a_run_becomes_one_version_however_often_it_is_registered(
        self, registry: Any, group: str
    ) -> None:
        registry.ensure_group(group)
        registry.ensure_group(group)
        first = registry.register(proposal(group, 1))
        assert first.version == 1
        second = registry.register(proposal(group, 2))
        assert second.version == 2
        assert registry.register(proposal(group, 1)) == first
        assert registry.register(proposal(group, 3)).version == 3
        assert first.arn != second.arn

    def test_a_run_is_found_when_it_is_there(self, registry: Any, group: str) -> None:
        registry.ensure_group(group)
        assert registry.find(group, "fees-r000000000001") is None
        made = {n: registry.register(proposal(group, n)) for n in (1, 2, 3)}
        for number, package in made.items():
            assert registry.find(group, f"fees-r{number:012x}") == package
        assert registry.find(group, "fees-r00000000000f") is None

    def test_groups_count_their_own_versions(self, registry: Any, group: str) -> None:
        other = f"{group}-other"
        for each in (group, other):
            registry.ensure_group(each)
            assert registry.register(proposal(each)).version == 1
        registry.register(proposal(other, 2))
        assert registry.find(group, "fees-r000000000002") is None

    def test_a_token_that_means_something_else_is_refused(self, registry: Any, group: str) -> None:
        registry.ensure_group(group)
        registry.register(proposal(group))
        with pytest.raises(Refused):
            registry.register(proposal(group, description="worse"))

    def test_nothing_is_registered_without_its_group(self, registry: Any, group: str) -> None:
        with pytest.raises(Refused):
            registry.register(proposal(group))


class TestMemory(RegistryContract):
    """The evaluator's small world."""

    @pytest.fixture
    def registry(self) -> Any:
        return SageMaker()


class TestSimulated(RegistryContract):
    """The simulator's cloud."""

    @pytest.fixture
    def registry(self) -> Any:
        world = quiet_world()
        return EvaluatorPorts(world, gate(world, "evaluator"))


class TestSageMaker(RegistryContract):
    """The registry of the local AWS."""

    @pytest.fixture
    def registry(self, connect: Connect) -> Any:
        return SageMakerRegistry(connect("sagemaker"))

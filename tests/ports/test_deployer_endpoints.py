"""The deployer's endpoints: in memory as on SageMaker's hosting, whose programs really serve."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from infra.local.front import Front
from infra.local.sagemaker.storage import pack
from services.deployer.aws.endpoints import SageMakerEndpoints
from services.deployer.domain.seen import Package, Serving, Verdict
from shared.messaging.errors import Refused, Retryable
from tests.local.world import IMAGE, ROLE
from tests.ports.conftest import BUCKET, Connect
from tests.ports.simulated import gate, let_everything_end, quiet_world
from tests.ports.test_deployer_registry import REGISTRATION
from tests.services.deployer.world import ENV, SageMaker
from tests.simulation.ports import DeployerPorts

INSTANCE = "ml.m5.large"
PATIENCE_S = 20.0


class EndpointsContract:
    """What the deployer relies on: `ensure` and `delete` may be repeated; `update` has a fence."""

    @pytest.fixture
    def endpoints(self) -> Any:
        """The port."""
        raise NotImplementedError

    @pytest.fixture
    def package(self) -> Callable[[int], Package]:
        """Make a version that can be served."""
        raise NotImplementedError

    def finish(self, endpoints: Any, endpoint: str) -> None:
        """Let what is under way end well."""
        raise NotImplementedError

    @pytest.fixture
    def name(self, endpoints: Any, package: Callable[[int], Package], fresh: str) -> str:
        """An endpoint's name; there are configurations `<name>-v1` and `<name>-v2` for it."""
        for number in (1, 2):
            endpoints.ensure_model(f"{fresh}-v{number}", package(number), dedicated=True)
            endpoints.ensure_config(f"{fresh}-v{number}", f"{fresh}-v{number}", INSTANCE)
        return fresh

    def test_having_is_having_once_and_something_else_is_refused(
        self, endpoints: Any, package: Callable[[int], Package], name: str
    ) -> None:
        endpoints.ensure_model(f"{name}-v1", package(1), dedicated=True)
        endpoints.ensure_config(f"{name}-v1", f"{name}-v1", INSTANCE)
        with pytest.raises(Refused):
            endpoints.ensure_model(f"{name}-v1", package(2), dedicated=True)
        with pytest.raises(Refused):
            endpoints.ensure_config(f"{name}-v1", f"{name}-v2", INSTANCE)
        with pytest.raises(Refused):
            endpoints.ensure_config(f"{name}-v3", f"{name}-v3", INSTANCE)

    def test_what_is_not_there_is_none_refused_and_deleted_already(
        self, endpoints: Any, name: str
    ) -> None:
        assert endpoints.describe(name) is None
        for config in (f"{name}-v1", f"{name}-none"):
            with pytest.raises(Refused):
                endpoints.update(name, config, "all-at-once", 0)
        with pytest.raises(Refused):
            endpoints.create(name, f"{name}-none")
        endpoints.delete(name)
        endpoints.delete_config(f"{name}-none")
        endpoints.delete_model("fees", 77)
        assert endpoints.describe(name) is None

    def test_an_endpoint_is_created_once_updated_behind_its_fence_and_deleted(
        self, endpoints: Any, name: str
    ) -> None:
        first, second = f"{name}-v1", f"{name}-v2"
        endpoints.create(name, first)
        born = endpoints.describe(name)
        assert (born.status, born.config, born.is_settled) == (Serving.CHANGING, first, False)
        endpoints.create(name, first)
        with pytest.raises(Refused):
            endpoints.create(name, second)
        with pytest.raises(Retryable):
            endpoints.update(name, second, "all-at-once", 0)
        with pytest.raises(Retryable):
            endpoints.delete(name)
        self.finish(endpoints, name)
        lives = endpoints.describe(name)
        assert (lives.status, lives.config, lives.is_settled) == (Serving.READY, first, True)
        assert lives.modified_at > born.modified_at
        with pytest.raises(Refused):
            endpoints.update(name, f"{name}-none", "all-at-once", 0)
        assert endpoints.describe(name) == lives

        endpoints.update(name, second, "all-at-once", 0)
        moves = endpoints.describe(name)
        assert (moves.status, moves.config) == (Serving.CHANGING, first)
        assert (moves.pending_config, moves.is_settled) == (second, False)
        assert moves.modified_at > lives.modified_at
        endpoints.update(name, second, "all-at-once", 0)  # the answer was lost, boto3 repeats it
        with pytest.raises(Retryable):
            endpoints.update(name, first, "all-at-once", 0)
        with pytest.raises(Retryable):
            endpoints.delete(name)
        self.finish(endpoints, name)
        moved = endpoints.describe(name)
        assert (moved.config, moved.pending_config, moved.is_settled) == (second, None, True)
        assert moved.modified_at > moves.modified_at

        endpoints.delete(name)
        self.gone(endpoints, name)
        endpoints.delete(name)

    def test_what_is_on_instances_says_so_and_does_not_become_serverless(
        self, endpoints: Any, package: Callable[[int], Package], name: str
    ) -> None:
        dedicated, serverless = f"{name}-v1", f"{name}-v3"
        endpoints.ensure_model(serverless, package(3), dedicated=False)
        endpoints.ensure_config(serverless, serverless, None)
        endpoints.create(name, serverless)
        self.finish(endpoints, name)
        assert not endpoints.describe(name).on_instances
        endpoints.update(name, dedicated, "all-at-once", 0)
        self.finish(endpoints, name)
        lives = endpoints.describe(name)
        assert (lives.config, lives.on_instances) == (dedicated, True)
        with pytest.raises(Refused):
            endpoints.update(name, serverless, "all-at-once", 0)
        assert endpoints.describe(name) == lives
        endpoints.delete(name)
        self.gone(endpoints, name)

    def gone(self, endpoints: Any, endpoint: str) -> None:
        """Wait until an endpoint that is being deleted is not there."""
        deadline = monotonic() + PATIENCE_S
        while endpoints.describe(endpoint) is not None:
            assert monotonic() < deadline
            sleep(0.02)


class TestMemory(EndpointsContract):
    """The deployer's small world."""

    @pytest.fixture
    def endpoints(self) -> Any:
        return SageMaker()

    @pytest.fixture
    def package(self) -> Callable[[int], Package]:
        return lambda number: SageMaker().registered(number)

    def finish(self, endpoints: Any, endpoint: str) -> None:
        endpoints.finish_endpoint(endpoint)


class TestSimulated(TestMemory):
    """The simulator's cloud."""

    @pytest.fixture
    def endpoints(self) -> Any:
        world = quiet_world()
        return DeployerPorts(world, gate(world))

    def finish(self, endpoints: Any, endpoint: str) -> None:
        let_everything_end(endpoints.cloud)

    def gone(self, endpoints: Any, endpoint: str) -> None:
        let_everything_end(endpoints.cloud)
        assert endpoints.describe(endpoint) is None


class TestSageMaker(EndpointsContract):
    """The hosting of the local AWS."""

    @pytest.fixture
    def endpoints(self, connect: Connect) -> Any:
        return SageMakerEndpoints(connect("sagemaker"), connect("sagemaker-runtime"), ENV, ROLE)

    @pytest.fixture
    def package(self, front: Front, connect: Connect, tmp_path: Path) -> Callable[[int], Package]:
        (tmp_path / "model.json").write_text(json.dumps({"mean": 1.0}))
        artifact = pack(tmp_path)

        def made(number: int) -> Package:
            key = f"{number}/model.tar.gz"
            connect("s3").put_object(Bucket=BUCKET, Key=key, Body=artifact)
            return Package(
                arn=f"arn:aws:sagemaker:us-east-1:123456789012:model-package/any/{number}",
                version=number,
                approval=Verdict.APPROVED,
                image=IMAGE,
                artifact_uri=f"s3://{BUCKET}/{key}",
                registration=REGISTRATION,
            )

        return made

    def finish(self, endpoints: Any, endpoint: str) -> None:
        deadline = monotonic() + PATIENCE_S
        while not endpoints.describe(endpoint).is_settled:
            assert monotonic() < deadline
            sleep(0.02)

"""The trainer's pipelines: in memory as SageMaker's."""

import json
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pytest

from services.trainer.aws import SageMakerPipelines
from services.trainer.domain.seen import Execution, Progress
from shared.messaging.errors import Refused
from tests.local.world import ROLE
from tests.ports.conftest import Connect
from tests.ports.simulated import gate, quiet_world
from tests.services.trainer.world import Aws
from tests.simulation.clock import START as SIMULATED_START
from tests.simulation.ports import TrainerPorts

RUN, OTHER = "fees-r000000000001", "fees-r000000000002"
GIVEN = {"Model": "fees"}
DEFINITION = {
    "Version": "2020-12-01",
    "Parameters": [{"Name": "Model", "Type": "String"}],
    "Steps": [
        {
            "Name": "Refuse",
            "Type": "Fail",
            "Arguments": {"ErrorMessage": {"Get": "Parameters.Model"}},
        }
    ],
}
PATIENCE_S = 20.0


class PipelinesContract:
    """What the trainer relies on."""

    @pytest.fixture
    def pipelines(self) -> Any:
        """The port."""
        raise NotImplementedError

    @pytest.fixture
    def pipeline(self) -> str:
        """The name of a pipeline whose every execution fails, by what the model is called."""
        raise NotImplementedError

    @pytest.fixture
    def now(self) -> datetime:
        """About the time when a test starts something."""
        return datetime.now(UTC)

    def failed(self, pipelines: Any, arn: str) -> Execution:
        """Let an execution fail; answer it then."""
        raise NotImplementedError

    def test_a_run_that_is_started_again_is_the_same_execution(
        self, pipelines: Any, pipeline: str
    ) -> None:
        arn = pipelines.start(pipeline, RUN, GIVEN)
        assert pipelines.start(pipeline, RUN, GIVEN) == arn
        assert pipelines.start(pipeline, OTHER, GIVEN) != arn
        over = self.failed(pipelines, arn)
        assert pipelines.start(pipeline, RUN, GIVEN) == arn
        assert pipelines.execution(arn) == over

    def test_a_run_is_found_by_its_name_among_those_begun_since(
        self, pipelines: Any, pipeline: str, now: datetime
    ) -> None:
        assert pipelines.find(pipeline, RUN, now - timedelta(hours=1)) is None
        arn = pipelines.start(pipeline, RUN, GIVEN)
        pipelines.start(pipeline, OTHER, GIVEN)
        assert pipelines.find(pipeline, RUN, now - timedelta(hours=1)) == arn
        assert pipelines.find(pipeline, RUN, now + timedelta(hours=1)) is None
        assert pipelines.find(f"{pipeline}-none", RUN, now - timedelta(hours=1)) is None

    def test_what_failed_says_which_step_and_why(self, pipelines: Any, pipeline: str) -> None:
        arn = pipelines.start(pipeline, RUN, GIVEN)
        assert self.failed(pipelines, arn) == Execution(
            progress=Progress.FAILED, failed_step="Refuse", reason="fees"
        )

    def test_an_execution_that_is_not_there_is_none(self, pipelines: Any, pipeline: str) -> None:
        arn: str = pipelines.start(pipeline, RUN, GIVEN)
        assert pipelines.execution(arn.rpartition("/")[0] + "/abcdefghijkl") is None

    def test_a_pipeline_that_is_not_there_starts_nothing(
        self, pipelines: Any, pipeline: str
    ) -> None:
        with pytest.raises(Refused):
            pipelines.start(f"{pipeline}-none", RUN, GIVEN)


class TestMemory(PipelinesContract):
    """The trainer's small world."""

    @pytest.fixture
    def pipelines(self) -> Any:
        return Aws(pipelines=("mc-dev-any",), now=lambda: datetime.now(UTC))

    @pytest.fixture
    def pipeline(self) -> str:
        return "mc-dev-any"

    def failed(self, pipelines: Any, arn: str) -> Execution:
        pipelines.executions[arn] = Execution(
            progress=Progress.FAILED, failed_step="Refuse", reason="fees"
        )
        found: Execution = pipelines.execution(arn)
        return found


class TestSimulated(PipelinesContract):
    """The simulator's cloud."""

    @pytest.fixture
    def pipelines(self) -> Any:
        world = quiet_world()
        return TrainerPorts(world, gate(world, "trainer"))

    @pytest.fixture
    def pipeline(self) -> str:
        return "mc-dev-lightgbm"

    @pytest.fixture
    def now(self) -> datetime:
        return SIMULATED_START

    def failed(self, pipelines: Any, arn: str) -> Execution:
        run = pipelines.cloud.training.runs[arn]
        run.shown = Execution(progress=Progress.FAILED, failed_step="Refuse", reason="fees")
        found: Execution = pipelines.execution(arn)
        return found


class TestSageMaker(PipelinesContract):
    """Pipelines of the local AWS."""

    @pytest.fixture
    def pipelines(self, connect: Connect) -> Any:
        return SageMakerPipelines(connect("sagemaker"))

    @pytest.fixture
    def pipeline(self, connect: Connect, fresh: str) -> str:
        connect("sagemaker").create_pipeline(
            PipelineName=fresh,
            PipelineDefinition=json.dumps(DEFINITION),
            ClientRequestToken=f"{fresh:a<32}",
            RoleArn=ROLE,
        )
        return fresh

    def failed(self, pipelines: Any, arn: str) -> Execution:
        deadline = monotonic() + PATIENCE_S
        while (found := pipelines.execution(arn)).progress is Progress.RUNNING:
            assert monotonic() < deadline
            sleep(0.02)
        execution: Execution = found
        return execution

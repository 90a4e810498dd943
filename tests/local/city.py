"""The whole engine without HTTP, in a world where time and chance are the test's."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from infra.local.processes import Children
from infra.local.sagemaker.core import Caller, Response, ServiceError
from infra.local.sagemaker.engine import Engine
from infra.local.sagemaker.runner import Container, RunningProcess, SubprocessRunner
from infra.local.sagemaker.storage import pack
from tests.local.world import IMAGE, ROLE, World, fixture_runner, until

ARTIFACT = "s3://models/mean/model.tar.gz"


class RecordingRunner:
    """The fixture's runner, which remembers what it started."""

    def __init__(self, runner: SubprocessRunner) -> None:
        self._runner = runner
        self.started: list[RunningProcess] = []

    def start(self, container: Container) -> RunningProcess:
        running = self._runner.start(container)
        self.started.append(running)
        return running


class City:
    """An engine, and the shortest way to ask it for things."""

    def __init__(self, folder: Path, children: Children, offline_lag_s: float = 60) -> None:
        self.world = World()
        self.folder = folder
        self.seconds = 0.0
        self.runner = RecordingRunner(fixture_runner(children))
        self.engine = Engine(
            self.world.surroundings,
            self.runner,
            folder / "engine",
            offline_lag=timedelta(seconds=offline_lag_s),
            elapsed_s=lambda: self.seconds,
        )

    def ask(self, operation: str, by: str = "operator.alice", **request: Any) -> Response:
        return self.engine.call(operation, request, Caller.signing_with(by))

    def refusal(self, operation: str, **request: Any) -> tuple[str, str]:
        try:
            self.ask(operation, **request)
        except ServiceError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} was not refused")

    def model(self, name: str, mean: float = 3.0, **environment: str) -> None:
        """Make a model that adds ``mean`` to what it is asked."""
        source = self.folder / "sources" / name
        source.mkdir(parents=True)
        (source / "model.json").write_text(json.dumps({"mean": mean}))
        uri = f"s3://models/{name}/model.tar.gz"
        self.world.objects.put(uri, pack(source))
        container = {"Image": IMAGE, "ModelDataUrl": uri, "Environment": environment}
        self.ask("CreateModel", ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)

    def config(self, name: str, *models: str, **changes: Any) -> None:
        """Make a configuration with a variant per model, named after it."""
        variants = [
            {
                "VariantName": model,
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                **changes,
            }
            for model in models or (name,)
        ]
        self.ask("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=variants)

    def serving(self, model: str, mean: float = 3.0, **environment: str) -> None:
        """Make a model, and a configuration of the same name."""
        self.model(model, mean, **environment)
        self.config(model)

    def endpoint(self, name: str = "fees") -> Response:
        return self.ask("DescribeEndpoint", EndpointName=name)

    def until_status(self, status: str, name: str = "fees") -> Response:
        until(lambda: self.endpoint(name)["EndpointStatus"] == status, self.engine.tick)
        return self.endpoint(name)

    def invoke(self, body: bytes = b"1", name: str = "fees", **more: Any) -> Response:
        return self.ask("InvokeEndpoint", EndpointName=name, Body=body, **more)

    def answer(self, name: str = "fees") -> float:
        return float(json.loads(self.invoke(name=name)["Body"])["answer"])

    def statuses(self) -> list[str]:
        """What the bus heard of endpoints."""
        return [d["EndpointStatus"] for d in self.said("SageMaker Endpoint State Change")]

    def said(self, detail_type: str) -> list[Mapping[str, Any]]:
        return self.world.details(detail_type)

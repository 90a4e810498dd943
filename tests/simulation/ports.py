"""Each service's ports on the one simulated cloud; every call passes the gate."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.deployer.domain.seen import Endpoint, Package, Verdict
from services.deployer.domain.seen import World as DeployerWorld
from services.deployer.ports import Quantiles
from services.evaluator.domain.seen import World as EvaluatorWorld
from services.evaluator.ports import Package as Registered
from services.evaluator.ports import Proposal
from services.trainer.domain.seen import Execution, Finished
from services.trainer.domain.seen import World as TrainerWorld
from shared.contracts import names
from shared.contracts.manifest import Manifest
from shared.contracts.names import ModelParameter, Stage
from shared.forecasting.deepar_json import Prediction, Series
from shared.messaging.decision import Entry
from shared.messaging.errors import Refused, Retryable
from tests.simulation import documents
from tests.simulation.documents import Quality
from tests.simulation.gate import Gate, crossing

if TYPE_CHECKING:
    from tests.simulation.world import World

ENV = "dev"


class Ports:
    """What all of them have."""

    def __init__(self, world: "World", gate: Gate) -> None:
        self.cloud = world
        self.gate = gate


class DeployerPorts(Ports):
    """The deployer's."""

    @crossing
    def world(self, model: str) -> DeployerWorld:
        endpoints = self.cloud.hosting.endpoints
        spec = self.cloud.declared.readable(model)
        approval = spec.approval if spec else None
        by_rule = {
            Stage.STAGING: approval and approval.staging == "rule",
            Stage.PRODUCTION: approval and approval.production == "rule",
        }
        return DeployerWorld(
            endpoints={stage: endpoints.get(names.endpoint(ENV, model, stage)) for stage in Stage},
            strategy=spec.deployment.strategy if spec else "all-at-once",
            bake_s=int(spec.deployment.bake.total_seconds()) if spec else 0,
            frozen=spec.frozen if spec else True,
            rules_allowed=True,
            rule_for=tuple(stage for stage in Stage if by_rule[stage]),
            expires_after_s=int(approval.expires_after.total_seconds()) if approval else None,
            staging_ttl_s=int(spec.deployment.staging_ttl.total_seconds()) if spec else None,
        )

    @crossing
    def package(self, arn: str) -> Package | None:
        return self.cloud.registry.package(arn)

    @crossing
    def offer(self, arn: str, evidence: str) -> bool:
        return self.cloud.registry.offer(arn, evidence)

    @crossing
    def approve(self, arn: str, stage: Stage, note: str) -> None:
        self.cloud.registry.decide(arn, stage, Verdict.APPROVED, note)

    @crossing
    def decline(self, arn: str, stage: Stage, note: str) -> None:
        self.cloud.registry.decide(arn, stage, Verdict.DECLINED, note)

    @crossing
    def describe(self, endpoint: str) -> Endpoint | None:
        return self.cloud.hosting.endpoints.get(endpoint)

    @crossing
    def ensure_model(self, name: str, package: Package, dedicated: bool) -> None:
        self.cloud.hosting.ensure_model(name, package)

    @crossing
    def ensure_config(self, name: str, model: str, instance: str | None) -> None:
        self.cloud.hosting.ensure_config(name, model, instance)

    @crossing
    def create(self, endpoint: str, config: str) -> None:
        self.cloud.hosting.create(endpoint, config)

    @crossing
    def update(self, endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        self.cloud.hosting.update(endpoint, config, strategy)

    @crossing
    def delete(self, endpoint: str) -> None:
        self.cloud.hosting.delete(endpoint)

    @crossing
    def delete_config(self, name: str) -> None:
        self.cloud.watch.config_deleted(name)
        self.cloud.hosting.configs.pop(name, None)

    @crossing
    def delete_model(self, model: str, version: int) -> None:
        models = self.cloud.hosting.models
        for name in [name for name in models if name.startswith(f"mc-{ENV}-{model}-v{version}-")]:
            del models[name]

    @crossing
    def forecast(self, endpoint: str, instance: str, quantiles: Sequence[float]) -> Quantiles:
        if self.cloud.hosting.serving(endpoint) is None:
            raise Refused("ValidationError", f"{endpoint} is not in service")
        if self.cloud.strikes("smoke differs"):
            return {level: tuple(9 * v for v in said) for level, said in documents.SMOKE.items()}
        return documents.SMOKE

    @crossing
    def sha256(self, uri: str) -> str:
        return self.cloud.training.digest(uri)

    @crossing
    def manifest(self, uri: str, sha256: str) -> Manifest:
        body = self.cloud.training.get(uri)
        if documents.sha256(body) != sha256:
            raise Refused("DigestDiffers", f"{uri} is not what was registered")
        return Manifest.model_validate_json(body)

    @crossing
    def last_window(self, manifest_uri: str, manifest: Manifest) -> str:
        return "{}"

    @crossing
    def last_forecast(self, forecasts_uri: str) -> Quantiles:
        return documents.SMOKE


class EvaluatorPorts(Ports):
    """The evaluator's."""

    @crossing
    def world(self, model: str) -> EvaluatorWorld | None:
        if model in self.cloud.declared.unreadable:
            raise Retryable(f"the spec of {model} cannot be read")
        spec = self.cloud.declared.readable(model)
        if spec is None:
            return None
        return EvaluatorWorld(
            gate=spec.gate,
            at_run_time=self.cloud.declared.thresholds.get(model),
            bake_s=int(spec.deployment.bake.total_seconds()),
        )

    @crossing
    def author(self, model: str, parameter: ModelParameter) -> str:
        return self.cloud.declared.authors.get(model, "unknown")

    @crossing
    def get(self, uri: str) -> bytes:
        return self.cloud.training.get(uri)

    @crossing
    def put(self, key: str, body: bytes) -> str:
        self.cloud.training.blobs[f"s3://bucket/{key}"] = body
        return f"s3://bucket/{key}"

    @crossing
    def ensure_group(self, group: str) -> None:
        self.cloud.registry.ensure_group(group)

    @crossing
    def find(self, group: str, run_id: str) -> Registered | None:
        return self.cloud.registry.find(group, run_id)

    @crossing
    def register(self, proposal: Proposal) -> Registered:
        return self.cloud.registry.register(proposal)

    @crossing
    def config(self, endpoint: str) -> str | None:
        return self.cloud.hosting.serving(endpoint)

    @crossing
    def forecast(
        self, endpoint: str, instances: Sequence[Series], quantiles: Sequence[float]
    ) -> tuple[Prediction, ...]:
        config = self.cloud.hosting.serving(endpoint)
        if config is None:
            raise Refused("ValidationError", f"{endpoint} is not in service")
        self.cloud.watch.champion_asked(config, instances)
        quality = self.cloud.quality_of(config) or Quality.GOOD
        return tuple(documents.predicted(one.target, quality) for one in instances)


class TrainerPorts(Ports):
    """The trainer's."""

    @crossing
    def world(self, model: str) -> TrainerWorld:
        return self.cloud.declared.of_trainer(model)

    @crossing
    def execution(self, arn: str) -> Execution | None:
        run = self.cloud.training.runs.get(arn)
        return run.shown if run else None

    @crossing
    def find(self, pipeline: str, run_id: str, since: datetime) -> str | None:
        return self.cloud.training.find(pipeline, run_id, since)

    @crossing
    def start(self, pipeline: str, run_id: str, parameters: Mapping[str, str]) -> str:
        return self.cloud.training.start(pipeline, run_id, parameters)

    @crossing
    def finished(self, arn: str) -> Finished:
        return self.cloud.training.finished(arn)

    @crossing
    def offline_store_uri(self) -> str:
        return "s3://bucket/offline"

    @crossing
    def sha256(self, uri: str) -> str:
        return self.cloud.training.digest(uri)

    @crossing
    def manifest(self, uri: str) -> tuple[Manifest, str]:
        body = self.cloud.training.get(uri)
        return Manifest.model_validate_json(body), documents.sha256(body)


class Bus(Ports):
    """The event bus, as a service says its events on it."""

    @crossing
    def publish(self, entries: tuple[Entry, ...]) -> None:
        self.cloud.bus.publish(entries)


class DeadLetters(Ports):
    """The dead-letter queue, as a door rejects a message."""

    @crossing
    def reject(self, body: str, reason: str) -> None:
        self.cloud.network.rejected(self.gate.service, body, reason)

"""A small SageMaker for the deployer: registry, endpoints and artifacts in dicts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.deployer.domain.seen import Endpoint, Package, Serving, Verdict, World
from services.deployer.domain.state import Deployments
from services.deployer.effects import EFFECTS
from services.deployer.handlers import HANDLERS
from services.deployer.ports import Ports, Quantiles
from shared.contracts import names
from shared.contracts.aws import EndpointChanged, ModelPackageChanged
from shared.contracts.envelope import Event
from shared.contracts.lifecycle import ModelRegistered
from shared.contracts.manifest import Manifest, Origin
from shared.contracts.names import Stage
from shared.contracts.registration import Registration
from shared.messaging.errors import Refused, Retryable
from shared.messaging.worker import Service
from tests.fakes.messaging import Bench, MemoryStore

ENV, MODEL = "dev", "fees"
START = datetime(2026, 3, 1, tzinfo=UTC)
FORECAST: dict[float, tuple[float, ...]] = {0.1: (1.0, 2.0), 0.5: (3.0, 4.0), 0.9: (5.0, 6.0)}
MANIFEST = Manifest(
    manifest_version=1,
    run_id="fees-r000000000001",
    model=MODEL,
    series="transactions",
    target="mean",
    frequency_s=300,
    horizon=2,
    quantiles=(0.1, 0.5, 0.9),
    season=288,
    first=START,
    cutoff=START,
    judged_cutoff=START,
    points=1000,
    gaps=0,
    filled=0,
    origins=(Origin(index=998, start=START),),
    context_points=288,
    files={},
)


def unknown(name: str) -> Refused:
    """What SageMaker says of something that is not there."""
    return Refused("ValidationException", f"Could not find {name}")


def taken(name: str) -> Refused:
    """What SageMaker says of a name that something else has."""
    return Refused("ValidationException", f"Cannot create already existing {name}")


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/mc-dev-fees/{version}"


class SageMaker:
    """All ports of the deployer; `calls` keeps what changed something."""

    def __init__(self) -> None:
        self.packages: dict[str, Package] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.configs: dict[str, str] = {}
        self.dedicated: set[str] = set()
        self.models: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        self.answers: Quantiles = FORECAST
        self.refuse: dict[str, Exception] = {}
        self.calls: list[tuple[str, ...]] = []
        self.tried: list[tuple[str, str | None]] = []
        self.moments = 0
        self.rule_for: tuple[Stage, ...] = ()
        self.frozen = False
        self.expires_after_s: int | None = None
        self.staging_ttl_s: int | None = None
        self.strategy = "all-at-once"

    # what people and SageMaker do -----------------------------------------------------------

    def registered(self, version: int) -> Package:
        """The evaluator registered a version."""
        digest = f"{version:064d}"
        package = Package(
            arn=arn(version),
            version=version,
            approval=Verdict.PENDING,
            last_modified_by="modelcycle-evaluator",
            image="image",
            artifact_uri=f"s3://b/{version}/model.tar.gz",
            registration=Registration(
                run_id=f"fees-r{version:012d}",
                algorithm="lightgbm",
                artifact_sha256=digest,
                manifest_uri="s3://b/dataset/manifest/manifest.json",
                manifest_sha256="0" * 64,
                forecasts_uri="s3://b/forecasts/backtest.jsonl.out",
                cutoff=START,
            ),
        )
        self.packages[package.arn] = package
        self.digests[package.artifact_uri] = digest
        return package

    def write(self, version: int, **changes: Any) -> None:
        """Somebody writes in the registry."""
        changes = {"last_modified_by": "alice", **changes}
        self.packages[arn(version)] = self.packages[arn(version)].changed(**changes)

    def moment(self) -> datetime:
        self.moments += 1
        return START + timedelta(seconds=self.moments)

    def finish(self, stage: Stage, status: Serving = Serving.READY, back: str = "") -> None:
        """An endpoint's change ends: well, badly, or with its old configuration."""
        self.finish_endpoint(names.endpoint(ENV, MODEL, stage), status, back)

    def finish_endpoint(self, name: str, status: Serving = Serving.READY, back: str = "") -> None:
        seen = self.endpoints[name]
        config = back or seen.pending_config or seen.config
        self.endpoints[name] = seen.changed(
            status=status,
            config=config,
            pending_config=None,
            modified_at=self.moment(),
            on_instances=config in self.dedicated,
        )

    # the ports -------------------------------------------------------------------------------

    def world(self, model: str) -> World:
        return World(
            endpoints={stage: self.describe(names.endpoint(ENV, model, stage)) for stage in Stage},
            strategy=self.strategy,
            bake_s=0,
            frozen=self.frozen,
            rule_for=self.rule_for,
            expires_after_s=self.expires_after_s,
            staging_ttl_s=self.staging_ttl_s,
        )

    def package(self, package_arn: str) -> Package | None:
        return self.packages.get(package_arn)

    def offer(self, package_arn: str, evidence: str) -> bool:
        package = self.packages.get(package_arn)
        if package is None:
            raise unknown(package_arn)
        if package.production is not None:
            return package.production is Verdict.PENDING
        self.calls.append(("offer", package_arn))
        self.packages[package_arn] = package.changed(
            production=Verdict.PENDING,
            production_note=evidence,
            last_modified_by="modelcycle-deployer",
        )
        return True

    def approve(self, package_arn: str, stage: Stage, note: str) -> None:
        self.decide(package_arn, stage, Verdict.APPROVED, note)

    def decline(self, package_arn: str, stage: Stage, note: str) -> None:
        self.decide(package_arn, stage, Verdict.DECLINED, note)

    def decide(self, package_arn: str, stage: Stage, verdict: Verdict, note: str) -> None:
        field, said = ("approval", "approval_note")
        if stage is Stage.PRODUCTION:
            field, said = ("production", "production_note")
        package = self.packages.get(package_arn)
        if package and getattr(package, field) is Verdict.PENDING:
            self.packages[package_arn] = package.changed(
                **{field: verdict, said: note, "last_modified_by": "modelcycle-deployer"}
            )

    def describe(self, endpoint: str) -> Endpoint | None:
        return self.endpoints.get(endpoint)

    def ensure_model(self, name: str, package: Package, dedicated: bool) -> None:
        if self.models.setdefault(name, package.artifact_uri) != package.artifact_uri:
            raise taken(name)

    def ensure_config(self, name: str, model: str, instance: str | None) -> None:
        if model not in self.models:
            raise unknown(model)
        if self.configs.setdefault(name, model) != model:
            raise taken(name)
        self.tried.append((name, instance))
        self.dedicated |= {name} if instance else set()

    def create(self, endpoint: str, config: str) -> None:
        self.refused("create")
        if endpoint in self.endpoints:
            if self.endpoints[endpoint].config != config:
                raise taken(endpoint)
            return
        self.known_config(config)
        self.calls.append(("create", endpoint, config))
        self.endpoints[endpoint] = Endpoint(
            name=endpoint, status=Serving.CHANGING, config=config, modified_at=self.moment()
        )

    def update(self, endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        self.refused("update")
        seen = self.idle(endpoint, config)
        if config == seen.pending_config:
            return
        if seen.status is not Serving.READY:
            raise Refused("ValidationException", f"{endpoint} is {seen.status}")
        self.known_config(config)
        if seen.on_instances and config not in self.dedicated:
            raise Refused("ValidationException", f"{endpoint} cannot become serverless")
        self.calls.append(("update", endpoint, config))
        self.endpoints[endpoint] = self.endpoints[endpoint].changed(
            status=Serving.CHANGING, pending_config=config, modified_at=self.moment()
        )

    def delete(self, endpoint: str) -> None:
        self.refused("delete")
        if endpoint not in self.endpoints:
            return
        self.idle(endpoint)
        self.calls.append(("delete", endpoint))
        del self.endpoints[endpoint]

    def delete_config(self, name: str) -> None:
        self.configs.pop(name, None)

    def delete_model(self, model: str, version: int) -> None:
        for name in [name for name in self.models if f"-v{version}-" in name]:
            del self.models[name]

    def forecast(self, endpoint: str, instance: str, quantiles: Sequence[float]) -> Quantiles:
        self.refused("forecast")
        return self.answers

    def idle(self, endpoint: str, config: str = "") -> Endpoint:
        """Answer an endpoint that is not busy, or only with `config`."""
        seen = self.endpoints.get(endpoint)
        if seen is None:
            raise unknown(endpoint)
        if seen.status is Serving.CHANGING and seen.pending_config != config:
            raise Retryable(f"{endpoint} is busy")
        return seen

    def known_config(self, config: str) -> None:
        if config not in self.configs:
            raise unknown(config)

    def sha256(self, uri: str) -> str:
        if uri not in self.digests:
            raise Refused("NoSuchKey", uri)
        return self.digests[uri]

    def manifest(self, uri: str, sha256: str) -> Manifest:
        return MANIFEST

    def last_window(self, manifest_uri: str, manifest: Manifest) -> str:
        return "{}"

    def last_forecast(self, forecasts_uri: str) -> Quantiles:
        return FORECAST

    def refused(self, call: str) -> None:
        if call in self.refuse:
            raise self.refuse[call]


class Loop:
    """The deployer's worker with its small world, and the hints that follow what happens there."""

    def __init__(self) -> None:
        self.aws = SageMaker()
        ports = Ports(
            env=ENV, look=self.aws, registry=self.aws, endpoints=self.aws, artifacts=self.aws
        )
        service: Service[Deployments] = Service(
            name="deployer", handlers=HANDLERS, effects=EFFECTS, look=self.aws, ports=ports
        )
        store = MemoryStore(Deployments, lambda key: Deployments(env=ENV, model=key))
        self.bench = Bench(service, store, concerned=lambda envelope: (MODEL,))
        self.heard = 0
        self.latest: Event | None = None

    def hear(self, event: Event) -> None:
        self.heard += 1
        self.latest = event
        self.hear_again()

    def hear_again(self) -> None:
        """The queue delivers the latest message, perhaps once more."""
        assert self.latest is not None
        event_id = f"event-{self.heard}"
        self.bench.handle(self.latest, event_id, correlation_id=f"trip-of-{event_id}")

    def register(self, version: int) -> None:
        self.aws.registered(version)
        self.hear(self.registration(version))

    def registration(self, version: int) -> ModelRegistered:
        return ModelRegistered.example().changed(version=version, package_arn=arn(version))

    def write(self, version: int, **changes: Any) -> None:
        self.aws.write(version, **changes)
        self.hear(package_hint(version))

    def finish(self, stage: Stage, status: Serving = Serving.READY, back: str = "") -> None:
        self.aws.finish(stage, status, back)
        self.hear(endpoint_hint(stage))

    def to_staging(self, version: int) -> None:
        self.register(version)
        self.write(version, approval=Verdict.APPROVED)
        self.finish(Stage.STAGING)

    def to_production(self, version: int) -> None:
        self.to_staging(version)
        self.write(version, production=Verdict.APPROVED)
        self.finish(Stage.PRODUCTION)

    @property
    def state(self) -> Deployments:
        return self.bench.store.load(MODEL, None).state

    def live(self, stage: Stage) -> int | None:
        live = self.state.stages[stage].live
        return live.version if live else None

    def said(self) -> list[str]:
        return self.bench.bus.said()

    def last(self, event: type[Event]) -> Any:
        return [e.data for e in self.bench.bus.events() if isinstance(e.data, event)][-1]

    def calls(self, name: str) -> list[tuple[str, ...]]:
        return [call for call in self.aws.calls if call[0] == name]


def package_hint(version: int) -> ModelPackageChanged:
    return ModelPackageChanged(package_arn=arn(version), group="mc-dev-fees", version=version)


def endpoint_hint(stage: Stage) -> EndpointChanged:
    return EndpointChanged(endpoint=names.endpoint(ENV, MODEL, stage))

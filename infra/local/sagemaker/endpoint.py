"""One endpoint: its statuses, its live containers, and the roll-out that may replace them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from infra.local.sagemaker import events, serving
from infra.local.sagemaker.core import Response, Surroundings, moment
from infra.local.sagemaker.job import Bench
from infra.local.sagemaker.serving import Server, StartError, Variant
from infra.local.sagemaker.tags import Tags

REASON_CHARACTERS = 1024  # of FailureReason
MEND_PAUSE_S = 5.0  # between two attempts to replace a dead container

ENDED = object()  # instead of what a flow yields

Flow = Generator[None, None, None]


@dataclass
class Pending:
    """A roll-out that is under way."""

    config_name: str
    variants: tuple[Variant, ...]
    started_at: datetime
    stage: str = "Creating"
    stage_since: datetime | None = None
    stage_message: str | None = None

    def shown(self) -> Response:
        """Answer it as PendingDeploymentSummary shows it."""
        status: Response = {"Status": self.stage, "StartTime": self.stage_since or self.started_at}
        if self.stage_message is not None:
            status["StatusMessage"] = self.stage_message
        variants = [{**variant.shown(), "VariantStatus": [status]} for variant in self.variants]
        return {
            "EndpointConfigName": self.config_name,
            "StartTime": self.started_at,
            "ProductionVariants": variants,
        }


@dataclass
class Endpoint:
    """The state of one endpoint, and the flows that walk it.

    A flow is a generator that yields while it waits; each tick resumes it. ``Creating`` ends
    ``InService`` or ``Failed``; ``Updating`` ends ``InService`` with the new configuration, or goes
    by ``RollingBack`` to ``InService`` with the old one, or to ``UpdateRollbackFailed``.
    """

    name: str
    arn: str
    config_name: str
    variants: tuple[Variant, ...]
    created_at: datetime
    surroundings: Surroundings
    bench: Bench
    tags: Tags
    status: str = "Creating"
    reason: str | None = None
    modified_at: datetime = field(init=False)
    deployment: Mapping[str, object] | None = None
    servers: list[Server] = field(default_factory=list)
    pending: Pending | None = None
    flow: Flow | None = None

    def __post_init__(self) -> None:
        self.modified_at = self.created_at

    @property
    def is_whole(self) -> bool:
        """Whether all its containers run."""
        return all(server.alive for server in self.servers)

    @property
    def is_changing(self) -> bool:
        """Whether something is under way that ends by itself, whatever the clock says."""
        is_baking = self.pending is not None and self.pending.stage == "Baking"
        return self.flow is not None and not is_baking

    def walk(self) -> None:
        """Do what can be done now."""
        if self.flow is None and not self.is_whole:
            self.flow = self._mend()
        if self.flow is not None and next(self.flow, ENDED) is ENDED:
            self.flow = None

    def begin(self, flow: Flow) -> None:
        """Replace whatever was under way."""
        self._stop()
        self.flow = flow

    def enter(self, status: str) -> None:
        """Go into a status, and tell the bus."""
        self.status = status
        self.touch()
        shown = self.described()
        self.surroundings.emit(*events.endpoint_changed(shown, status, self.tags.of(self.arn)))

    def touch(self) -> None:
        """Move LastModifiedTime."""
        self.modified_at = moment(self.surroundings.now(), self.modified_at)

    def described(self) -> Response:
        """Answer it as DescribeEndpoint shows it."""
        shown: Response = {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config_name,
            "EndpointStatus": self.status,
            "CreationTime": self.created_at,
            "LastModifiedTime": self.modified_at,
        }
        if self.servers:
            shown["ProductionVariants"] = [variant.shown() for variant in self.variants]
        if self.reason is not None:
            shown["FailureReason"] = self.reason[:REASON_CHARACTERS]
        if self.deployment is not None:
            shown["LastDeploymentConfig"] = dict(self.deployment)
        if self.pending is not None:
            shown["PendingDeploymentSummary"] = self.pending.shown()
        return shown

    def create(self) -> Flow:
        """Come up for the first time."""
        try:
            self.servers = yield from serving.start(self.bench, self.name, self.variants)
        except StartError as error:
            self.reason = str(error)
            self.enter("Failed")
        else:
            self.enter("InService")

    def update(self, pending: Pending, bake: timedelta) -> Flow:
        """Bring up what is pending beside what is live, let it bake, and swap; or roll back."""
        self._deploying("Creating")
        try:
            fresh = yield from serving.start(self.bench, self.name, pending.variants)
            yield from self._bake(fresh, bake)
        except StartError as error:
            yield from self._roll_back(str(error))
            return
        retired, self.servers = self.servers, fresh
        self.config_name, self.variants = pending.config_name, pending.variants
        self._settle()
        yield from _retire(retired)

    def delete(self) -> Flow:
        """Let the containers answer what they were asked, and end them."""
        yield  # so that Deleting can be seen
        retired, self.servers = self.servers, []
        yield from _retire(retired)

    def end(self) -> None:
        """End every container at once, finished or not: the engine is closing."""
        self._stop()
        for server in self.servers:
            server.end()

    def _stop(self) -> None:
        if self.flow is not None:
            self.flow.close()  # what it had started, it ends
            self.flow = None

    def _bake(self, fresh: list[Server], bake: timedelta) -> Flow:
        if not bake:
            return
        seconds = round(bake.total_seconds())
        self._deploying("Baking", f"Baking for {seconds} seconds before the traffic moves")
        until = self.surroundings.now() + bake
        try:
            while self.surroundings.now() < until:
                for server in fresh:
                    if not server.alive:
                        raise StartError(f"Variant {server.variant.name} ended while it baked")
                yield
        except BaseException:  # GeneratorExit, too: nothing may be left running
            for server in fresh:
                server.end()
            raise

    def _roll_back(self, reason: str) -> Flow:
        self.enter("RollingBack")
        yield
        if not self.is_whole:
            try:
                yield from self._replace()
            except StartError as error:
                self.pending = None
                self.reason = f"{reason} The rollback failed, too: {error}"
                self.enter("UpdateRollbackFailed")
                return
        self._settle()

    def _mend(self) -> Flow:
        """Replace dead containers, as SageMaker replaces unhealthy instances."""
        try:
            yield from self._replace()
        except StartError:
            until = self.bench.elapsed_s() + MEND_PAUSE_S
            while self.bench.elapsed_s() < until:
                yield

    def _replace(self) -> Flow:
        dead = [server for server in self.servers if not server.alive]
        fresh = yield from serving.start(self.bench, self.name, [s.variant for s in dead])
        self.servers = [*(s for s in self.servers if s not in dead), *fresh]
        yield from _retire(dead)

    def _settle(self) -> None:
        self.pending = None
        self.enter("InService")
        self._tell_deployment()

    def _deploying(self, stage: str, message: str | None = None) -> None:
        if self.pending is not None:
            self.pending.stage, self.pending.stage_message = stage, message
            self.pending.stage_since = moment(self.surroundings.now())
        self.touch()
        self._tell_deployment()

    def _tell_deployment(self) -> None:
        tags = self.tags.of(self.arn)
        self.surroundings.emit(*events.endpoint_deployment_changed(self.described(), tags))


def _retire(servers: list[Server]) -> Flow:
    try:
        while any(server.in_flight and server.alive for server in servers):
            yield
    finally:
        for server in servers:
            server.end()

"""Endpoints of the simulated cloud: roll-outs take time, fail, go back, or stick."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.deployer.domain.seen import Endpoint, Package, Serving
from shared.contracts import names
from shared.contracts.names import OwnedEndpoint
from shared.messaging.errors import Refused, Retryable
from tests.simulation.clock import HOUR_S, MINUTE_S

if TYPE_CHECKING:
    from tests.simulation.world import World

EVENT_STATUS = {
    Serving.READY: "IN_SERVICE",
    Serving.CHANGING: "UPDATING",
    Serving.FAILED: "FAILED",
    Serving.STUCK: "UPDATE_ROLLBACK_FAILED",
}
INVALID = "ValidationException"
NO_CAPACITY = "ResourceLimitExceeded"
MILLISECOND = timedelta(milliseconds=1)


class Hosting:
    """All endpoints, with what they are made of."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.endpoints: dict[str, Endpoint] = {}
        self.configs: dict[str, str] = {}
        self.dedicated: set[str] = set()
        """Configurations with instances."""
        self.models: dict[str, str] = {}
        self.latest = world.agenda.now

    def moment(self) -> datetime:
        """Answer the time; of two changes the later one is later."""
        self.latest = max(self.latest + MILLISECOND, self.world.agenda.now)
        return self.latest

    def set(self, endpoint: Endpoint) -> None:
        """Change an endpoint, and hint at it."""
        self.endpoints[endpoint.name] = endpoint
        pending = f" → {endpoint.pending_config}" if endpoint.pending_config else ""
        self.world.note(f"endpoint {endpoint.name} {endpoint.status}: {endpoint.config}{pending}")
        self.hint(endpoint.name, endpoint.config, EVENT_STATUS[endpoint.status])

    def hint(self, name: str, config: str, status: str) -> None:
        """Say that an endpoint changed."""
        self.world.bus.hint(
            "SageMaker Endpoint State Change",
            {"EndpointName": name, "EndpointConfigName": config, "EndpointStatus": status},
        )

    def ensure_model(self, name: str, package: Package) -> None:
        """Have a SageMaker model of this artifact."""
        there = self.models.setdefault(name, package.artifact_uri)
        if there != package.artifact_uri:
            raise Refused(INVALID, f"{name} exists with {there}")

    def ensure_config(self, name: str, model: str, instance: str | None) -> None:
        """Have a configuration of this SageMaker model; one that is there may outlive its model."""
        if name not in self.configs and model not in self.models:
            raise Refused(INVALID, f"there is no model {model}")
        there = self.configs.setdefault(name, model)
        if there != model:
            raise Refused(INVALID, f"{name} exists with {there}")
        self.dedicated |= {name} if instance else set()

    def create(self, name: str, config: str) -> None:
        """Create an endpoint; one that is there with this configuration is success."""
        seen = self.endpoints.get(name)
        if seen is not None:
            if seen.config == config:
                return
            raise Refused(INVALID, f"{name} exists with {seen.config}")
        self.check(config)
        self.world.watch.roll_out_begins(name, config, is_rollback=False)
        self.set(
            Endpoint(name=name, status=Serving.CHANGING, config=config, modified_at=self.moment())
        )
        self.begin(name, config)

    def update(self, name: str, config: str, strategy: str) -> None:
        """Move an endpoint; SageMaker has no token, and moves it again when asked again."""
        seen = self.endpoints.get(name)
        if seen is None or seen.status in (Serving.FAILED, Serving.STUCK):
            raise Refused(INVALID, f"{name} takes no update")
        if seen.status is Serving.CHANGING:
            if seen.pending_config == config:
                return
            raise Retryable(f"{name} is busy")
        self.check(config)
        if seen.on_instances and config not in self.dedicated:
            raise Refused(INVALID, f"{name} cannot become serverless")
        self.world.watch.roll_out_begins(name, config, is_rollback=strategy == "rollback")
        self.set(
            seen.changed(status=Serving.CHANGING, pending_config=config, modified_at=self.moment())
        )
        self.begin(name, config)

    def check(self, config: str) -> None:
        """Refuse what cannot be hosted: no such configuration, or no capacity."""
        if config not in self.configs:
            raise Refused(INVALID, f"there is no configuration {config}")
        if self.world.strikes("no capacity"):
            raise Refused(NO_CAPACITY, "no instance is to be had")

    def begin(self, name: str, config: str) -> None:
        """Let a roll-out take its time."""
        stream = self.world.chance.of("roll-out")
        takes_s = stream.choice((3 * MINUTE_S, 10 * MINUTE_S, HOUR_S))
        started = self.latest

        def end() -> None:
            seen = self.endpoints.get(name)
            if seen is not None and seen.modified_at == started:
                self.end(seen, config)

        self.world.agenda.after(takes_s, end)

    def end(self, seen: Endpoint, config: str) -> None:
        """End a roll-out: well, or not."""
        is_first = seen.pending_config is None
        settled = seen.changed(pending_config=None, modified_at=self.moment())
        if is_first and self.world.strikes("rollout fails"):
            self.set(settled.changed(status=Serving.FAILED, reason="no answer to /ping"))
        elif not is_first and self.world.strikes("rollout sticks"):
            self.set(settled.changed(status=Serving.STUCK, reason="the roll-back failed"))
        elif not is_first and self.world.strikes("rollout goes back"):
            self.set(settled.changed(status=Serving.READY))
        else:
            dedicated = config in self.dedicated
            self.set(settled.changed(status=Serving.READY, config=config, on_instances=dedicated))
            self.landed(seen.name, config)

    def landed(self, name: str, config: str) -> None:
        """A version serves."""
        owned, made = names.read_endpoint(name), names.read_endpoint_config(config)
        if owned and made:
            self.world.count(f"in {owned.stage}")
            self.world.people.see_serving(owned.model, owned.stage, made.version)

    def delete(self, name: str) -> None:
        """Delete an endpoint, which takes a while."""
        seen = self.endpoints.get(name)
        if seen is None:
            return
        if seen.status is Serving.CHANGING:
            raise Retryable(f"{name} is busy")
        self.world.watch.deletion_begins(name, seen.config)
        going = seen.changed(
            status=Serving.CHANGING, pending_config=None, modified_at=self.moment()
        )
        self.set(going)

        def gone() -> None:
            if self.endpoints.get(name) == going:
                del self.endpoints[name]
                self.world.note(f"endpoint {name} is gone")
                self.hint(name, going.config, "DELETED")

        self.world.agenda.after(MINUTE_S, gone)

    def serving(self, name: str) -> str | None:
        """Answer the configuration that serves; None while there is none, or it is changing."""
        seen = self.endpoints.get(name)
        return seen.config if seen and seen.is_settled else None

    @staticmethod
    def owned(name: str) -> OwnedEndpoint:
        """Answer whose endpoint it is."""
        owned = names.read_endpoint(name)
        if owned is None:
            raise AssertionError(f"an endpoint of nobody: {name}")
        return owned

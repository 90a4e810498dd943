"""What the deployer's handlers look at (`Look`), and what its effects act on (`Ports`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.deployer.domain.seen import Endpoint, Package, World
from shared.contracts.manifest import Manifest
from shared.contracts.names import Stage

Quantiles = Mapping[float, Sequence[float]]


class Look(Protocol):
    """Questions only: a handler cannot act."""

    def world(self, model: str) -> World:
        """Answer the model's endpoints, and what its spec says of deployments."""
        ...

    def package(self, arn: str) -> Package | None:
        """Answer a version; None when it is gone, or was not registered by our evaluator."""
        ...


class Registry(Protocol):
    """The model registry."""

    def package(self, arn: str) -> Package | None:
        """Answer a version as it is now."""
        ...

    def offer(self, arn: str, evidence: str) -> bool:
        """Write {Production, PendingApproval}; False when the life cycle is not Staging any
        more."""
        ...

    def approve(self, arn: str, stage: Stage, note: str) -> None:
        """Approve for a stage, as a person would, if it is still pending."""
        ...

    def decline(self, arn: str, stage: Stage, note: str) -> None:
        """Decline for a stage, as a person would, if it is still pending."""
        ...


class Endpoints(Protocol):
    """SageMaker's hosting. `ensure` and `delete` may be repeated; `update` may not."""

    def describe(self, endpoint: str) -> Endpoint | None:
        """Answer an endpoint as it is now."""
        ...

    def ensure_model(self, name: str, package: Package, dedicated: bool) -> None:
        """Have a SageMaker model of exactly this image and artifact; one that is dedicated to
        instances of its own reaches nothing but who asks it."""
        ...

    def ensure_config(self, name: str, model: str, instance: str | None) -> None:
        """Have an endpoint configuration with this SageMaker model as its only variant, on an
        instance type or, without one, serverless."""
        ...

    def create(self, endpoint: str, config: str) -> None:
        """Create an endpoint."""
        ...

    def update(self, endpoint: str, config: str, strategy: str, bake_s: int) -> None:
        """Move an endpoint to another configuration."""
        ...

    def delete(self, endpoint: str) -> None:
        """Delete an endpoint, if it is there."""
        ...

    def delete_config(self, name: str) -> None:
        """Delete a configuration, if it is there."""
        ...

    def delete_model(self, model: str, version: int) -> None:
        """Delete the SageMaker models of a version, if there are any."""
        ...

    def forecast(self, endpoint: str, instance: str, quantiles: Sequence[float]) -> Quantiles:
        """Ask an endpoint; `instance` is one DeepAR instance as JSON."""
        ...


class Artifacts(Protocol):
    """What training left in S3."""

    def sha256(self, uri: str) -> str:
        """Answer the digest of an artifact as it is now."""
        ...

    def manifest(self, uri: str, sha256: str) -> Manifest:
        """Read a manifest and check its digest."""
        ...

    def last_window(self, manifest_uri: str, manifest: Manifest) -> str:
        """Answer the backtest's last instance: one DeepAR instance as JSON."""
        ...

    def last_forecast(self, forecasts_uri: str) -> Quantiles:
        """Answer the batch forecast of the backtest's last window."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that effects act on."""

    env: str
    look: Look
    registry: Registry
    endpoints: Endpoints
    artifacts: Artifacts

"""What people say: these four events, as source ``modelcycle.operator``; the actor is the caller's
identity."""

from typing import ClassVar

from pydantic import Field

from shared.contracts.envelope import Event
from shared.contracts.lifecycle.fields import ModelName, Reason, Sha256, Stage, Version


class ModelSpecApplied(Event):
    """A person wrote a model's spec; freezing is a change of the spec, too."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    digest: Sha256
    """Of the spec's compact JSON."""
    changed_fields: tuple[str, ...] = Field(examples=[("horizon",)])


class RetrainRequested(Event):
    """A person wants the model trained."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    reason: Reason
    note: str = Field(default="", examples=["after the fee market changed"])


class RollbackRequested(Event):
    """A person wants this version replaced by the newest kept one that is still approved."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    stage: Stage
    version: Version
    """The version to take away: the wish lapses when another one is live by then."""
    reason: Reason


class DeploymentRequested(Event):
    """A person wants an approved version deployed again, after an attempt that AWS refused."""

    producer: ClassVar[str] = "operator"
    model: ModelName
    stage: Stage
    version: Version
    reason: Reason

"""What the evaluator's handlers look at (`Look`), and what its effects act on (`Ports`)."""

from dataclasses import dataclass
from typing import Protocol

from services.evaluator.domain.seen import World
from shared.contracts.lifecycle.fields import Blob
from shared.contracts.names import ModelParameter
from shared.contracts.registration import Registration
from shared.messaging.serving import Endpoints


class Look(Protocol):
    """Questions only: a handler cannot act."""

    def world(self, model: str) -> World | None:
        """Answer what people declare of a model; None when nobody declared it."""
        ...

    def author(self, model: str, parameter: ModelParameter) -> str:
        """Answer who wrote a model's parameter last; unknown where AWS does not say."""
        ...


class Blobs(Protocol):
    """The environment's bucket."""

    def get(self, uri: str) -> bytes:
        """Read an object."""
        ...

    def put(self, key: str, body: bytes) -> str:
        """Write an object and answer its URI."""
        ...


@dataclass(frozen=True)
class Proposal:
    """A version as it should stand in the registry.

    Parameters
    ----------
    token : str
        The same for the same run, at most 36 characters.
    transform_instance, endpoint_instance : str
        Instance types that the algorithm is made for.
    """

    group: str
    token: str
    description: str
    image: str
    artifact_uri: str
    transform_instance: str
    endpoint_instance: str
    evaluation: Blob
    registration: Registration


@dataclass(frozen=True)
class Package:
    """A version in the registry."""

    arn: str
    version: int


class Registry(Protocol):
    """The model registry. Everything may be repeated."""

    def ensure_group(self, group: str) -> None:
        """Have a group of this name."""
        ...

    def find(self, group: str, run_id: str) -> Package | None:
        """Answer the version that a run became, if it is there already."""
        ...

    def register(self, proposal: Proposal) -> Package:
        """Write a version that waits for approval; the same token is the same version."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that effects act on."""

    env: str
    blobs: Blobs
    registry: Registry
    endpoints: Endpoints

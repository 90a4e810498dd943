"""What the trainer's handlers look at (`Look`), and what its effects act on (`Ports`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.trainer.domain.parameters import Site
from services.trainer.domain.seen import Execution, Finished, World
from shared.contracts.manifest import Manifest


class Look(Protocol):
    """Questions only: a handler cannot act."""

    def world(self, model: str) -> World:
        """Answer what is declared of a model, and how much data there is."""
        ...

    def execution(self, arn: str) -> Execution | None:
        """Answer an execution; None when it is gone."""
        ...


class Pipelines(Protocol):
    """SageMaker's pipelines."""

    def find(self, pipeline: str, run_id: str, since: datetime) -> str | None:
        """Answer the execution of a run, by its display name, among those begun after `since`."""
        ...

    def start(self, pipeline: str, run_id: str, parameters: Mapping[str, str]) -> str:
        """Start a run's execution and answer its ARN; soon after, a repeat answers the same."""
        ...

    def finished(self, arn: str) -> Finished:
        """Answer what an execution that succeeded has made."""
        ...


class Features(Protocol):
    """The feature store."""

    def offline_store_uri(self) -> str:
        """Answer the prefix of the offline store's Parquet."""
        ...


class Artifacts(Protocol):
    """What training left in S3."""

    def sha256(self, uri: str) -> str:
        """Answer the digest of an artifact."""
        ...

    def manifest(self, uri: str) -> tuple[Manifest, str]:
        """Read a manifest; answer it and the digest of its text."""
        ...


@dataclass(frozen=True)
class Ports:
    """All that effects act on."""

    site: Site
    look: Look
    pipelines: Pipelines
    features: Features
    artifacts: Artifacts

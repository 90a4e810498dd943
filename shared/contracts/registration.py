"""What the evaluator writes into a ModelPackage, and the deployer reads there again.

Customer metadata: values of at most 256 letters, digits, spaces and ``_.:/=+-@``.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import AwareDatetime, ValidationError

from shared.contracts.frozen import Frozen


class Registration(Frozen):
    """Where a version comes from, and by which digests it can be known again."""

    run_id: str
    algorithm: str
    artifact_sha256: str
    manifest_uri: str
    manifest_sha256: str
    forecasts_uri: str
    cutoff: AwareDatetime
    """The last observation that the shipped artifact was trained on."""

    def properties(self) -> dict[str, str]:
        """Answer the package's CustomerMetadataProperties."""
        return {name: str(value) for name, value in self.model_dump(mode="json").items()}

    @classmethod
    def read(cls, properties: Mapping[str, str]) -> Self | None:
        """Read a package's CustomerMetadataProperties; None when it was not registered by us."""
        try:
            return cls.model_validate_strings(dict(properties), extra="ignore")
        except ValidationError:
            return None

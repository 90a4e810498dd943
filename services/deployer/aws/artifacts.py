"""What training left in S3."""

import hashlib

from services.deployer.ports import Quantiles
from shared.contracts.manifest import Manifest
from shared.forecasting import deepar_json
from shared.messaging.errors import Refused
from shared.messaging.runtime import S3Blobs


class S3Artifacts:
    """What training left in S3."""

    def __init__(self, blobs: S3Blobs) -> None:
        self.blobs = blobs

    def sha256(self, uri: str) -> str:
        """Answer the digest of an artifact as it is now."""
        return hashlib.sha256(self.blobs.get(uri)).hexdigest()

    def manifest(self, uri: str, sha256: str) -> Manifest:
        """Read a manifest and check its digest.

        Raises
        ------
        Refused
            If it is not what was registered.
        """
        body = self.blobs.get(uri)
        if hashlib.sha256(body).hexdigest() != sha256:
            raise Refused("DigestDiffers", f"{uri} is not what was registered")
        return Manifest.model_validate_json(body)

    def last_window(self, manifest_uri: str, manifest: Manifest) -> str:
        """Answer the backtest's last instance."""
        above = manifest_uri.removesuffix("/manifest/manifest.json")
        return self.last_line(f"{above}/backtest/backtest.jsonl")

    def last_forecast(self, forecasts_uri: str) -> Quantiles:
        """Answer the batch forecast of the backtest's last window."""
        return deepar_json.read_prediction(self.last_line(forecasts_uri)).quantiles or {}

    def last_line(self, uri: str) -> str:
        """Answer the last line of an object.

        Raises
        ------
        Refused
            If there is none.
        """
        lines = self.blobs.get(uri).decode().splitlines()
        if not lines:
            raise Refused("Empty", f"{uri} is empty")
        return lines[-1]

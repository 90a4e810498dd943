"""Objects in the environment's bucket, and evidence that is kept there: in memory as in S3."""

import hashlib
import json
from typing import Any

import pytest

from shared.contracts import limits
from shared.messaging.errors import Refused
from shared.messaging.evidence import Evidence
from shared.messaging.runtime import S3Blobs
from tests.ports.conftest import BUCKET, Connect
from tests.services.evaluator.world import Objects
from tests.services.ingest.world import Outside


class BlobsContract:
    """What the services rely on."""

    @pytest.fixture
    def blobs(self) -> Any:
        """A bucket."""
        raise NotImplementedError

    @pytest.mark.parametrize("body", [b"", b"\x00\xff", b"x" * 2_000_000], ids=len)
    def test_what_is_put_is_got(self, blobs: Any, fresh: str, body: bytes) -> None:
        uri = blobs.put(f"{fresh}/a.json", body)
        assert uri.startswith("s3://")
        assert uri.endswith(f"/{fresh}/a.json")
        assert blobs.get(uri) == body

    def test_keys_keep_what_is_unusual(self, blobs: Any, fresh: str) -> None:
        keys = [f"{fresh}/{key}" for key in ("a b", "a%20b", "a+b", "ü#→?", "a:b=c", "a//b")]
        uris = [blobs.put(key, key.encode()) for key in keys]
        assert [blobs.get(uri).decode() for uri in uris] == keys

    def test_the_later_content_counts(self, blobs: Any, fresh: str) -> None:
        first, second = blobs.put(fresh, b"first"), blobs.put(fresh, b"second")
        assert first == second
        assert blobs.get(first) == b"second"

    def test_what_is_not_there_is_refused_by_its_code(self, blobs: Any, fresh: str) -> None:
        uri = blobs.put(f"{fresh}/here", b"")
        with pytest.raises(Refused) as refusal:
            blobs.get(uri.replace("here", "there"))
        assert refusal.value.code == "NoSuchKey"

    def test_small_evidence_stays_with_the_decision(self, blobs: Any) -> None:
        notes = [["world", ["fees"], "x" * (limits.SEEN_BYTES_MAX - 50)]]
        seen = Evidence(blobs.put).keep(notes)
        assert (json.loads(seen.inline or ""), seen.uri) == (notes, None)

    def test_large_evidence_is_kept_once_under_its_digest(self, blobs: Any) -> None:
        notes = [["world", ["fees"], "ü" * limits.SEEN_BYTES_MAX]]
        seen, again = Evidence(blobs.put).keep(notes), Evidence(blobs.put).keep(notes)
        assert seen == again
        assert seen.uri is not None
        assert seen.inline is None
        body = blobs.get(seen.uri)
        assert json.loads(body) == notes
        assert hashlib.sha256(body).hexdigest() == seen.sha256


class TestObjects(BlobsContract):
    """The evaluator's fake."""

    @pytest.fixture
    def blobs(self) -> Any:
        return Objects()


class TestOutside(BlobsContract):
    """Ingest's fake."""

    @pytest.fixture
    def blobs(self) -> Any:
        return Outside()


class TestS3(BlobsContract):
    """S3 on the local AWS."""

    @pytest.fixture
    def blobs(self, connect: Connect) -> Any:
        return S3Blobs(connect("s3"), BUCKET)

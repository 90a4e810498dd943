"""S3 as the engine sees it: moto's, in the same process."""

from collections.abc import Sequence
from threading import RLock

from moto.s3.exceptions import MissingBucket, MissingKey
from moto.s3.models import S3Backend, s3_backends

from infra.local.sagemaker.core import NoSuchBlobError


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Take ``s3://bucket/key`` apart.

    Raises
    ------
    NoSuchBlobError
        If it is no S3 URI.
    """
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    if scheme != "s3" or not bucket:
        raise NoSuchBlobError(f"{uri} is no S3 URI: s3://bucket/key is expected")
    return bucket, key


class MotoBlobs:
    """The objects of moto's S3 in this process: the same that HTTP clients see, without HTTP.

    Parameters
    ----------
    lock : RLock
        The one under which moto answers HTTP: its dictionaries do not bear two threads.
    """

    def __init__(self, account: str, lock: RLock) -> None:
        self._account = account
        self._lock = lock

    @property
    def _s3(self) -> S3Backend:
        return s3_backends[self._account]["aws"]  # looked up each time: a reset of moto makes a new

    def get(self, uri: str) -> bytes:
        """Answer an object's content; see `core.Blobs`."""
        bucket, key = bucket_and_key(uri)
        with self._lock:
            try:
                found = self._s3.get_object(bucket, key)
            except (MissingBucket, MissingKey):
                found = None
            if found is None:
                raise NoSuchBlobError(uri)
            return bytes(found.value)

    def put(self, uri: str, body: bytes) -> None:
        """Write an object; see `core.Blobs`."""
        bucket, key = bucket_and_key(uri)
        with self._lock:
            try:
                self._s3.put_object(bucket, key, body)
            except MissingBucket:
                raise NoSuchBlobError(f"there is no bucket {bucket} for {uri}") from None

    def list(self, prefix: str) -> Sequence[str]:
        """Answer the URIs that start with ``prefix``, in order."""
        bucket, start = bucket_and_key(prefix)
        with self._lock:
            try:
                keys = list(self._s3.get_bucket(bucket).keys)
            except MissingBucket:
                return []
        return [f"s3://{bucket}/{key}" for key in sorted(keys) if key.startswith(start)]

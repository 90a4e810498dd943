"""Keys and addresses of objects that nobody should write: they lead to no other file or place."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from infra.local.sagemaker import storage
from infra.local.sagemaker.storage import JobError
from shared.contracts import limits
from shared.messaging import runtime
from shared.messaging.errors import Refused
from shared.messaging.runtime import S3Blobs
from tests.local.world import Objects

MESSAGE_CHARACTERS_MAX = 600
BUCKET = "bucket"


def check_message(message: str) -> None:
    assert message.isprintable(), message
    assert len(message) <= MESSAGE_CHARACTERS_MAX


@pytest.fixture(scope="module")
def blobs() -> Iterator[S3Blobs]:
    """A bucket with one object."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"secret")
        yield S3Blobs(s3, BUCKET)


NO_URIS = [
    pytest.param("", id="empty"),
    pytest.param("k", id="key"),
    pytest.param("/etc/passwd", id="path"),
    pytest.param("file:///etc/passwd", id="file"),
    pytest.param("http://169.254.169.254/latest/meta-data", id="http"),
    pytest.param("S3://bucket/k", id="capital"),
    pytest.param("s3://", id="nothing"),
    pytest.param("s3:///k", id="no-bucket"),
    pytest.param("s3://bucket", id="no-key"),
    pytest.param("s3://bucket/", id="empty-key"),
    pytest.param("s3://../k", id="bucket-parent"),
    pytest.param("s3://bucket\n/k", id="bucket-newline"),
    pytest.param("s3://buck\0et/k", id="bucket-nul"),
    pytest.param("s3://b\u0443cket/k", id="bucket-homoglyph"),
    pytest.param("s3://user@bucket/k", id="bucket-user"),
    pytest.param(f"s3://{'b' * 64}/k", id="bucket-64"),
    pytest.param("s3://arn:aws:s3:us-east-1:1:accesspoint/x/k", id="bucket-arn"),
    pytest.param("s3://bucket/k\ud800", id="key-surrogate"),
    pytest.param(f"s3://bucket/{'k' * 1_025}", id="key-1025"),
    pytest.param(f"s3://bucket/{chr(0x1F980) * 257}", id="key-1028-bytes"),
    pytest.param("\x1b[2J\u202e", id="orders-to-a-terminal"),
]


@pytest.mark.parametrize("uri", NO_URIS)
def test_what_is_no_address_in_s3_is_refused_unasked(blobs: S3Blobs, uri: str) -> None:
    with pytest.raises(Refused, match="is no S3 URI: s3://bucket/key is expected") as refused:
        blobs.get(uri)
    assert refused.value.code == runtime.NO_URI
    check_message(str(refused.value))


OTHER_KEYS = ["../k", "a/../k", "a/../../k", "./k", "/k", "%6b", "%2e%2e/k", "k\0", "k\n", "k?x=1"]


@pytest.mark.parametrize("key", [*OTHER_KEYS, "k#x", "\u202ek", "K", "k/"])
def test_a_key_that_looks_like_another_is_another(blobs: S3Blobs, key: str) -> None:
    with pytest.raises(Refused, match="NoSuchKey|404"):
        blobs.get(f"s3://{BUCKET}/{key}")
    uri = blobs.put(key, b"other")
    assert blobs.get(uri) == b"other"
    assert blobs.get(f"s3://{BUCKET}/k") == b"secret"


def test_an_object_that_is_too_large_is_not_read(
    blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OBJECT_BYTES_MAX", 5)
    with pytest.raises(Refused, match="s3://bucket/k has 6 bytes, at most 5 are read"):
        blobs.get(f"s3://{BUCKET}/k")


KEYS = [
    pytest.param("../x", "not a path below", id="parent"),
    pytest.param("a/../../x", "not a path below", id="parent-within"),
    pytest.param("a/..", "not a path below", id="parent-last"),
    pytest.param("/etc/x", "not a path below", id="absolute"),
    pytest.param("a\0b", "cannot be a file", id="nul"),
    pytest.param("x" * 1_000, "cannot be a file", id="name-1000"),
    pytest.param("../" + "\x1b[2J" * 200, "not a path below", id="orders-to-a-terminal"),
]


@pytest.mark.parametrize(("key", "reason"), KEYS)
def test_an_object_whose_key_is_no_file_below_its_folder_ends_the_job(
    tmp_path: Path, key: str, reason: str
) -> None:
    folder = tmp_path / "deep" / "input"
    with pytest.raises(JobError) as refused:
        storage.fetch(Objects({f"s3://b/in/{key}": b"x"}), "s3://b/in", folder)
    assert reason in str(refused.value)
    check_message(str(refused.value))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_object_that_would_be_a_file_and_a_folder_ends_the_job(tmp_path: Path) -> None:
    objects = Objects({"s3://b/in/a": b"x", "s3://b/in/a/b": b"y"})
    with pytest.raises(JobError, match="s3://b/in/a/b cannot be a file"):
        storage.fetch(objects, "s3://b/in", tmp_path)


@pytest.mark.parametrize("key", ["%2e%2e/x", "%2Fetc/x", "..x/y", "a..b", "\u202ex", "a\\..\\x"])
def test_a_key_that_only_looks_dangerous_is_a_file_below_its_folder(
    tmp_path: Path, key: str
) -> None:
    folder = tmp_path / "input"
    storage.fetch(Objects({f"s3://b/in/{key}": b"x"}), "s3://b/in", folder)
    [found] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found.relative_to(folder).as_posix() == key


@given(st.text(st.sampled_from("./\\ab%2e\0"), max_size=12))
def test_no_key_leads_out_of_its_folder(key: str) -> None:
    try:
        found = storage.within(Path("/box"), key)
    except JobError as refused:
        check_message(str(refused))
    else:
        assert Path("/box") in (found, *found.parents)
        assert ".." not in found.parts

"""One local AWS for all tests that speak HTTP: its start costs a second."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local.account import client
from infra.local.front import Front

FIXTURE_IMAGES = {"modelcycle/mean": "tests.local.fixture_algorithms.mean"}

Clients = Callable[..., Any]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The local AWS; tests keep apart by the names that they choose."""
    with Front(0, tmp_path_factory.mktemp("front"), images=FIXTURE_IMAGES) as running:
        yield running


@pytest.fixture(scope="module")
def aws(front: Front) -> Clients:
    """Make a plain boto3 client: a service, and who signs."""

    def connect(service: str, access_key: str = "operator.alice") -> Any:
        return client(service, front.url, access_key, attempts=1)

    return connect


@pytest.fixture(scope="module")
def bucket(aws: Clients) -> str:
    """A bucket for everybody."""
    aws("s3").create_bucket(Bucket="modelcycle-tests")
    return "modelcycle-tests"

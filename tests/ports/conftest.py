"""A local AWS for each file of suites, for two in one process share what moto keeps; every test has
names of its own."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from infra.local.account import client
from infra.local.front import Front
from tests.local.conftest import FIXTURE_IMAGES

Connect = Callable[[str], Any]
BUCKET = "modelcycle-port-suites"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The local AWS, with an image whose models add a number."""
    with Front(0, tmp_path_factory.mktemp("front"), images=FIXTURE_IMAGES) as running:
        client("s3", running.url, "operator.alice").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(scope="module")
def connect(front: Front) -> Connect:
    """Make plain boto3 clients that sign as a service; each call is made once."""
    return lambda service: client(service, front.url, "modelcycle-deployer", attempts=1)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """A new number for each name."""
    return count(1)


@pytest.fixture
def fresh(numbers: Iterator[int]) -> str:
    """A word that no other test uses."""
    return f"t{next(numbers)}"


@pytest.fixture(scope="module")
def as_alice(front: Front) -> Connect:
    """Make clients that sign as a person."""
    return lambda service: client(service, front.url, "operator.alice", attempts=1)

"""The CLI against a local AWS with everything provisioned but the functions."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from botocore.loaders import create_loader
from click.testing import CliRunner, Result

from infra.local import account
from infra.local.front import REPOSITORY, Front
from infra.local.provision import Provisioner
from ops.cli.main import main
from tests.cli.world import Evaluator

Cli = Callable[..., Result]
Clients = Callable[[str], Any]
Files = Callable[..., None]

LOADER = create_loader()
SERIES = "series: transactions\nwindow: 1m\n"
MODEL = """\
    model: {model}
    series: transactions
    target: mean
    frequency: 5m
    horizon: 12
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    images = {"modelcycle/mean": "tests.local.fixture_algorithms.mean"}
    with Front(0, tmp_path_factory.mktemp("front"), images=images) as front:
        Provisioner("dev", front.url, REPOSITORY).provision()
        yield front.url


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing of AWS is configured, and the working directory is empty."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MODELCYCLE_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("LOGNAME", "jane")
    # what botocore has read of AWS's models serves the whole test run, as it does a program
    monkeypatch.setattr("botocore.session.create_loader", lambda path: LOADER)
    monkeypatch.setattr("ops.cli.answering.WAIT_S", 0.0)  # no function runs that would answer
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def bare(unconfigured: pytest.MonkeyPatch) -> Cli:
    """Run the program with nothing configured."""
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def cli(bare: Cli, unconfigured: pytest.MonkeyPatch, url: str) -> Cli:
    """Run the program against the local AWS."""
    unconfigured.setenv("AWS_ENDPOINT_URL", url)
    return bare


@pytest.fixture
def aws(url: str) -> Clients:
    """Make a plain boto3 client."""
    return lambda service: account.client(service, url, "operator.alice")


@pytest.fixture
def files(unconfigured: pytest.MonkeyPatch, tmp_path: Path) -> Files:
    """Write files of models, and of the series that they read, into the working directory."""
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "transactions.yaml").write_text(SERIES)

    def write(model: str, more: str = "", **changes: str) -> None:
        text = dedent(MODEL).format(model=model) + more
        for key, value in changes.items():
            lines = [line for line in text.splitlines() if not line.startswith(f"{key}:")]
            text = "\n".join([*lines, f"{key}: {value}\n"])
        (tmp_path / f"{model}.yaml").write_text(text)

    return write


@pytest.fixture
def evaluator(aws: Clients) -> Evaluator:
    """Register versions as the evaluator does."""
    return Evaluator(aws)

"""What a bundle imports, seen where nothing but the bundle and Lambda's runtime is to be had."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from infra.aws.bundles import BundleError
from shared.messaging.settings import VARIABLES

HEAVY = (
    "IPython",
    "aws_cdk",
    "aws_lambda_powertools.event_handler",
    "aws_xray_sdk",
    "lightgbm",
    "matplotlib",
    "moto",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic.mypy",
    "requests",
    "sagemaker",
    "scipy",
    "setuptools",
    "sklearn",
    "sqlite3",
    "tkinter",
    "torch",
    "unittest",
)
"""No Lambda entry imports one of these, nor anything in them."""

RUNTIME = "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"
"""What Lambda's runtime has beside Python's own library."""

SETTINGS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    **{variable.name: "1" for variable in VARIABLES.values()},
    "MODELCYCLE_ENV": "dev",
    "MODELCYCLE_BUCKET": "modelcycle-dev",
    "MODELCYCLE_ROLE_ARN": "arn:aws:iam::123456789012:role/modelcycle-dev-jobs",
    "MODELCYCLE_SOURCE": "blockchain",
}
LIMIT_S = 60.0

LOOK = """
import sys, time
bundle, runtime, entry = sys.argv[1:]
sys.path[:0] = [bundle, runtime]
begin = time.process_time()
import importlib, json
module = importlib.import_module(entry)
imported = time.process_time()
callable(module.handler) or sys.exit("handler cannot be called")
module.build()
import boto3
print(json.dumps({
    "import_s": imported - begin,
    "build_s": time.process_time() - imported,
    "modules": sorted(sys.modules),
    "boto3": boto3.__file__,
    "files": sorted({one.__file__ for one in list(sys.modules.values())
                     if getattr(one, "__file__", None)}),
}))
"""


@dataclass(frozen=True)
class Imported:
    """What importing an entry did.

    Parameters
    ----------
    import_s, build_s : float
        CPU seconds of the import, as in a cold start, and of putting the service together with
        its clients, as in the first event.
    modules : tuple of str
        All that was imported then.
    files : tuple of str
        Whence.
    own_boto3 : bool
        Whether boto3 came out of the bundle.
    """

    entry: str
    import_s: float
    build_s: float
    modules: Sequence[str]
    files: Sequence[str]
    own_boto3: bool

    @property
    def heavy(self) -> list[str]:
        """What should not have been imported."""
        return [name for name in self.modules if any(f"{name}.".startswith(f"{h}.") for h in HEAVY)]

    def __str__(self) -> str:
        return (
            f"{self.entry}: {len(self.modules)} modules, "
            f"{self.import_s:.2f} CPU seconds to import, {self.build_s:.2f} to put together"
        )


def imported(archive: Path, entry: str) -> Imported:
    """Unpack a bundle alone, import one of its entries and put the service together.

    Raises
    ------
    BundleError
        If it cannot be imported; the text is Python's.
    """
    with tempfile.TemporaryDirectory() as folder:
        task, runtime = Path(folder).resolve() / "task", Path(folder).resolve() / "runtime"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(task)  # noqa: S202  # we packed it
        provide(runtime)
        done = subprocess.run(  # noqa: S603  # this Python, on what we packed
            [sys.executable, "-I", "-S", "-c", LOOK, str(task), str(runtime), entry],
            cwd=folder,
            env={**SETTINGS, "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if done.returncode:
            raise BundleError(f"{entry} cannot be imported from its bundle: {done.stderr.strip()}")
        seen = json.loads(done.stdout)
        return Imported(
            entry=entry,
            import_s=seen["import_s"],
            build_s=seen["build_s"],
            modules=tuple(seen["modules"]),
            files=tuple(seen["files"]),
            own_boto3=Path(seen["boto3"]).is_relative_to(task),
        )


def provide(runtime: Path) -> None:
    """Put links to what Lambda's runtime has into a folder."""
    runtime.mkdir()
    for name in RUNTIME:
        found = find_spec(name)
        if found is None or found.origin is None:
            raise BundleError(f"{name} is not installed: run make setup")
        origin = Path(found.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (runtime / origin.name).symlink_to(origin)

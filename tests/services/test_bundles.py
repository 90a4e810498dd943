"""A service bundle is its folder, shared/ and what its lock file names: nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.contracts.subscriptions import SERVICES

REPOSITORY = Path(__file__).parents[2]
FROM_THE_RUNTIME = {
    "boto3",
    "botocore",
    "certifi",
    "dateutil",
    "jmespath",
    "s3transfer",
    "six",
    "urllib3",
}
LOOK = """
import importlib, json, sys
before = set(sys.modules)
entry = importlib.import_module("services.{module}").handler
files = {{name: module.__file__ for name, module in sys.modules.items()
         if name not in before and getattr(module, "__file__", None)}}
print(json.dumps({{"callable": callable(entry), "files": files}}))
"""


def bundle(service: str, folder: Path) -> None:
    """Copy what is deployed with a service."""
    shutil.copytree(REPOSITORY / "shared", folder / "shared")
    (folder / "services").mkdir()
    shutil.copy(REPOSITORY / "services" / "__init__.py", folder / "services")
    shutil.copytree(REPOSITORY / "services" / service, folder / "services" / service)


def locked(service: str) -> set[str]:
    """Answer the modules that a service's lock file brings."""
    text = (REPOSITORY / "requirements" / f"{service}.txt").read_text()
    return {name.replace("-", "_") for name in re.findall(r"^([a-z][\w-]*)==", text, re.M)}


ENTRIES = [*(f"{service}.app" for service in SERVICES), "ingest.polling.app"]


@pytest.mark.parametrize("module", ENTRIES)
def test_a_bundle_alone_in_an_empty_folder_imports_its_entry(module: str, tmp_path: Path) -> None:
    service = module.partition(".")[0]
    bundle(service, tmp_path)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(module=module)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["callable"]
    ours = [
        file for name, file in seen["files"].items() if name.split(".")[0] in ("shared", "services")
    ]
    assert ours
    assert all(Path(file).is_relative_to(tmp_path) for file in ours)
    foreign = {
        name.split(".")[0].lstrip("_")
        for name, file in seen["files"].items()
        if "site-packages" in file and not name.startswith("__editable__")
    }
    assert foreign - FROM_THE_RUNTIME <= locked(service)

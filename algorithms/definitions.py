"""Write ``algorithms/*/pipeline.json`` from ``pipeline.py``, or say where they differ.

``python -m algorithms.definitions write`` and ``check``, in the environment that has the sagemaker
SDK: ``make pipelines`` and ``make pipelines-check``. No account and no network is needed.
"""

import importlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

ALGORITHMS = Path(__file__).parent
CONFIGURATION = ALGORITHMS / "sagemaker-sdk.yaml"

OFFLINE: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "SAGEMAKER_ADMIN_CONFIG_OVERRIDE": str(CONFIGURATION),
    "SAGEMAKER_USER_CONFIG_OVERRIDE": str(CONFIGURATION),
    "SAGEMAKER_VALIDATE_ROLE": "false",
}
"""What keeps the SDK from looking at, or asking, anybody's account."""


def written(name: str) -> str:
    """Answer the text of an algorithm's ``pipeline.json``: keys sorted, two spaces deep."""
    module = importlib.import_module(f"algorithms.{name}.pipeline")
    definition = json.loads(module.pipeline().definition())
    said = {key: value for key, value in definition.items() if value is not None}
    return json.dumps(said, indent=2, sort_keys=True) + "\n"


def authored() -> list[str]:
    """Answer the names of the algorithms that have a ``pipeline.py``."""
    return sorted(path.parent.name for path in ALGORITHMS.glob("*/pipeline.py"))


def differences(name: str, text: str) -> Iterator[str]:
    """Iterate over the lines in which the committed definition differs from a text."""
    path = ALGORITHMS / name / "pipeline.json"
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    label = f"algorithms/{name}/pipeline.json"
    return unified_diff(there.splitlines(True), text.splitlines(True), label, "from pipeline.py")


def main(arguments: list[str]) -> int:
    """Run ``write`` or ``check``; answer the exit code, 1 where a definition has drifted."""
    if arguments not in (["write"], ["check"]):
        sys.stderr.write("usage: python -m algorithms.definitions write|check\n")
        return 2
    os.environ.update(OFFLINE)
    os.environ.pop("AWS_PROFILE", None)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")  # the SDK's own, and that no job is started: that is the point
    texts = {name: written(name) for name in authored()}
    if arguments == ["write"]:
        for name, text in texts.items():
            (ALGORITHMS / name / "pipeline.json").write_text(text, encoding="utf-8")
        return 0
    drifted = [line for name, text in texts.items() for line in differences(name, text)]
    sys.stdout.writelines(drifted)
    if drifted:
        sys.stdout.write("\nThe definition is not what pipeline.py says. Run: make pipelines\n")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

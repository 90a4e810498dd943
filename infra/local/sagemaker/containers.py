"""SageMaker's container contract: the files and variables that a program finds and leaves.

Paths below ``/opt/ml`` are written as SageMaker writes them; the runner moves them into the
sandbox.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.sagemaker import storage
from infra.local.sagemaker.core import Request
from infra.local.sagemaker.runner import ML_ROOT

HOST = "algo-1"  # SageMaker's name of the first and, here, only instance
HOSTS = {"current_host": HOST, "hosts": [HOST], "network_interface_name": "lo"}


def command(specification: Mapping[str, Any]) -> tuple[str, ...]:
    """Answer entry point and arguments as a request gives them; empty where it gives none."""
    return (
        *specification.get("ContainerEntrypoint", ()),
        *specification.get("ContainerArguments", ()),
    )


def credentials(role_arn: str) -> dict[str, str]:
    """Answer the variables by which a job signs its own AWS calls: as its role, by name."""
    role = role_arn.rsplit("/", 1)[-1]
    return {"AWS_ACCESS_KEY_ID": role, "AWS_SECRET_ACCESS_KEY": "local"}


def channel(root: Path, name: str) -> Path:
    """Answer the folder of an input channel."""
    return storage.within(root / "input" / "data", name)


def training_files(request: Request, root: Path) -> None:
    """Write ``input/config``, and make the folders that a training program writes to."""
    for folder in ("model", "output/data", "input/config"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    config = {
        "hyperparameters": dict(request.get("HyperParameters", {})),
        "resourceconfig": HOSTS,
        "inputdataconfig": {
            given["ChannelName"]: {
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": given.get("RecordWrapperType", "None"),
                **({"ContentType": given["ContentType"]} if "ContentType" in given else {}),
            }
            for given in request.get("InputDataConfig", ())
        },
    }
    for name, content in config.items():
        (root / "input" / "config" / f"{name}.json").write_text(json.dumps(content))


def training_environment(job: str, arn: str, request: Request) -> dict[str, str]:
    """Answer the variables of a training container."""
    channels = [given["ChannelName"] for given in request.get("InputDataConfig", ())]
    hyperparameters = dict(request.get("HyperParameters", {}))
    return {
        "TRAINING_JOB_NAME": job,
        "TRAINING_JOB_ARN": arn,
        **credentials(request["RoleArn"]),
        "SM_MODEL_DIR": f"{ML_ROOT}/model",
        "SM_INPUT_DIR": f"{ML_ROOT}/input",
        "SM_INPUT_CONFIG_DIR": f"{ML_ROOT}/input/config",
        "SM_OUTPUT_DIR": f"{ML_ROOT}/output",
        "SM_OUTPUT_DATA_DIR": f"{ML_ROOT}/output/data",
        "SM_CHANNELS": json.dumps(channels),
        **{f"SM_CHANNEL_{name.upper()}": f"{ML_ROOT}/input/data/{name}" for name in channels},
        "SM_HPS": json.dumps(hyperparameters),
        **{f"SM_HP_{key.upper()}": value for key, value in hyperparameters.items()},
        "SM_HOSTS": json.dumps([HOST]),
        "SM_CURRENT_HOST": HOST,
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": "0",
        **request.get("Environment", {}),
    }


def processing_files(request: Request, root: Path) -> None:
    """Write ``config``, and make the folder for the program's last words."""
    for folder in ("config", "output", "processing"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "config" / "resourceconfig.json").write_text(json.dumps(HOSTS))
    (root / "config" / "processingjobconfig.json").write_text(json.dumps(request))


def processing_environment(job: str, arn: str, request: Request) -> dict[str, str]:
    """Answer the variables of a processing container."""
    return {
        "PROCESSING_JOB_NAME": job,
        "PROCESSING_JOB_ARN": arn,
        **credentials(request["RoleArn"]),
        **request.get("Environment", {}),
    }


def failure(message: Path, log: str, code: int | None) -> str:
    """Answer FailureReason: what the program left in its message file, else its last words."""
    said = message.read_text(errors="replace").strip() if message.exists() else ""
    last = next((line for line in reversed(log.splitlines()) if line.strip()), "see job logs")
    return f"AlgorithmError: {said or last}, exit code: {code}"

"""A pipeline's definition as an environment runs it: with its key, its network, its spot capacity.

The definition in ``algorithms/<name>/pipeline.json`` is the same everywhere; what is added here
depends on the environment alone and changes no result.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from infra.aws import arns
from infra.aws.environments import Environment, Vpc
from infra.yaml_files import FileError

SPOT_WAIT_SECONDS = 3_600  # for capacity, beyond the run time itself


def read(root: Path, algorithm: str) -> dict[str, Any]:
    """Read an algorithm's definition.

    Parameters
    ----------
    root : Path
        The repository.

    Raises
    ------
    FileError
        If it is missing, or not JSON.
    """
    name = Path("algorithms") / algorithm / "pipeline.json"
    try:
        definition: dict[str, Any] = json.loads((root / name).read_text())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise FileError(f"{name}: {why}: make pipelines writes it") from error
    return definition


def of_environment(definition: dict[str, Any], environment: Environment) -> dict[str, Any]:
    """Answer the definition with what the environment adds; the given one stays as it is."""
    adapted = deepcopy(definition)
    for step in adapted["Steps"]:
        add = ADDITIONS.get(step["Type"])
        if add:
            add(step["Arguments"], environment)
    return adapted


def _to_processing(arguments: dict[str, Any], environment: Environment) -> None:
    key = arns.key_alias(environment)
    arguments["ProcessingOutputConfig"]["KmsKeyId"] = key
    arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] = key
    if environment.vpc:
        arguments["NetworkConfig"]["VpcConfig"] = _network(environment.vpc)


def _to_training(arguments: dict[str, Any], environment: Environment) -> None:
    key = arns.key_alias(environment)
    arguments["OutputDataConfig"]["KmsKeyId"] = key
    arguments["ResourceConfig"]["VolumeKmsKeyId"] = key
    if environment.vpc:
        arguments["VpcConfig"] = _network(environment.vpc)
    if environment.spot:
        stopping = arguments["StoppingCondition"]
        arguments["EnableManagedSpotTraining"] = True
        stopping["MaxWaitTimeInSeconds"] = stopping["MaxRuntimeInSeconds"] + SPOT_WAIT_SECONDS


def _to_model(arguments: dict[str, Any], environment: Environment) -> None:
    if environment.vpc:
        arguments["VpcConfig"] = _network(environment.vpc)


def _to_transform(arguments: dict[str, Any], environment: Environment) -> None:
    key = arns.key_alias(environment)
    arguments["TransformOutput"]["KmsKeyId"] = key
    arguments["TransformResources"]["VolumeKmsKeyId"] = key


def _network(vpc: Vpc) -> dict[str, Any]:
    return {"Subnets": list(vpc.subnets), "SecurityGroupIds": list(vpc.security_groups)}


ADDITIONS = {
    "Processing": _to_processing,
    "Training": _to_training,
    "Model": _to_model,
    "Transform": _to_transform,
}

"""A pipeline's definition as an environment runs it: with its key, its network, its spot capacity.

The definition in ``algorithms/<name>/pipeline.json`` is the same everywhere; what is added here
depends on the environment alone and changes no result.
"""

from copy import deepcopy
from typing import Any

from infra.aws import arns
from infra.aws.environments import Environment, Vpc

SPOT_WAIT_SECONDS = 3_600  # for capacity, beyond the run time itself


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

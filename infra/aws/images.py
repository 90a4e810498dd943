"""The algorithms' images: where an account keeps them, and how they are built and pushed.

The repositories belong to an account and region, not to an environment: where dev and prod share
both, what was tried in dev runs in prod by the same tag; else the images are pushed for each. A tag
is pushed once and never means anything else.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from botocore.exceptions import ClientError
from constructs import Construct

from infra.aws.environments import FOLDER, Environment
from infra.yaml_files import FileError
from shared.contracts.algorithms import ALGORITHMS, DATASET_REPOSITORY

STACK = "modelcycle-images"
PLATFORM = "linux/amd64"  # what the instances of shared.contracts.algorithms are
UNTAGGED_DAYS = 1
MAKE = "make images ENV="

Run = Callable[[Sequence[str], str | None], None]
"""Runs a command with a text as its input; raises where it fails."""


def repositories() -> tuple[str, ...]:
    """Name all repositories: the prepare step's, and each algorithm's."""
    return (DATASET_REPOSITORY, *(row.image_repository for row in ALGORITHMS.values()))


class ImagesStack(cdk.Stack):
    """The repositories of an account, for all of its environments."""

    def __init__(self, scope: Construct, **settings: Any) -> None:
        super().__init__(scope, STACK, **settings)
        for name in repositories():
            ecr.Repository(
                self,
                PurePosixPath(name).name.capitalize(),
                repository_name=name,
                image_scan_on_push=True,
                image_tag_mutability=ecr.TagMutability.IMMUTABLE,
                empty_on_delete=False,
                removal_policy=cdk.RemovalPolicy.DESTROY,
                lifecycle_rules=[
                    ecr.LifecycleRule(
                        tag_status=ecr.TagStatus.UNTAGGED,
                        max_image_age=cdk.Duration.days(UNTAGGED_DAYS),
                    )
                ],
            )


def commands(environment: Environment) -> Iterator[tuple[str, ...]]:
    """Answer the commands that build and push all images, from the repository's root."""
    for name in repositories():
        image = f"{environment.image_registry}/{name}:{environment.image_tag}"
        dockerfile = f"algorithms/{PurePosixPath(name).name}/Dockerfile"
        yield ("docker", "build", "--platform", PLATFORM, "-f", dockerfile, "-t", image, ".")
        yield ("docker", "push", image)


def push(environment: Environment, ecr_client: Any, run: Run) -> None:
    """Log in to the account's registry, build all images and push them."""
    granted = ecr_client.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(granted["authorizationToken"]).decode().partition(":")
    login = ("docker", "login", "--username", user, "--password-stdin")
    run((*login, environment.image_registry), password)
    for command in commands(environment):
        run(command, None)


def check_pushed(environment: Environment, ecr_client: Any) -> tuple[str, ...]:
    """Look for the environment's tag in the registry; answer the repositories still to be made.

    These come with the deployment, and their images after it.

    Raises
    ------
    FileError
        If a repository is there without the tag: no training could run.
    """
    new, lacking = [], []
    for name in repositories():
        tag = {"imageTag": environment.image_tag}
        try:
            ecr_client.describe_images(repositoryName=name, imageIds=[tag])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "RepositoryNotFoundException":
                new.append(name)
            elif code == "ImageNotFoundException":
                lacking.append(f"{name}:{environment.image_tag}")
            else:
                raise
    if lacking:
        raise FileError(
            f"{FOLDER / environment.name}.yaml: image_tag: {', '.join(lacking)} not in "
            f"{environment.image_registry}: run {MAKE}{environment.name} first, or name a tag that "
            "was pushed there; nothing was deployed"
        )
    return tuple(new)

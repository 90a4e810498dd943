"""Images are built for SageMaker's machines and pushed to the account's own registry."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws import images
from infra.aws.environments import ROOT, Environment
from infra.yaml_files import FileError


class Registry:
    """ECR, as far as pushing and deploying ask it: each repository's tags."""

    def __init__(self, **tags: str) -> None:
        self.tags = tags

    def get_authorization_token(self) -> dict[str, Any]:
        """Answer a user with a password."""
        token = base64.b64encode(b"AWS:secret").decode()
        return {"authorizationData": [{"authorizationToken": token}]}

    def describe_images(
        self,
        repositoryName: str,  # noqa: N803
        imageIds: Sequence[dict[str, str]],  # noqa: N803
    ) -> None:
        """Refuse as ECR does where it has no such repository or image."""
        tag = self.tags.get(repositoryName.removeprefix("modelcycle/"))
        if tag == "denied":
            raise refusal("AccessDeniedException")
        if tag is None:
            raise refusal("RepositoryNotFoundException")
        if imageIds != [{"imageTag": tag}]:
            raise refusal("ImageNotFoundException")


def refusal(code: str) -> ClientError:
    """Answer what boto3 raises."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeImages")


def test_all_images_are_pushed_under_the_environments_tag(environment: Environment) -> None:
    ran: list[tuple[Sequence[str], str | None]] = []
    images.push(environment, Registry(), lambda command, text: ran.append((command, text)))
    (login, password), *others = ran
    assert login[:2] == ("docker", "login")
    assert password == "secret"
    assert "secret" not in " ".join(login)  # an argument could be seen by all on the machine
    pushed = [command[-1] for command, _ in others if command[1] == "push"]
    registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    assert pushed == [f"{registry}/modelcycle/{name}:1" for name in ("dataset", "lightgbm")]


def test_every_image_has_the_dockerfile_from_which_it_is_built(environment: Environment) -> None:
    built = [command for command in images.commands(environment) if command[1] == "build"]
    assert built
    for command in built:
        assert (ROOT / command[command.index("-f") + 1]).is_file()
        assert command[command.index("--platform") + 1] == "linux/amd64"


def test_a_deployment_whose_images_are_pushed_may_begin(environment: Environment) -> None:
    assert images.check_pushed(environment, Registry(dataset="1", lightgbm="1")) == ()


def test_a_tag_that_nobody_pushed_is_told_before_the_deployment(environment: Environment) -> None:
    wrong = (
        r"dev\.yaml: image_tag: modelcycle/lightgbm:1 not in 123456789012\.dkr\..*"
        r"run make images ENV=dev first"
    )
    with pytest.raises(FileError, match=wrong):
        images.check_pushed(environment, Registry(dataset="1", lightgbm="0"))


def test_repositories_that_the_deployment_makes_get_their_images_after_it(
    environment: Environment,
) -> None:
    new = images.check_pushed(environment, Registry(dataset="1"))
    assert new == ("modelcycle/lightgbm",)


def test_a_refusal_to_look_is_not_taken_for_an_answer(environment: Environment) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        images.check_pushed(environment, Registry(dataset="denied"))

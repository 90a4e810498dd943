"""What people may do who approve: managed policies, for a team to attach to whom it trusts."""

from collections.abc import Mapping

from infra.aws.environments import Environment
from infra.aws.grants import Conditions, Grant, Places, Role, approval, production
from shared.contracts import names
from shared.contracts.names import Stage

VERDICTS = ("Approved", "Rejected")


def policies(environment: Environment) -> Mapping[Stage, Role]:
    """Answer the policy of those who approve for a stage, by the stage."""
    places = Places(environment)
    return {
        stage: Role(
            name=f"{names.bus(environment.name)}-approve-{stage}",
            taken_by="",
            why=f"lets people approve and decline versions for {stage}, and nothing else",
            grants=(*reading(places), *verdicts(places, stage)),
        )
        for stage in Stage
    }


def verdicts(places: Places, stage: Stage) -> tuple[Grant, ...]:
    """Allow the word on one stage, and no word on the other in the same breath."""
    written: Mapping[Stage, tuple[Conditions, ...]] = {
        Stage.STAGING: (approval(*VERDICTS),),
        Stage.PRODUCTION: production(*VERDICTS),
    }
    return tuple(
        Grant(
            ("sagemaker:UpdateModelPackage",),
            (places.packages(),),
            why=f"the verdict for {stage}",
            when=when,
        )
        for when in written[stage]
    )


def reading(places: Places) -> tuple[Grant, ...]:
    """Allow a look at what is to be judged."""
    return (
        Grant(
            ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
            (places.packages(),),
            why="the versions, and what is written in them",
        ),
        Grant(("s3:GetObject",), places.objects("runs/"), why="the evaluation, and the manifest"),
        Grant(
            ("kms:Decrypt",),
            (places.keys(),),
            why="both are encrypted with the environment's key",
            when={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)},
                "StringEquals": {"kms:ViaService": (places.endpoint_of("s3"),)},
            },
        ),
    )

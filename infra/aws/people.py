"""What people may do who approve, or are on call: managed policies, for a team to attach to whom it
trusts."""

from collections.abc import Mapping

from infra.aws.environments import Environment
from infra.aws.grants import Conditions, Grant, Places, Role, approval, production
from infra.aws.on_call.acting import acting
from infra.aws.on_call.looking import looking
from infra.aws.on_call.mending import mending
from shared.contracts import names
from shared.contracts.names import Stage

LOOK, ACT, MEND = "on-call-look", "on-call-act", "journal-mend"
VERDICTS = ("Approved", "Rejected")


def policies(environment: Environment) -> Mapping[str, Role]:
    """Answer the policies of those who approve for a stage, and of those on call, by what for."""
    places = Places(environment)
    rows = {
        f"approve-{stage}": (
            f"lets people approve and decline versions for {stage}, and nothing else",
            (*reading(places), *verdicts(places, stage)),
        )
        for stage in Stage
    }
    rows[LOOK] = (
        "lets people on call look at everything, and change nothing",
        looking(places),
    )
    rows[ACT] = (
        "lets people on call do what the runbooks say, beside looking",
        acting(places),
    )
    rows[MEND] = (
        "lets whoever rebuilds the journal's table write it, beside looking: take it away after",
        mending(places),
    )
    return {
        part: Role(
            name=f"{names.bus(environment.name)}-{part}", taken_by="", why=why, grants=grants
        )
        for part, (why, grants) in rows.items()
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

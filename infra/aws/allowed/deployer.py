"""What the deployer may do."""

from infra.aws.allowed.common import told_of_absent, worker
from infra.aws.grants import (
    OTHER_SPELLING,
    Conditions,
    Grant,
    Places,
    approval,
    production,
)
from shared.contracts import names
from shared.contracts.names import Execution, ModelParameter, Stage

SAGEMAKER = "sagemaker.amazonaws.com"
LOST_RACE = "only where somebody else was faster, or an answer was lost"
WAITED = "only after days of waiting"
EXPIRED = "an approval that nobody gave in time is declined"
BY_RULE = "this environment lets a spec's rule approve in place of a person"
GONE = "only after what a person revoked or declined, or after days in staging"
SURPLUS = f"only after more versions than are kept; {GONE}"


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the deployer."""
    stages = places.endpoints(*Stage)
    role = places.role(names.execution_role(places.env, Execution.ENDPOINTS))
    return (
        *worker(places, "deployer"),
        Grant(
            ("ssm:GetParameter",),
            places.parameter(ModelParameter.SPEC),
            why="how and by whose approval a model is deployed",
        ),
        Grant(
            ("ssm:GetParametersByPath",),
            places.parameters(""),
            why="which models there are, at a sweep",
        ),
        Grant(
            ("s3:GetObject",),
            places.objects("runs/"),
            why="the artifact's digest, and what the smoke test compares with",
        ),
        told_of_absent(places),
        Grant(
            ("sagemaker:DescribeModelPackage",),
            (places.packages(),),
            why="the verdict and the digest as they are now",
        ),
        *verdicts(places),
        Grant(
            ("sagemaker:CreateModel",),
            (places.models(),),
            why="the version that is deployed",
        ),
        Grant(
            ("iam:PassRole",),
            (role,),
            why="a model reads its artifact with this role",
            when={"StringEquals": {"iam:PassedToService": (SAGEMAKER,)}},
        ),
        Grant(
            ("sagemaker:DescribeModel",),
            (places.models(),),
            why="both stages serve one and the same",
        ),
        Grant(
            ("sagemaker:CreateEndpointConfig",),
            places.endpoint_configs(),
            why="one for each attempt to deploy",
        ),
        Grant(
            ("kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"),
            (places.keys(),),
            why="disks of instances that serve are encrypted with the environment's key",
            when={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)},
                "StringEquals": {"kms:ViaService": (places.endpoint_of("sagemaker"),)},
            },
            unseen="SageMaker does it in the deployer's name",
        ),
        Grant(
            ("sagemaker:DescribeEndpointConfig",),
            places.endpoint_configs(),
            why="is it ours?",
            unseen=LOST_RACE,
        ),
        Grant(
            ("sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"),
            (*stages, *places.endpoint_configs()),
            why="a first version, and each that follows",
        ),
        Grant(
            ("sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"),
            stages,
            why="what serves; the smoke test",
        ),
        Grant(
            ("sagemaker:DeleteEndpoint",),
            stages,
            why="a first deployment that failed, a version that was revoked with none before, or "
            "whose time in staging is over",
            unseen=GONE,
        ),
        Grant(
            ("sagemaker:DeleteEndpointConfig",),
            places.endpoint_configs(),
            why="configurations of endpoints that went, or that no rollback needs any more",
            unseen=SURPLUS,
        ),
        Grant(
            ("sagemaker:DeleteModel",),
            (places.models(),),
            why="versions that serve nowhere and are kept for no rollback any more",
            unseen=SURPLUS,
        ),
        Grant(
            ("sagemaker:ListModels",),
            ("*",),
            why="the models of a version that goes",
            unseen=SURPLUS,
        ),
    )


def verdicts(places: Places) -> tuple[Grant, ...]:
    """Allow what the deployer writes in the registry: an offer, an end, and, where the environment
    allows rules, the rule's word in place of a person's."""
    offered = "a version that passed its smoke test is offered for production"
    by_rule = places.environment.rules_allowed
    written: tuple[tuple[Conditions, str, str], ...] = (
        (approval("Rejected"), EXPIRED, WAITED),
        *(((approval("Approved"), BY_RULE, ""),) if by_rule else ()),
        *spelt(production("PendingApproval"), offered),
        *spelt(production("Rejected"), EXPIRED, WAITED),
        *(spelt(production("Approved"), BY_RULE) if by_rule else ()),
    )
    return tuple(
        Grant(
            ("sagemaker:UpdateModelPackage",),
            (places.packages(),),
            why=why,
            when=when,
            unseen=unseen,
        )
        for when, why, unseen in written
    )


def spelt(
    spellings: tuple[Conditions, ...], why: str, unseen: str = ""
) -> tuple[tuple[Conditions, str, str], ...]:
    """Answer one row for each spelling of the life cycle's keys; the local AWS has the first."""
    first, *others = spellings
    return ((first, why, unseen), *((other, why, unseen or OTHER_SPELLING) for other in others))

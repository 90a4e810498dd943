"""What the evaluator may do."""

from infra.aws.allowed.common import champion, told_of_absent, worker
from infra.aws.grants import APPROVAL, OTHER_SPELLING, Grant, Places, life_cycles
from shared.contracts.names import ModelParameter


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the evaluator."""
    return (
        *worker(places, "evaluator"),
        Grant(
            ("ssm:GetParameter",),
            places.parameter(ModelParameter.SPEC, ModelParameter.THRESHOLD),
            why="the gate, and the threshold that people set at run time",
        ),
        Grant(
            ("ssm:GetParametersByPath",),
            places.parameters(""),
            why="which models there are, at a sweep",
        ),
        Grant(
            ("ssm:DescribeParameters",),
            ("*",),
            why="who set a threshold",
        ),
        Grant(
            ("s3:GetObject", "s3:PutObject"),
            places.objects("runs/"),
            why="a run's forecasts and truth; the evaluation that is kept beside them",
        ),
        told_of_absent(places),
        Grant(
            ("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeModelPackageGroup"),
            (places.groups(),),
            why="a model's group, made with its first version",
        ),
        *registration(places),
        Grant(
            ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
            (places.packages(),),
            why="the version that a run became",
        ),
        *champion(places, "the champion is asked for the windows that the candidate is judged by"),
    )


def registration(places: Places) -> tuple[Grant, ...]:
    """Allow registering what passed the gate, as what waits for a person."""
    return tuple(
        Grant(
            ("sagemaker:CreateModelPackage",),
            (places.packages(),),
            why="registers what passed the gate, and never as approved",
            when={"StringEquals": {APPROVAL: ("PendingManualApproval",), **waiting}},
            unseen=unseen,
        )
        for waiting, unseen in zip(
            life_cycles("Staging", "PendingApproval"), ("", OTHER_SPELLING), strict=True
        )
    )

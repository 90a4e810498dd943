"""What the monitor may do."""

from infra.aws.allowed.common import champion, told_of_absent, worker
from infra.aws.grants import Grant, Places
from shared.contracts.names import ModelParameter


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the monitor."""
    return (
        *worker(places, "monitor"),
        Grant(
            ("ssm:GetParameter",),
            (*places.parameters("/series/*"), *places.parameter(ModelParameter.SPEC)),
            why="what a model forecasts, and how its series should flow",
        ),
        Grant(
            ("ssm:GetParametersByPath",),
            places.parameters("", "/series/*"),
            why="which models there are, and which read a series",
        ),
        Grant(
            ("s3:GetObject",),
            places.objects("runs/"),
            why="what a version forecasts, and what it lost in its backtest",
        ),
        told_of_absent(places),
        Grant(("s3:PutObject",), places.objects("monitor/"), why="forecasts that came true"),
        Grant(
            ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
            (places.packages(),),
            why="how the version in production was made",
        ),
        *champion(places, "what is in production is asked for forecasts, which are scored"),
        Grant(
            ("sagemaker:BatchGetRecord",),
            (places.feature_group(),),
            why="the context of a forecast, and what came true",
        ),
        Grant(
            ("sagemaker:GetRecord",),
            (places.feature_group(),),
            why="BatchGetRecord is refused to who may not get one record",
            unseen="it is asked for within BatchGetRecord",
        ),
    )

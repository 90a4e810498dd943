"""What ingest may do."""

from infra.aws.allowed.common import told_of_absent, worker
from infra.aws.grants import Grant, Places
from shared.contracts.names import ModelParameter


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of ingest."""
    return (
        *worker(places, "ingest"),
        Grant(
            ("dynamodb:BatchGetItem",),
            (places.table("ingest"),),
            why="windows, and the ids of the records in them",
        ),
        Grant(
            ("ssm:GetParameter",),
            (*places.parameters("/series/*"), *places.parameter(ModelParameter.SPEC)),
            why="a series' spec, and how much of it the models that read it need online",
        ),
        Grant(
            ("ssm:GetParametersByPath",),
            places.parameters("/series", "/series/*"),
            why="which series there are, and which models read one",
        ),
        Grant(
            ("s3:GetObject",),
            places.objects("imports/", "polled/"),
            why="records of a file or a source that did not fit into a message",
        ),
        Grant(
            ("s3:GetObject", "s3:PutObject"),
            places.objects("series/"),
            why="the summary of a series, which is merged with the one before",
        ),
        told_of_absent(places),
        Grant(
            ("s3:PutObject",),
            places.objects("quarantine/"),
            why="records that cannot be taken, with the reason",
        ),
        Grant(
            ("sagemaker:BatchWriteRecord",),
            (places.feature_group(),),
            why="windows, offline and online",
        ),
        Grant(
            ("sagemaker:PutRecord",),
            (places.feature_group(),),
            why="BatchWriteRecord is refused to who may not put one record",
            unseen="it is asked for within BatchWriteRecord",
        ),
    )

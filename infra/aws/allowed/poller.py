"""What the function may do that polls a public source."""

from infra.aws.grants import Grant, Places
from shared.contracts import names


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the function that polls a public source."""
    return (
        Grant(
            ("sqs:GetQueueUrl", "sqs:SendMessage"),
            (places.queue(names.records_queue(places.env)),),
            why="records go to ingest",
        ),
        Grant(
            ("s3:PutObject",),
            places.objects("polled/"),
            why="records that do not fit into a message",
        ),
    )

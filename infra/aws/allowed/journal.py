"""What the journal may do."""

from infra.aws.grants import Grant, Places

NEW_ONLY = {"Null": {"s3:if-none-match": ("false",)}}
"""A put that S3 refuses where there is an object of that name."""


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the journal, which adds, and neither reads, changes nor says anything."""
    return (
        Grant(("dynamodb:PutItem",), (places.table("journal"),), why="one item for each event"),
        Grant(
            ("s3:PutObject",),
            places.objects("journal/"),
            why="every event once more, to be kept; what is there is never replaced",
            when=NEW_ONLY,
        ),
    )

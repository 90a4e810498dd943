"""What the journal may do."""

from infra.aws.grants import Grant, Places


def rows(places: Places) -> tuple[Grant, ...]:
    """Answer the rows of the journal, which says nothing and reads nothing."""
    return (
        Grant(("dynamodb:PutItem",), (places.table("journal"),), why="one item for each event"),
    )

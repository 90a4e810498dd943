"""What whoever rebuilds the journal's table may do."""

from infra.aws.grants import Grant, Places
from infra.aws.on_call.common import use_of_key


def mending(places: Places) -> tuple[Grant, ...]:
    """Allow to write what the journal's table lacks.

    That it only adds is the command's doing: a policy cannot demand it of DynamoDB.
    """
    return (
        Grant(
            ("dynamodb:PutItem",),
            (places.table("journal"),),
            why="`modelcycle journal rebuild` writes what S3 holds and the table lacks",
        ),
        use_of_key(places, ("kms:Decrypt", "kms:GenerateDataKey"), "dynamodb"),
    )

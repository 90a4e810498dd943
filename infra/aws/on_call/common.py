"""What both policies of the person on call speak of."""

from infra.aws.grants import Conditions, Grant, Places
from shared.contracts import names


def dead_letters(places: Places) -> tuple[str, ...]:
    """Answer all dead-letter queues."""
    return (places.queue(names.dead_letter_queue(places.env, "any").replace("-any-", "-*-")),)


def executions(places: Places) -> tuple[str, ...]:
    """Answer the executions of all pipelines."""
    return tuple(f"{one}/execution/*" for one in places.pipelines())


def of_our_key(places: Places) -> Conditions:
    """Demand that the key is the environment's; policies know no alias."""
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": (names.key_alias(places.env),)}}


def use_of_key(places: Places, actions: tuple[str, ...], *services: str) -> Grant:
    """Allow the environment's key, where some services use it for the caller."""
    through = {"kms:ViaService": tuple(map(places.endpoint_of, services))}
    return Grant(
        actions,
        (places.keys(),),
        why="what is stored is encrypted with the environment's key",
        when={**of_our_key(places), "StringEquals": through},
    )

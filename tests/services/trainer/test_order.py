"""Facts about several versions, in whatever order they come."""

from copy import deepcopy
from itertools import permutations

import pytest

from services.trainer.domain.state import Standing
from shared.contracts.envelope import Event, Revision
from shared.contracts.lifecycle import (
    DeploymentFailed,
    DeploymentRolledBack,
    EndpointInService,
    ModelApproved,
    ModelRegistered,
)
from tests.services.trainer.world import Loop


def with_candidate(loop: Loop, version: int) -> None:
    """A run ended well, was registered and approved."""
    run_id = loop.train()
    loop.hear(ModelRegistered.example().changed(run_id=run_id, version=version))
    loop.hear(ModelApproved.example().changed(version=version))


def said_of(event: type[Event], stage: str, version: int, **changes: object) -> Event:
    return event.example().changed(stage=stage, version=version, **changes)


STAGED, TO_STAGING = Standing.STAGED, Standing.TO_STAGING
ORDERS: list[tuple[list[tuple[int, Event]], int | None, dict[int, Standing]]] = [
    (  # v2 is in production, and v3, which waited, is refused at once
        [
            (5, said_of(EndpointInService, "production", 2)),
            (6, said_of(DeploymentFailed, "production", 3, back_to=2)),
        ],
        2,
        {4: TO_STAGING},
    ),
    (
        [
            (5, said_of(EndpointInService, "staging", 2)),
            (6, said_of(DeploymentFailed, "staging", 3, back_to=2)),
        ],
        None,
        {2: STAGED, 4: TO_STAGING},
    ),
    (  # v3 fails its smoke test, and v4 takes its place
        [
            (5, said_of(EndpointInService, "staging", 3)),
            (7, said_of(DeploymentFailed, "staging", 3, back_to=None)),
            (9, said_of(EndpointInService, "staging", 4)),
        ],
        None,
        {2: TO_STAGING, 4: STAGED},
    ),
    (  # v3 is taken away for v1, and v4 takes its place
        [
            (7, said_of(EndpointInService, "staging", 3)),
            (9, said_of(DeploymentRolledBack, "staging", 3, back_to=1)),
            (9, said_of(EndpointInService, "staging", 1, reason="rollback")),
            (12, said_of(EndpointInService, "staging", 4)),
        ],
        None,
        {2: TO_STAGING, 4: STAGED},
    ),
]


@pytest.mark.parametrize(("facts", "production", "waiting"), ORDERS)
def test_in_whatever_order_facts_of_several_versions_come_each_candidate_stands_where_it_is(
    facts: list[tuple[int, Event]], production: int | None, waiting: dict[int, Standing]
) -> None:
    before = Loop()
    for version in (2, 3, 4):
        with_candidate(before, version)
    for order in permutations(facts):
        loop = deepcopy(before)
        for number, fact in order:
            loop.hear(fact, revision=Revision(number=number, index=0))
        assert loop.state.production == production
        assert {one.version: one.standing for one in loop.state.candidates} == waiting

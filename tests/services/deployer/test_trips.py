"""What is said and decided of a version belongs to the trip that made it, whoever's hint it is
about: AWS's hints know no trip."""

import json
from collections.abc import Callable

import pytest

from services.deployer.domain.seen import Serving, Verdict
from shared.contracts.lifecycle import DeploymentRequested
from shared.contracts.names import Stage
from shared.contracts.wishes import SweepRequested
from shared.messaging.errors import Refused
from tests.services.deployer.world import Loop

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION


def approved_while_frozen(loop: Loop) -> None:
    loop.register(1)
    loop.aws.frozen = True
    loop.write(1, approval=Verdict.APPROVED)
    loop.aws.frozen = False
    loop.hear(SweepRequested())
    loop.finish(STAGING)


def promoted_while_frozen(loop: Loop) -> None:
    loop.to_staging(1)
    loop.aws.frozen = True
    loop.write(1, production=Verdict.APPROVED)
    loop.aws.frozen = False
    loop.hear(SweepRequested())
    loop.finish(PRODUCTION)


def promoted_early_while_frozen(loop: Loop) -> None:
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED)
    loop.write(1, production=Verdict.APPROVED)
    loop.aws.frozen = True
    loop.finish(STAGING)


def approved_while_another_rolls_out(loop: Loop) -> None:
    loop.register(1)
    loop.register(2)
    loop.write(1, approval=Verdict.APPROVED)
    loop.write(2, approval=Verdict.APPROVED)
    loop.finish(STAGING)
    loop.finish(STAGING)


def waited_and_was_revoked(loop: Loop) -> None:
    loop.register(1)
    loop.aws.frozen = True
    loop.write(1, approval=Verdict.APPROVED)
    loop.write(1, approval=Verdict.DECLINED)
    loop.aws.frozen = False
    loop.hear(SweepRequested())


def declined_and_then_approved(loop: Loop) -> None:
    loop.register(1)
    loop.write(1, approval=Verdict.DECLINED)
    loop.write(1, approval=Verdict.APPROVED)


def left_behind(loop: Loop) -> None:
    loop.register(1)
    loop.write(1, approval=Verdict.APPROVED)
    loop.aws.refuse["delete"] = Refused("ValidationException", "not now")
    loop.finish(STAGING, Serving.FAILED)
    loop.aws.refuse.clear()
    loop.hear(DeploymentRequested(model="fees", stage="staging", version=1, reason="again"))
    loop.hear(SweepRequested())


def asked_for_by_hand_after_automation_stopped(loop: Loop) -> None:
    loop.to_staging(1)
    loop.to_staging(2)
    before = loop.state.stages[STAGING].kept[0].config
    there = loop.state.stages[STAGING].live
    assert there is not None
    loop.aws.update(loop.state.endpoint(STAGING), before, "all-at-once", 0)
    loop.finish(STAGING)
    loop.aws.update(loop.state.endpoint(STAGING), there.config, "all-at-once", 0)
    loop.finish(STAGING)
    loop.hear(DeploymentRequested(model="fees", stage="staging", version=2, reason="looked"))


STORIES = [
    approved_while_frozen,
    promoted_while_frozen,
    promoted_early_while_frozen,
    approved_while_another_rolls_out,
    waited_and_was_revoked,
    declined_and_then_approved,
    left_behind,
    asked_for_by_hand_after_automation_stopped,
]


@pytest.mark.parametrize("story", STORIES)
def test_all_that_is_said_and_decided_of_a_version_is_of_its_trip(
    story: Callable[[Loop], None],
) -> None:
    loop = Loop()
    story(loop)
    trips = {f"v{one.number}": one.correlation_id for one in loop.state.versions.values()}
    assert len(set(trips.values())) == len(trips)
    told = 0
    for entry in loop.bench.bus.entries:
        detail = json.loads(entry.detail)
        said = detail["data"]
        about = said["why"] if entry.detail_type == "DecisionRecorded" else f"v{said['version']}"
        version = about.replace(":", " ").split()[0]
        if version in trips:
            told += 1
            assert detail["metadata"]["correlation_id"] == trips[version], about
    assert told >= 3

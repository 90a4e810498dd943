"""A wish that cannot be granted is answered with what stands against it."""

from collections.abc import Callable

import pytest

from services.deployer.domain import wishes
from services.deployer.domain.seen import Verdict
from shared.contracts.lifecycle import DeploymentRequested, RollbackRequested
from shared.contracts.names import Stage
from shared.messaging.decision import Ignored
from tests.services.deployer.world import FORECAST, Loop

STAGING, PRODUCTION = Stage.STAGING, Stage.PRODUCTION


def waiting(loop: Loop) -> None:
    loop.register(2)


def declined(loop: Loop) -> None:
    loop.register(2)
    loop.write(2, approval=Verdict.DECLINED)


def revoked(loop: Loop) -> None:
    loop.to_staging(2)
    loop.write(2, approval=Verdict.DECLINED)


def rolled_back(loop: Loop) -> None:
    loop.to_production(2)
    loop.hear(RollbackRequested(model="fees", stage="production", version=2, reason="odd"))
    loop.finish(PRODUCTION)


def failed_its_test(loop: Loop) -> None:
    loop.aws.answers = dict.fromkeys(FORECAST, (9.0, 9.0))
    loop.to_staging(2)


def approved_early(loop: Loop) -> None:
    loop.register(2)
    loop.write(2, approval=Verdict.APPROVED)
    loop.write(2, production=Verdict.APPROVED)


def not_promoted(loop: Loop) -> None:
    loop.to_staging(2)


def kept_out(loop: Loop) -> None:
    loop.to_staging(2)
    loop.write(2, production=Verdict.DECLINED)


REFUSALS = [
    (waiting, STAGING, "is not approved"),
    (declined, STAGING, "was declined"),
    (revoked, PRODUCTION, "was declined (approval revoked by alice)"),
    (
        rolled_back,
        PRODUCTION,
        "was taken from there (rolled back by operator: odd): to return it needs a new reg",
    ),
    (failed_its_test, STAGING, "was taken from there (smoke test: "),
    (failed_its_test, PRODUCTION, "has not passed its smoke test (smoke test: "),
    (approved_early, PRODUCTION, "has not passed its smoke test"),
    (not_promoted, PRODUCTION, "is not approved for production"),
    (kept_out, PRODUCTION, "was declined for production (kept out of production by alice)"),
]


@pytest.mark.parametrize(("happened", "stage", "because"), REFUSALS)
def test_a_deployment_is_refused_with_the_one_thing_that_stands_against_it(
    happened: Callable[[Loop], None], stage: Stage, because: str
) -> None:
    loop = Loop()
    loop.to_production(1)
    happened(loop)
    wish = DeploymentRequested(model="fees", stage=stage, version=2, reason="back")
    answer = wishes.deploy(loop.state, wish, "event", loop.aws.world("fees"))
    assert isinstance(answer, Ignored)
    assert answer.why.startswith(f"v2 may not serve in {stage}: it {because}")


def test_what_is_too_old_to_be_remembered_is_not_called_unapproved() -> None:
    loop = Loop()
    loop.to_production(3)
    state = loop.state.changed(forgotten=2)
    wish = DeploymentRequested(model="fees", stage="production", version=2, reason="back")
    answer = wishes.deploy(state, wish, "event", loop.aws.world("fees"))
    assert isinstance(answer, Ignored)
    assert "it is too old to be remembered" in answer.why


def test_a_roll_back_with_nothing_behind_names_what_would_end_the_forecasts() -> None:
    loop = Loop()
    loop.to_production(1)
    loop.to_production(2)
    back = RollbackRequested(model="fees", stage="production", version=2, reason="odd")
    loop.hear(back)
    loop.finish(PRODUCTION)
    again = back.changed(version=1)
    assert wishes.roll_back(loop.state, again, "alice", loop.aws.world("fees")) == Ignored(
        "nothing that may serve is kept behind v1 in production: to take its endpoint away, "
        "take its approval back"
    )


def test_what_waits_already_is_not_said_to_wait_once_more() -> None:
    loop = Loop()
    loop.register(2)
    loop.aws.frozen = True
    loop.write(2, approval=Verdict.APPROVED)
    wish = DeploymentRequested(model="fees", stage="staging", version=2, reason="now")
    assert wishes.deploy(loop.state, wish, "event", loop.aws.world("fees")) == Ignored(
        "v2 waits for staging already: the model is frozen"
    )

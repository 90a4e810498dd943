"""Which recorded outcomes may be believed of another action: where the two are the same in all that
the outcome depends on."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ops.replay.answers import UntoldError
from services.deployer.domain.actions import OfferPromotion
from services.evaluator.domain.actions import Evaluate, Register
from services.evaluator.domain.champion import NONE_IN_PRODUCTION
from services.evaluator.domain.outcomes import Evaluated, VersionRegistered
from services.monitor.domain.actions import ScoreOrigins
from services.trainer.domain.actions import StartRun
from services.trainer.domain.wishes import training_digest
from shared.contracts.spec_parts import Gate
from shared.contracts.specs import ModelSpec
from shared.messaging.decision import Action
from shared.messaging.errors import Refused


def run_started(then: StartRun, now: StartRun, happened: Any) -> Any:
    """A run is the same if what makes the model is: who judges and watches it does not matter."""
    if now.changed(spec=then.spec) != then or made_of(now.spec) != made_of(then.spec):
        raise UntoldError("another model would have been trained")
    return happened


def made_of(spec: ModelSpec) -> str:
    """Digest what of a spec makes another model: any backtest has enough points for some gate."""
    return training_digest(spec.changed(gate=Gate(min_points=1)))


def evaluated(then: Evaluate, now: Evaluate, happened: Evaluated | Refused) -> Any:
    """The numbers of a backtest are the same, but for the comparison with a champion: that is known
    where there would have been none, or where the same was compared."""
    if now.run != then.run:
        raise UntoldError("another run would have been judged")
    if isinstance(happened, Refused):
        return happened
    if now.champion is None:
        return happened.changed(champion=NONE_IN_PRODUCTION)
    compared = happened.champion
    is_same = now.champion == then.champion and compared.mean_wql is not None
    if is_same and compared.points >= now.min_points:
        return happened
    version = now.champion.stay.version
    raise UntoldError(f"how {now.run.run_id} compares with v{version} was not asked then")


def registered(then: Register, now: Register, happened: VersionRegistered | Refused) -> Any:
    """The same run becomes a version whatever its evidence says; it keeps its recorded number, even
    where fewer would have come before it."""
    if now.run != then.run:
        raise UntoldError("another run would have been registered")
    if isinstance(happened, Refused):
        return happened
    sha256 = hashlib.sha256(now.evidence()).hexdigest()
    return happened.changed(evaluation=happened.evaluation.changed(sha256=sha256))


def offered(then: OfferPromotion, now: OfferPromotion, happened: Any) -> Any:
    """What is shown in the registry is the same, whoever promotes."""
    if now.changed(by_rule=then.by_rule) != then:
        raise UntoldError("another version would have been offered")
    return happened


def origins_scored(then: ScoreOrigins, now: ScoreOrigins, happened: Any) -> Any:
    """Forecasts are scored alike, however they are judged afterwards."""
    if now.changed(world=then.world) != then or now.world.window_s != then.world.window_s:
        raise UntoldError("other forecasts would have been asked for")
    return happened


TRANSFERS: Mapping[type[Action], Callable[[Any, Any, Any], Any]] = MappingProxyType(
    {
        StartRun: run_started,
        Evaluate: evaluated,
        Register: registered,
        OfferPromotion: offered,
        ScoreOrigins: origins_scored,
    }
)
"""``(action then, action now, what happened then) -> what happens now``; raises UntoldError."""

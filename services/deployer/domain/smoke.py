"""The smoke test: does staging answer as the batch forecast did?"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.deployer.domain import rollouts, serving, verdicts
from services.deployer.domain.actions import OfferPromotion, SmokeTest, WriteRuleVerdict
from services.deployer.domain.outcomes import Done, Skipped, SmokeFailed, SmokePassed
from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Deployments, Version
from shared.contracts import limits
from shared.contracts.lifecycle import DeploymentFailed, PromotionRequested
from shared.contracts.names import Stage
from shared.messaging.decision import Decision
from shared.messaging.errors import Refused

Quantiles = Mapping[float, Sequence[float]]
PROMOTION_NOTE = "rule: it passed its smoke test"


def difference(answered: Quantiles, expected: Quantiles) -> float:
    """Answer how far two forecasts are apart, as a share of the expected one.

    Parameters
    ----------
    answered, expected : Mapping
        Forecasts in the unit of the target, by quantile; equal shapes.

    Returns
    -------
    float
        Mean absolute difference of all steps and quantiles over the mean absolute expected value.

    Raises
    ------
    ValueError
        If quantiles or lengths differ, or there are none: then nothing can be compared.
    """
    if not any(expected.values()):
        raise ValueError("the batch forecast is empty")
    if answered.keys() != expected.keys():
        raise ValueError(f"quantiles {sorted(answered)} instead of {sorted(expected)}")
    pairs = [
        pair
        for quantile, values in expected.items()
        for pair in zip(answered[quantile], values, strict=True)
    ]
    apart = sum(abs(got - value) for got, value in pairs)
    scale = sum(abs(value) for _, value in pairs)
    return apart / scale if scale else (math.inf if apart else 0.0)


def tested(
    state: Deployments,
    action: SmokeTest,
    happened: SmokePassed | SmokeFailed | Refused,
    now: datetime,
) -> Decision[Deployments]:
    """Hear how the test went."""
    version = state.version(action.version)
    live = state.stages[Stage.STAGING].live
    if version is None or live is None or live.version != action.version:
        return Decision(state, f"v{action.version} left staging meanwhile: its test means nothing")
    if isinstance(happened, SmokePassed):
        if version.smoked:  # it left staging before its first test was answered, and came back
            return Decision(state, f"v{version.number} has passed its smoke test before")
        return passed(state, version.changed(smoked=True), happened)
    reason = (
        f"{happened.code}: {happened.message}" if isinstance(happened, Refused) else happened.reason
    )
    return not_passed(state, version, f"smoke test: {reason}", happened)


def passed(state: Deployments, version: Version, happened: SmokePassed) -> Decision[Deployments]:
    """Offer the version for production, or send it there when that was approved early."""
    state = state.with_version(version)
    if version.production is Verdict.APPROVED:
        return verdicts.promote(state, version, happened.world, early=True)
    offer = OfferPromotion(
        package_arn=version.package_arn,
        version=version.number,
        evidence=happened.evidence,
        by_rule=version.rule_may_approve and Stage.PRODUCTION in happened.world.rule_for,
    )
    return Decision(
        state,
        f"v{version.number} passed its smoke test",
        actions=(offer,),
        correlation_id=version.correlation_id,
    )


def not_passed(
    state: Deployments, version: Version, reason: str, happened: SmokeFailed | Refused
) -> Decision[Deployments]:
    """Staging goes back; the version needs a new registration."""
    reason = reason[: limits.EVENT_TEXT_CHARACTERS_MAX]
    withdrawn = version.changed(withdrawn=(*version.withdrawn, Stage.STAGING), reason=reason)
    event = DeploymentFailed(
        model=state.model,
        stage=Stage.STAGING,
        version=version.number,
        back_to=version.number,  # it serves until it is taken away, which is said apart
        reason=reason,
    )
    decision = Decision(
        state.with_version(withdrawn),
        f"v{version.number}: {reason}",
        events=(event,),
        correlation_id=version.correlation_id,
    )
    if isinstance(happened, Refused):
        return decision  # the sweep takes it away
    return decision.and_then(
        lambda after: serving.settle_down(after, Stage.STAGING, happened.world)
    )


def offered(
    state: Deployments, action: OfferPromotion, happened: Done | Skipped | Refused, now: datetime
) -> Decision[Deployments]:
    """Hear whether the registry shows the offer."""
    match happened:
        case Refused():
            what = f"v{action.version} could not be offered for production"
            reason = f"{what}: {happened}"
            return rollouts.told(state, Stage.PRODUCTION, action.version, what, reason)
        case Skipped():
            return Decision(
                state, f"v{action.version}: its life cycle was moved by others meanwhile"
            )
        case Done():
            rule = WriteRuleVerdict(
                package_arn=action.package_arn, stage=Stage.PRODUCTION, note=PROMOTION_NOTE
            )
            version = state.version(action.version)
            return Decision(
                state.with_version(version.changed(waits_since=now)) if version else state,
                f"v{action.version} may be promoted",
                actions=(rule,) if action.by_rule else (),
                events=(
                    PromotionRequested(
                        model=state.model, version=action.version, evidence=action.evidence
                    ),
                ),
            )

"""The life of the limit.

=================  ===================================  ====================================
limit              what happens                         what follows
=================  ===================================  ====================================
any                a person declares a threshold        absolute, LimitSet
absolute           the threshold is taken away          relative, LimitSet(relative)
absolute           a better version has baked           lower, LimitTightened
lower              that version is rolled back          as before, LimitRestored
relative           a version has baked                  nothing: the baseline moves by itself
=================  ===================================  ====================================
"""

from datetime import datetime, timedelta

from services.evaluator.domain.seen import World
from services.evaluator.domain.state import Evaluations, Stay, Tightening
from shared.contracts.lifecycle import LimitRestored, LimitSet, LimitTightened
from shared.contracts.names import ModelParameter
from shared.contracts.specs import Gate
from shared.messaging.decision import Decision

UNKNOWN = "unknown"
OURSELVES = "evaluator"


def on(state: Evaluations, baseline: float) -> tuple[float, str]:
    """Answer the limit in force where the baseline has this mean wQL, and where it comes from."""
    limit = state.limit
    if limit.threshold is None:
        return limit.ratio * baseline, f"{limit.ratio} × baseline"
    return limit.threshold, "tightened threshold" if limit.tightenings else "threshold"


def author_in(state: Evaluations, world: World | None) -> ModelParameter | None:
    """Answer whose author has to be asked for; None when no threshold was written."""
    declared = world.declared if world else None
    return declared.where if declared and declared != state.limit.declared else None


def hear(state: Evaluations, world: World | None, author: str) -> Decision[Evaluations] | None:
    """Compare what people declare with what they declared before; None: no news."""
    if world is None or is_known(state, world):
        return None
    if world.fault:
        return Decision(state.with_limit(fault=world.fault), f"the limit stays: {world.fault}")
    after = state.with_limit(declared=world.declared, ratio=world.ratio, fault="")
    if world.declared == state.limit.declared:
        return Decision(after, unchanged(state, world))
    return declare(after, author)


def unchanged(state: Evaluations, world: World) -> str:
    """Say what is news where the threshold is not."""
    if world.ratio != state.limit.ratio:
        return f"a relative limit is {world.ratio} × baseline"
    return "what is declared can be read again: the limit stays"


def is_known(state: Evaluations, world: World) -> bool:
    """Tell whether the world is as it was when we last looked."""
    limit = state.limit
    if world.fault:
        return world.fault == limit.fault
    return (world.declared, world.ratio, "") == (limit.declared, limit.ratio, limit.fault)


def declare(state: Evaluations, author: str) -> Decision[Evaluations]:
    """Put what people declared in force: only they may loosen a limit without a roll-back."""
    old, declared = state.limit.threshold, state.limit.declared
    new = declared.value if declared else None
    after = state.with_limit(threshold=new, tightenings=())
    if new is None and old is not None:
        event = LimitSet(model=state.model, old=old, new=old, relative=True, actor=author)
        why = f"the limit is {state.limit.ratio} × baseline, no threshold any more"
        return Decision(after, why, events=(event,))
    if new is None or new == old:
        return Decision(after, f"the threshold was written again: {new}")
    event = LimitSet(model=state.model, old=old, new=new, actor=author)
    return Decision(after, f"{author} set the threshold to {new}", events=(event,))


def tighten(state: Evaluations, world: World | None, now: datetime) -> Decision[Evaluations] | None:
    """Let the threshold follow a better champion, once that has baked."""
    stay = state.production
    if world is None or stay is None or not has_baked(stay, world, now):
        return None
    after = state.changed(production=stay.changed(may_tighten=False))
    old, registered = state.limit.threshold, state.versions.get(stay.version)
    new = tightened(old, registered.score, world.gate) if old and registered else None
    if old is None or registered is None or new is None or new == old:
        why = f"v{stay.version} has baked: the limit stays"
        return Decision(after, why, correlation_id=stay.correlation_id)
    step = Tightening(version=stay.version, old=old)
    score = registered.score
    event = LimitTightened(
        model=state.model, old=old, new=new, score=score, version=stay.version, actor=OURSELVES
    )
    return Decision(
        after.with_limit(threshold=new, tightenings=(*state.limit.tightenings, step)),
        f"v{stay.version} scored {score:.4g}: the limit goes from {old:.4g} to {new:.4g}",
        events=(event,),
        correlation_id=stay.correlation_id,
    )


def has_baked(stay: Stay, world: World, now: datetime) -> bool:
    """Tell whether a version that was rolled out has been in production for long enough."""
    return stay.may_tighten and now - stay.since >= timedelta(seconds=world.bake_s)


def tightened(old: float, score: float, gate: Gate) -> float:
    """Answer the threshold after a version with this score: never above `old`, and never under
    ``score·(1 + headroom)`` where it moves at all."""
    floor = score * (1 + gate.headroom)
    return old if floor >= old else max(floor, old - gate.update_rate * (old - floor))


def restore(state: Evaluations, version: int, reason: str) -> Decision[Evaluations] | None:
    """Take back what a version did to the threshold, and whatever was built upon it."""
    steps = state.limit.tightenings
    at = next((i for i, step in enumerate(steps) if step.version == version), None)
    now_in_force = state.limit.threshold
    if at is None or now_in_force is None:
        return None
    event = LimitRestored(
        model=state.model,
        old=now_in_force,
        new=steps[at].old,
        version=version,
        actor=OURSELVES,
        reason=reason,
    )
    return Decision(
        state.with_limit(threshold=steps[at].old, tightenings=steps[:at]),
        f"the limit goes back from {now_in_force:.4g} to {steps[at].old:.4g}",
        events=(event,),
    )

"""What becomes of a run's model: the way of a candidate, as the others tell it.

====================================  ======================================================
heard                                 what follows
====================================  ======================================================
ModelRegistered                       it has a version, and waits for approval
ModelApproved, PromotionApproved,     it is further on its way
EndpointInService(staging)
EndpointInService(production)         it is the champion; older candidates are of no interest
ModelRefused, ModelDeclined,          its run was useless
PromotionDeclined, ApprovalRevoked,
DeploymentFailed, DeploymentRolledBack
DeploymentRolledBack(aged_out)        likewise, unless it is in production or goes there
DeploymentSuperseded                  it gave way to another candidate, also before it has a version
nothing for days, once approved       it is waited for no longer
====================================  ======================================================

With every end the wishes that wait are asked again.
"""

from datetime import datetime

from services.trainer.domain import wishes
from services.trainer.domain.seen import World
from services.trainer.domain.state import Candidate, Standing, Trainings
from shared.contracts import limits
from shared.contracts.lifecycle import DeploymentRolledBack, EndpointInService, ModelRegistered
from shared.contracts.names import Stage
from shared.messaging.decision import Decision, Ignored

Answer = Decision[Trainings] | Ignored
UNHEARD = "nothing was heard of it for days"


def register(state: Trainings, said: ModelRegistered, world: World, now: datetime) -> Answer:
    """The gate let a candidate pass; its end may have been heard before."""
    candidate = state.of_run(said.run_id)
    if candidate is None:
        return Ignored(f"v{said.version} is of {said.run_id}, which is not waited for")
    registered = candidate.changed(version=said.version, standing=Standing.PENDING)
    state = state.with_candidate(registered)
    if state.production is not None and said.version <= state.production:
        return Decision(state.without(registered), f"v{state.production} is in production already")
    if said.version in state.ended:
        return end(state, registered, "its end was heard before", world, now)
    if said.version in state.gave_way:
        return give_way(state, said.version, "it was superseded before", world, now)
    return Decision(state, str(registered))


def refuse(state: Trainings, run_id: str, reason: str, world: World, now: datetime) -> Answer:
    """The gate refused a candidate."""
    candidate = state.of_run(run_id)
    if candidate is None:
        return Ignored(f"{run_id} is not waited for")
    return end(state, candidate, reason, world, now)


def move(state: Trainings, version: int, standing: Standing, now: datetime) -> Answer:
    """A candidate is further on its way; what comes late does not take it back."""
    candidate = state.of_version(version)
    if candidate is None or not standing.is_after(candidate.standing):
        return Ignored(f"v{version} {standing}: that is known, or it is not waited for")
    moved = candidate.changed(standing=standing, since=now)
    return Decision(state.with_candidate(moved), str(moved))


def fall(state: Trainings, version: int, reason: str, world: World, now: datetime) -> Answer:
    """A version will not come into production, or not by itself."""
    candidate = state.of_version(version)
    if candidate is None:
        ended = (*state.ended, version)[-limits.CANDIDATES_REMEMBERED :]
        return Decision(state.changed(ended=ended), f"v{version} is no candidate: {reason}")
    return end(state, candidate, reason, world, now)


def end(
    state: Trainings, candidate: Candidate, reason: str, world: World, now: datetime
) -> Decision[Trainings]:
    """A run was useless."""
    name = candidate.run_id if candidate.version is None else f"v{candidate.version}"
    decision = Decision(
        state.without(candidate).changed(useless=state.useless + 1),
        f"{name} ended without coming into production: {reason}",
    )
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))


def give_way(state: Trainings, version: int, reason: str, world: World, now: datetime) -> Answer:
    """A higher version took a candidate's turn: useless is only what nothing came of."""
    candidate = state.of_version(version)
    if candidate is None:
        gave_way = (*state.gave_way, version)[-limits.CANDIDATES_REMEMBERED :]
        return Decision(state.changed(gave_way=gave_way), f"v{version} is no candidate: {reason}")
    decision = Decision(state.without(candidate), f"v{version} gave way: {reason}")
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))


def let_go(state: Trainings, world: World, now: datetime) -> Decision[Trainings] | None:
    """Wait no longer for a version of which nothing was heard for days.

    Its run counts as useless: where the deployer is silent because it waits, too, no training after
    the other may begin.
    """
    lost = next((one for one in state.candidates if one.is_lost(now)), None)
    if lost is None:
        return None
    return end(state, lost, UNHEARD, world, now)


def serve(state: Trainings, said: EndpointInService, world: World, now: datetime) -> Answer:
    """A version serves, in one stage or the other."""
    if said.came_back:
        return come_back(state, said, world, now)
    if said.stage != Stage.PRODUCTION:
        return move(state, said.version, Standing.STAGED, now)
    waiting = tuple(one for one in state.candidates if (one.version or 0) > said.version)
    judged = tuple(one for one in state.candidates if one.version is None)
    decision = Decision(
        state.changed(production=said.version, useless=0, candidates=(*waiting, *judged)),
        f"v{said.version} is the champion",
    )
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))


def come_back(state: Trainings, said: EndpointInService, world: World, now: datetime) -> Answer:
    """A version came back; that the one in its place has ended is said apart.

    In production it may be a candidate, whose first arrival there was never heard: of two facts
    about one endpoint only the later counts.
    """
    why = f"v{said.version} is back in {said.stage}"
    if said.stage != Stage.PRODUCTION:
        return Ignored(why)
    arrived = state.of_version(said.version)
    state = state.without(arrived) if arrived else state
    decision = Decision(state.changed(production=said.version), why)
    return decision.and_then(lambda after: wishes.consider_again(after, world, now))


def roll_back(state: Trainings, said: DeploymentRolledBack, world: World, now: datetime) -> Answer:
    """A version was taken away; from staging perhaps only because its time there was over."""
    if said.aged_out and is_through(state, said.version):
        return Ignored(f"v{said.version} is needed in staging no longer: {said.reason}")
    if said.stage == Stage.PRODUCTION and state.production == said.version:
        state = state.changed(production=said.back_to)
    return fall(state, said.version, said.reason, world, now)


def is_through(state: Trainings, version: int) -> bool:
    """Tell whether a version has come through staging: it is in production, or goes there."""
    candidate = state.of_version(version)
    if candidate:
        return candidate.standing is Standing.TO_PRODUCTION
    return state.production is not None and version <= state.production

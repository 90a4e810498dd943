"""Liveness: what must have happened once faults have stopped and time has passed.

====  ==========================================================================================
L1    every record reaches the feature store, or is told to be quarantined
L2    every training has ended, and every candidate with it
S7    every person's wish for a training was followed by one, or is remembered
L3    every approval has ended: it serves, or was told to have failed, or waits for a person
L4    every dead letter got a decision with a name
L5    no degradation is met with silence
L6    every todo is empty, and no message waits
L7    no version outlives its time to live in staging, unless something waits
S8    what serves is what we left there, or automation has stopped and a person was told
S1    what was revoked is gone
====  ==========================================================================================
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.deployer.domain.seen import Verdict
from services.deployer.domain.state import Deployments, OfStage
from services.trainer.domain.state import Trainings
from shared.contracts import limits, names
from shared.contracts.names import Stage
from tests.simulation.clock import DAY_S, HOUR_S
from tests.simulation.streams import RECORDS_MAX, START_S
from tests.simulation.violation import expect
from tests.simulation.world import BY_HAND

SKEW = timedelta(days=1)  # more than clocks differ
ANSWERS = frozenset(
    {
        "AccuracyRecovered",
        "TrainingStarted",
        "TrainingSuppressed",
        "EndpointInService",
        "DeploymentRolledBack",
        "DeploymentFailed",
    }
)

if TYPE_CHECKING:
    from tests.simulation.world import World


def check(world: "World") -> None:
    """Look at the world as it is in the end; raises Violation."""
    for dead in world.network.dead:
        expect(dead.reason is not None, "L4", f"{dead.message.name} lies in the dead letters")
    for service, table in world.tables.items():
        expect(not world.network.waiting[service], "L6", f"messages wait for {service}")
        for key, kept in table.items.items():
            left = [item.kind for item in kept.todo]
            expect(not left, "L6", f"{service} {key} has still to do {left}")
    if world.has_data:
        records(world)
    for model in world.declared.models():
        degradations(world, model)
        trainings(world, world.tables["trainer"].kept(model).state)
        deployments = world.tables["deployer"].kept(model).state
        for stage in Stage:
            deployed(world, deployments, stage)
        aged(world, deployments)


def records(world: "World") -> None:
    """Every record is where it should be, online and offline."""
    streams = world.streams
    latest = max(streams.offline, default=0)  # what is older is online only where a model reads it
    for start, sent in sorted(streams.sent.items()):
        hour = (start - START_S) // HOUR_S
        told = sum(
            2**index for index in range(RECORDS_MAX) if f"{hour}-{index}" in world.facts.quarantined
        )
        there = streams.offline.get(start)
        missing = sent & ~(int(there.total) if there else 0) & ~told
        expect(not missing, "L1", f"hour {hour}: of {sent:b} {missing:b} are nowhere")
        online = streams.online.get(datetime.fromtimestamp(start, UTC))
        same = there is None or online is not None and online.total == float(there.total)
        read = start > latest - limits.WINDOW_CONTEXT_DAYS_MIN * DAY_S
        expect(same or not read, "L1", f"hour {hour}: {online} is online, {there} offline")


def degradations(world: "World", model: str) -> None:
    """Whoever hears of a degradation does something about it, or says why not."""
    said = [name for of_model, name in world.facts.spoken if of_model == model]
    for at, name in enumerate(said):
        if name == "AccuracyDegraded":
            met = ANSWERS & set(said[at:])
            expect(bool(met), "L5", f"{model}: nobody answers its degradation")


def trainings(world: "World", state: Trainings) -> None:
    """Every training has ended, and what became of it is known."""
    expect(state.run is None, "L2", f"{state.model}: a run has not ended: {state.run}")
    wishes(world, state)
    stuck = [str(one) for one in state.candidates]
    frozen = world.declared.specs[state.model].frozen
    stopped = any(
        of_stage.stopped
        for of_stage in world.tables["deployer"].kept(state.model).state.stages.values()
    )
    expect(frozen or stopped or not stuck, "L2", f"{state.model}: nothing becomes of {stuck}")
    for model, version in sorted(world.watch.given_up - world.facts.ends):
        waits = model != state.model or frozen or stopped
        expect(waits, "L2", f"{model}: v{version} is given up, and nobody ever said its end")


def wishes(world: "World", state: Trainings) -> None:
    """No wish of a person was dropped."""
    began = [run.began_s for run in world.training.runs.values() if run.model == state.model]
    for model, said_s in world.people.wished:
        if model == state.model and state.remembered is None:
            # it is trained for as soon as it is said, or the run it waited for came later
            followed = any(at >= said_s for at in began)
            expect(followed, "S7", f"{model}: the wish of {said_s} s was dropped")


def deployed(world: "World", state: Deployments, stage: Stage) -> None:
    """What serves is what should."""
    of_stage = state.stages[stage]
    name = names.endpoint("dev", state.model, stage)
    endpoint = world.hosting.endpoints.get(name)
    frozen = world.declared.specs[state.model].frozen
    if of_stage.stopped:
        return
    expect(of_stage.rollout is None, "L3", f"{name}: {of_stage.rollout} has not ended")
    expect(frozen or of_stage.waiting is None, "L3", f"{name}: v{of_stage.waiting} still waits")
    serves = endpoint.config if endpoint else None
    expected = of_stage.live.config if of_stage.live else None
    is_theirs = expected is None and serves == BY_HAND  # what people put there is not ours to take
    expect(serves == expected or is_theirs, "S8", f"{name} serves {serves}, expected is {expected}")
    expect(endpoint is None or endpoint.is_settled, "S8", f"{name} is {endpoint}")
    revoked(world, state, stage, of_stage)


def revoked(world: "World", state: Deployments, stage: Stage, of_stage: OfStage) -> None:
    """What people took back does not serve."""
    if of_stage.live is None:
        return
    package = world.registry.package(world.arn(state.model, of_stage.live.version))
    said = (
        {package.approval, package.production if stage is Stage.PRODUCTION else None}
        if package
        else set()
    )
    gone = Verdict.DECLINED not in said
    expect(gone, "S1", f"v{of_stage.live.version} was revoked and serves in {stage}")


def aged(world: "World", state: Deployments) -> None:
    """What nobody waits for does not stand in staging for ever."""
    staging = state.stages[Stage.STAGING]
    live = staging.live
    if live is None or staging.stopped or staging.waiting is not None:
        return
    package = world.registry.package(world.arn(state.model, live.version))
    waits = package is not None and package.production is Verdict.PENDING
    production = state.stages[Stage.PRODUCTION]
    goes = live.version in (production.waiting, production.rollout and production.rollout.version)
    age = world.agenda.now - live.since
    allowed = world.declared.specs[state.model].deployment.staging_ttl + SKEW
    name = f"{state.model}: v{live.version}"
    expect(waits or goes or age < allowed, "L7", f"{name} stands in staging for {age}")
